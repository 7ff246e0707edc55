/** What npm would publish, used as a stranger uses it: by its doors, from Node and from TypeScript. @module */
import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, string | { types: string; default: string }>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const TSC = join(ROOT, "node_modules/typescript/bin/tsc");
const MANIFEST: Manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
const DOORS = Object.entries(MANIFEST.exports).flatMap(([path, door]) =>
  typeof door === "string" ? [] : [{ specifier: MANIFEST.name + path.slice(1), ...door }],
);

/** Output of a command that must succeed; its own words when it does not. */
function outputOf(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (status !== 0) {
    throw new Error(`${command} ${args.join(" ")} failed: ${error ?? ""}${stdout}${stderr}`);
  }
  return stdout;
}

describe("the published package", () => {
  const folder = mkdtempSync(join(tmpdir(), "legate-consumer-"));
  const consumer = join(folder, "consumer");
  const installed = join(consumer, "node_modules", MANIFEST.name);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Makes a link to a package that this project has installed. */
  function lend(name: string): void {
    const link = join(consumer, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(ROOT, "node_modules", name), link, "dir");
  }

  beforeAll(() => {
    const staging = join(folder, "staging");
    mkdirSync(staging);
    for (const name of ["package.json", "README.md", "LICENSE", "CHANGELOG.md"]) {
      cpSync(join(ROOT, name), join(staging, name));
    }
    outputOf(
      process.execPath,
      [TSC, "-p", join(ROOT, "tsconfig.build.json"), "--outDir", join(staging, "dist")],
      ROOT,
    );
    outputOf("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], staging);
    const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? "";
    mkdirSync(installed, { recursive: true });
    outputOf(
      "tar",
      ["-xzf", join(folder, tarball), "--strip-components=1", "-C", installed],
      folder,
    );
    for (const name of Object.keys(MANIFEST.dependencies)) lend(name);
    for (const name of ["@types/node", "undici-types"]) lend(name);
    writeFileSync(join(consumer, "package.json"), '{ "type": "module", "private": true }');
  }, 300_000);

  test("holds its build and its papers, and nothing else", () => {
    const names = readdirSync(installed).sort();
    expect(names).toEqual(["CHANGELOG.md", "LICENSE", "README.md", "dist", "package.json"]);
  });

  test.each(DOORS)("opens $specifier", ({ specifier, types, default: code }) => {
    expect([types, code].filter((file) => !existsSync(join(installed, file)))).toEqual([]);
    const program = `import * as door from "${specifier}"; console.log(Object.keys(door).length);`;
    const names = outputOf(process.execPath, ["--input-type=module", "-e", program], consumer);
    expect(Number(names)).toBeGreaterThan(0);
  });

  test("opens no other door", () => {
    const program = `await import("${MANIFEST.name}/dist/index.js");`;
    const run = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
      cwd: consumer,
      encoding: "utf8",
    });
    expect(run.stderr).toContain("ERR_PACKAGE_PATH_NOT_EXPORTED");
  });

  test("compiles in a strict TypeScript consumer that checks declarations too", () => {
    const imports = DOORS.map(({ specifier }, n) => `import * as door${n} from "${specifier}";`);
    const uses = DOORS.map((_, n) => `door${n}`).join(", ");
    writeFileSync(
      join(consumer, "index.ts"),
      `${imports.join("\n")}\nexport const doors: readonly object[] = [${uses}];\n`,
    );
    const options = ["--strict", "--module", "NodeNext", "--target", "ES2022", "--types", "node"];
    const compile = (...more: readonly string[]) =>
      outputOf(process.execPath, [TSC, ...options, ...more, "--noEmit", "index.ts"], consumer);
    expect(compile()).toBe("");
    // Declarations of xstate itself do not pass under this option; ours are compiled with it in the build.
    expect(compile("--exactOptionalPropertyTypes", "--skipLibCheck")).toBe("");
  });

  test.each(Object.entries(MANIFEST.bin))("has the command %s", (_name, path) => {
    const command = join(installed, path);
    expect(readFileSync(command, "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
    const help = execFileSync(process.execPath, [command, "--help"], { encoding: "utf8" });
    expect(help).toMatch(/usage/i);
  });

  test("carries nothing but JavaScript and declarations", () => {
    const strange = readdirSync(join(installed, "dist"), { recursive: true, encoding: "utf8" })
      .filter((name) => statSync(join(installed, "dist", name)).isFile())
      .filter((name) => !/\.(?:js|d\.ts|json)$/.test(name));
    expect(strange).toEqual([]);
  });
});
