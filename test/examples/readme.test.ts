/** What the README shows is what there is: snippets, output, command lines, links. @module */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { EXIT } from "../../src/cli/exit.js";
import { type Built, buildCommand, ROOT, valuesIn } from "../cli/command.js";

vi.setConfig({ testTimeout: 120_000 });

const README = readFileSync(join(ROOT, "README.md"), "utf8");

/** Fenced blocks by what stands behind the three ticks. */
const BLOCKS = [...README.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map(
  ([, info = "", text = ""]) => ({ info, text }),
);

function blockOf(info: string): string {
  const block = BLOCKS.find((one) => one.info === info);
  if (block === undefined) throw new Error(`README has no block ${info}`);
  return block.text;
}

let command: Built;
beforeAll(() => {
  command = buildCommand();
}, 300_000);
afterAll(() => command.remove());

describe("README", () => {
  test("begins with the two commands that a fresh clone needs", () => {
    const [first, second] = README.split("\n");
    expect(first).toMatch(/^ {4}npm start( |$)/);
    expect(second).toMatch(/^ {4}npm test( |$)/);
  });

  test("shows code that stands in an example, word for word", () => {
    const snippets = BLOCKS.filter(({ info }) => info.startsWith("ts"));
    expect(snippets.length).toBeGreaterThan(0);
    for (const { info, text } of snippets) {
      const [, file = "", region = ""] = /^ts (\S+)#(\S+)$/.exec(info) ?? [];
      const source = readFileSync(join(ROOT, file), "utf8");
      const [, shown] = source.split(new RegExp(`^// #(?:end)?region ${region}\\n`, "m"));
      expect(text).toBe(shown);
    }
  });

  test("gives a newcomer a hop in fewer than 20 lines", () => {
    const lines = blockOf("ts examples/01-hello-chain.ts#hello").trimEnd().split("\n");
    expect(lines.length).toBeLessThan(20);
  });

  test("shows lines that the demonstration prints, in its order", async () => {
    const { stdout } = await command.run(["demo", "--fast"]);
    const printed = stdout.split("\n").map(withoutNumbers);
    let at = -1;
    for (const line of blockOf("text demo").trimEnd().split("\n").map(withoutNumbers)) {
      at = printed.indexOf(line, at + 1);
      expect([line, at >= 0]).toEqual([line, true]);
    }
  });

  test("shows command lines that run, and end as it says", async () => {
    const cwd = mkdtempSync(join(command.folder, "shell-"));
    mkdirSync(join(cwd, "test"));
    symlinkSync(join(ROOT, "test", "vectors"), join(cwd, "test", "vectors"));
    const names = new Map<string, string>();
    const env: Record<string, string> = {};
    let ran = 0;
    for (const line of blockOf("sh").trimEnd().split("\n")) {
      const { words, exit } = parsed(line);
      const [first = "", second = ""] = words;
      if (first === "alias") continue;
      if (first === "export") {
        const [name = "", value = ""] = second.split("=");
        env[name] = value;
        continue;
      }
      expect(first).toBe("legate");
      const args = words.slice(1).map((word) => names.get(word) ?? word);
      const run = await command.run(args, { cwd, env });
      expect([line, run.status, run.stderr.startsWith("legate:")]).toEqual([line, exit, false]);
      ran += 1;
      if (second === "demo") for (const [name, id] of await idsIn(cwd, env)) names.set(name, id);
    }
    expect(ran).toBeGreaterThan(8);
  });

  test("names scripts that there are", () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    const named = [...README.matchAll(/npm (?:run )?([a-z]+)/g)].map(([, name = ""]) => name);
    expect(named).toEqual(expect.arrayContaining(["start", "test", "examples", "bench"]));
    for (const name of named) expect([name, typeof scripts[name]]).toEqual([name, "string"]);
  });

  test("lists the exit codes of the command", () => {
    const [, table = ""] = README.split("| exit code | |");
    const listed = [...table.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code));
    expect(listed.slice(0, 8)).toEqual(Object.values(EXIT));
  });

  test("links to files that there are", () => {
    const links = [...README.matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(([, path = ""]) => path);
    expect(links.length).toBeGreaterThan(8);
    for (const link of links) {
      if (link.startsWith("https://")) continue;
      expect([link, existsSync(join(ROOT, link))]).toEqual([link, true]);
    }
  });

  /** The tree of the demonstration, and the hop of its reader. */
  async function idsIn(cwd: string, env: Record<string, string>): Promise<[string, string][]> {
    const trees = await command.run(["tree", "--json"], { cwd, env });
    const tree = String(valuesIn(trees.stdout)[0]?.tree);
    const hops = await command.run(["tree", tree, "--json"], { cwd, env });
    const reader = valuesIn(hops.stdout).find(({ agent }) => agent === "reader");
    return [
      ["TREE", tree],
      ["HOP", String(reader?.hop)],
    ];
  }
});

/** Ours by its name; and the SDK of MCP, with what it takes its schemas from, which whoever has such a server has already. */
const A_STRANGERS = /^(?:node:|legate(?:\/|$)|@modelcontextprotocol\/sdk\/|zod$)/;

describe("every example", () => {
  test("imports the package by its name alone, as a stranger would", () => {
    const files = readdirSync(join(ROOT, "examples")).filter((name) => name.endsWith(".ts"));
    expect(files.length).toBeGreaterThan(6);
    for (const file of files) {
      const source = readFileSync(join(ROOT, "examples", file), "utf8");
      const imports = [...source.matchAll(/from "([^"]+)"/g)].map(([, name = ""]) => name);
      expect([file, imports.filter((name) => !A_STRANGERS.test(name))]).toEqual([file, []]);
    }
  });
});

/** Counts and times differ from run to run. */
function withoutNumbers(line: string): string {
  return line.replace(/\d[\d,]*/g, "N");
}

/** The words of a shell line, and the exit code that its comment promises. */
function parsed(line: string): { words: string[]; exit: number } {
  const [text = "", comment = ""] = line.split(/\s+# ?/);
  const words = [...text.matchAll(/'([^']*)'|"([^"]*)"|([^\s"']+(?:="[^"]*")?)/g)].map(
    ([, single, double, plain]) => single ?? double ?? plain ?? "",
  );
  return { words, exit: Number(/^exit (\d+)$/.exec(comment)?.[1] ?? 0) };
}
