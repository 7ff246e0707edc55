/** The scripts in use are the ones in the source, and parts are put together in order, each once. @module */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SCRIPTS } from "../../src/redis/scripts.generated.js";

const GENERATOR = fileURLToPath(
  new URL("../../scripts/generate-redis-scripts.mjs", import.meta.url),
);
const generate = (...words: string[]) =>
  spawnSync(process.execPath, [GENERATOR, ...words], { encoding: "utf8" });

test("the generated scripts are what the source says", () => {
  expect(generate("--check")).toMatchObject({ status: 0, stdout: "" });
});

test.each(Object.values(SCRIPTS).map((script) => [script.name, script] as const))(
  "%s is called by its own digest, and has no comment but its name",
  (name, { sha1, text, version }) => {
    expect(createHash("sha1").update(text).digest("hex")).toBe(sha1);
    const [head, ...lines] = text.split("\n");
    expect(head).toBe(`-- legate:${name}:${version}`);
    expect(lines.filter((line) => /^--(?!\[)/.test(line))).toEqual([]);
  },
);

describe("parts", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "scripts-"));
  });
  afterEach(() => rmSync(root, { recursive: true }));
  const write = (parts: Record<string, string>) => {
    for (const [name, text] of Object.entries(parts)) {
      const path = join(root, "src", "redis", "lua", `${name}.lua`);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
  };
  const made = () => readFileSync(join(root, "src", "redis", "scripts.generated.ts"), "utf8");

  test("stand in front of what needs them, each once", () => {
    write({
      "lib/a": "local a = 1\n",
      "lib/b": "--- @include lib/a\nlocal b = a\n",
      go: "--- @include lib/b\n--- @include lib/a\n--- @version 3\n-- said\nreturn b\n",
    });
    expect(generate(root)).toMatchObject({ status: 0 });
    expect(made()).toContain('["lib/a", "lib/b", "go"]');
    expect(made()).toMatch(/go: script\("go", 3, "[0-9a-f]{40}"/);
    expect(made()).not.toContain("said");
  });

  test("are written as they are, whatever stands in them", () => {
    const text = ["return '\\n`$", "{x}`'"].join("");
    write({ go: `${text}\n` });
    expect(generate(root)).toMatchObject({ status: 0 });
    const written = ["return '\\\\n\\`\\$", "{x}\\`'\\n"].join("");
    expect(made()).toContain(written);
  });

  test.each([
    ["in a circle", { "lib/a": "--- @include lib/b\n", "lib/b": "--- @include lib/a\n" }],
    ["of itself", { "lib/a": "--- @include lib/a\n" }],
    ["that is not there", { "lib/a": "--- @include lib/none\n" }],
    ["without a name", { "lib/a": "--- @include\n" }],
  ])("are refused when one is included %s", (_how, parts) => {
    write({ ...parts, go: "--- @include lib/a\n" });
    expect(generate(root)).toMatchObject({ status: 2 });
  });

  test("that drifted are told, and nothing is written", () => {
    write({ go: "return 1\n" });
    generate(root);
    const before = made();
    write({ go: "return 2\n" });
    expect(generate("--check", root)).toMatchObject({ status: 1 });
    expect(made()).toBe(before);
  });
});
