/** The file of results: what `npm run bench` writes, and the marked parts that other programs keep behind it. @module */
import { existsSync, readFileSync, writeFileSync } from "node:fs";

/** From the compiled file in `scratch/bench/benchmarks`. */
const RESULTS = new URL("../../../benchmarks/RESULTS.md", import.meta.url);
const PART = /<!-- ([\w-]+):begin -->[\s\S]*?<!-- \1:end -->/g;

/** Writes everything that is not marked; the marked parts stay, behind it. */
export function writeMain(text: string): void {
  const parts = read().match(PART) ?? [];
  writeFileSync(RESULTS, `${[text.trimEnd(), ...parts].join("\n\n")}\n`);
}

/** Writes one marked part where it stands, or at the end; everything else stays. */
export function writePart(name: string, text: string): void {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const part = `${begin}\n\n${text.trimEnd()}\n\n${end}`;
  const [before = "", rest] = read().split(begin);
  const after = rest?.split(end)[1];
  writeFileSync(
    RESULTS,
    after === undefined ? `${before.trimEnd()}\n\n${part}\n` : `${before}${part}${after}`,
  );
}

function read(): string {
  return existsSync(RESULTS) ? readFileSync(RESULTS, "utf8") : "";
}
