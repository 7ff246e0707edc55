/** Nothing that is derived from the machines has drifted, and the generator touches only its own. @module */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { generate, tablesSource, withDiagrams } from "../../scripts/generate-lifecycle.js";
import { toMermaid } from "../../src/lifecycle/mermaid.js";
import { PAIRS } from "./machines.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

describe("what is committed", () => {
  test("equals what the machines give now: the tables and the diagrams of src/README.md", () => {
    expect(generate(ROOT, true)).toEqual([]);
  });

  test.each(PAIRS)("shows the $name as its table has it", ({ table }) => {
    const readme = readFileSync(join(ROOT, "src", "README.md"), "utf8");
    expect(readme).toContain(`\`\`\`mermaid\n${toMermaid(table)}\n\`\`\``);
  });
});

describe("the generator", () => {
  let root: string;
  let readme: string;
  let tables: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "legate-lifecycle-"));
    mkdirSync(join(root, "src", "lifecycle"), { recursive: true });
    readme = join(root, "src", "README.md");
    tables = join(root, "src", "lifecycle", "table.generated.ts");
  });
  afterEach(() => rmSync(root, { recursive: true }));

  test("writes what is missing, then finds nothing to do", () => {
    expect(generate(root, false)).toEqual([
      join("src", "lifecycle", "table.generated.ts"),
      join("src", "README.md"),
    ]);
    expect(generate(root, false)).toEqual([]);
    expect(generate(root, true)).toEqual([]);
    expect(readFileSync(tables, "utf8")).toBe(tablesSource());
  });

  test("only tells of drift when asked to check", () => {
    generate(root, false);
    const drifted = readFileSync(tables, "utf8").replace("revoke", "keep");
    writeFileSync(tables, drifted);
    expect(generate(root, true)).toEqual([join("src", "lifecycle", "table.generated.ts")]);
    expect(readFileSync(tables, "utf8")).toBe(drifted);
  });

  test("finds an arrow that somebody drew by hand", () => {
    generate(root, false);
    const drawn = readFileSync(readme, "utf8").replace(
      "revoked --> [*]",
      "revoked --> active: revive",
    );
    writeFileSync(readme, drawn);
    expect(generate(root, true)).toEqual([join("src", "README.md")]);
  });

  test("replaces only what stands between its markers", () => {
    const before = "# Inside\n\n<!-- lifecycle:begin -->\nold\n<!-- lifecycle:end -->\n\nafter\n";
    const written = withDiagrams(before);
    expect(written.startsWith("# Inside\n\n<!-- lifecycle:begin -->\n")).toBe(true);
    expect(written.endsWith("<!-- lifecycle:end -->\n\nafter\n")).toBe(true);
    expect(written).not.toContain("old");
    expect(withDiagrams(written)).toBe(written);
  });

  test("appends its section to a page that lacks the markers", () => {
    const written = withDiagrams("# Inside\n\ntext\n");
    expect(written.startsWith("# Inside\n\ntext\n\n## The state machines\n\n<!--")).toBe(true);
    expect(withDiagrams(written)).toBe(written);
  });
});
