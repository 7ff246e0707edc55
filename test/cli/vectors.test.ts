import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type Built, buildCommand, ROOT, valuesIn } from "./command.js";

vi.setConfig({ testTimeout: 120_000 });

const VECTORS = join(ROOT, "test", "vectors");
let command: Built;
beforeAll(() => {
  command = buildCommand();
}, 300_000);
afterAll(() => command.remove());

/** A file of the test's own. */
function written(name: string, content: unknown): string {
  const path = join(command.folder, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

describe("legate vectors", () => {
  test("agrees with every case of every file", async () => {
    const { status, stdout } = await command.run(["vectors", VECTORS, "--json"]);
    const results = valuesIn(stdout);
    expect(results.filter(({ agree }) => agree !== true)).toEqual([]);
    const cases = readdirSync(VECTORS).flatMap((name) => {
      const { vectors } = JSON.parse(readFileSync(join(VECTORS, name), "utf8"));
      return vectors.map((vector: { name: string }) => `${name} ${vector.name}`);
    });
    expect(results.map(({ file, name }) => `${file} ${name}`).sort()).toEqual(cases.sort());
    expect(status).toBe(0);
  });

  test("prints each case with what was expected and what was observed", async () => {
    const file = join(VECTORS, "attenuating-agent-token.json");
    const { status, stdout, stderr } = await command.run(["vectors", file]);
    expect(status).toBe(0);
    expect(stdout).toContain(
      "agree   reject_extra_tool  expected deny → observed deny (grant_exceeds_parent)",
    );
    expect(stderr).toMatch(/^\d+ cases agree, 0 cases differ\n$/);
  });

  test("ends with 3 and names the case when one differs", async () => {
    const file = JSON.parse(readFileSync(join(VECTORS, "agent-delegation.json"), "utf8"));
    const [first] = file.vectors;
    first.expect = "expired";
    const { status, stdout, stderr } = await command.run([
      "vectors",
      written("differs.json", file),
    ]);
    expect(status).toBe(3);
    expect(stdout).toContain(`DIFFER  ${first.name}  expected expired → observed accept`);
    expect(stderr).toContain("1 case differs");
  });

  test("tells of a file that it cannot read after the cases of the others, and ends with 2", async () => {
    const paths = [
      written("unknown.json", { profile: "biscuit", vectors: [] }),
      join(VECTORS, "status-list.json"),
      written("broken.json", "{"),
    ];
    const { status, stdout, stderr } = await command.run(["vectors", ...paths]);
    expect(status).toBe(2);
    expect(stdout).toContain("agree   list_1bit_16");
    expect(stderr).toMatch(/not a vector file: \S*unknown.json \(see profile\)/);
    expect(stderr).toMatch(/not JSON: \S*broken.json/);
  });

  test("runs a case about what a strict reader of the file would not let pass", async () => {
    const file = readFileSync(join(VECTORS, "attenuating-agent-token.json"), "utf8");
    const { vectors, ...rest } = JSON.parse(file);
    const one = JSON.stringify({ ...rest, vectors: [{ ...vectors[0], expect: "deny" }] });
    const unsafe = one.replace('"path":"/data/q3-report.pdf"', '"path":9007199254740992');
    const { status, stdout } = await command.run(["vectors", written("unsafe.json", unsafe)]);
    expect(stdout).toContain("observed deny (invalid_request)");
    expect(status).toBe(0);
  });

  test.each([
    ["a file that there is not", () => "nothing.json", 4],
    ["a file that is no JSON", () => written("text.json", "no"), 2],
    ["a file that is JSON of another kind", () => written("other.json", { vectors: [] }), 2],
    ["a file without cases", () => written("empty.json", { profile: "legate", vectors: [] }), 2],
  ])("refuses %s", async (_what, path, exit) => {
    const { status, stderr } = await command.run(["vectors", path()]);
    expect(status).toBe(exit);
    expect(stderr).toContain("legate: ");
  });
});
