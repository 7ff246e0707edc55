/** The floors of the house, and proof that each of their rules bites. @module */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cruise, type IConfiguration, type ICruiseResult } from "dependency-cruiser";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const CONFIGURATION: IConfiguration = createRequire(import.meta.url)("../.dependency-cruiser.cjs");

/** Files longer than this are split; the ones listed may reach {@link LINES_LISTED_MAX}, each with its reason. */
const LINES_MAX = 250;
const LINES_LISTED_MAX = 300;
const LONG_FILES: Readonly<Record<string, string>> = {};

/** Cruises `src` under `baseDir` with the project's own rules. */
async function graphOf(baseDir: string): Promise<ICruiseResult> {
  const { output } = await cruise(
    ["src"],
    {
      ...CONFIGURATION.options,
      baseDir,
      validate: true,
      ruleSet: { forbidden: CONFIGURATION.forbidden ?? [] },
    },
    CONFIGURATION.options?.enhancedResolveOptions,
  );
  if (typeof output === "string") throw new Error("expected a result, not a report");
  return output;
}

function violationsOf(graph: ICruiseResult): string[] {
  return graph.summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`);
}

/** Modules that are loaded when `start` is: what is imported for its types alone is not. */
function loadedFrom(graph: ICruiseResult, start: string): Set<string> {
  const modules = new Map(graph.modules.map((module) => [module.source, module]));
  const loaded = new Set<string>();
  const waiting = [start];
  for (let source = waiting.pop(); source !== undefined; source = waiting.pop()) {
    if (loaded.has(source)) continue;
    loaded.add(source);
    for (const dependency of modules.get(source)?.dependencies ?? []) {
      if (!dependency.dependencyTypes.includes("type-only")) waiting.push(dependency.resolved);
    }
  }
  return loaded;
}

const packageOf = (path: string) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1];

describe("the house", () => {
  let graph: ICruiseResult;
  beforeAll(async () => {
    graph = await graphOf(ROOT);
  });

  test("keeps its floors", () => {
    expect(violationsOf(graph)).toEqual([]);
    expect(graph.summary.totalCruised).toBeGreaterThan(0);
  });

  test("has a front door that loads nothing but jose and zod", () => {
    const loaded = loadedFrom(graph, "src/index.ts");
    const libraries = [...loaded].map(packageOf).filter((name) => name !== undefined);
    expect(libraries.filter((name) => name !== "jose" && name !== "zod")).toEqual([]);
    expect(loaded.size).toBeGreaterThan(1);
  });

  test(`has no source file over ${LINES_MAX} lines`, () => {
    const long = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .filter((name) => {
        const lines = readFileSync(join(ROOT, "src", name), "utf8").split("\n").length - 1;
        return lines > (name in LONG_FILES ? LINES_LISTED_MAX : LINES_MAX);
      });
    expect(long).toEqual([]);
  });
});

type Tree = Readonly<Record<string, string>>;

/** Floor by floor, each room with one that it must not import. */
const TRESPASSES: readonly [room: string, forbidden: string][] = [
  ["base", "wire"],
  ["wire", "grant"],
  ["grant", "lifecycle"],
  ["lifecycle", "grant"],
  ["token", "chain"],
  ["chain", "policy"],
  ["policy", "audit"],
  ["audit", "policy"],
  ["coordinator", "guard"],
  ["guard", "coordinator"],
  ["memory", "redis"],
  ["redis", "memory"],
  ["carry", "memory"],
  ["http", "mcp"],
  ["mcp", "http"],
  ["agents", "mcp"],
  ["cli", "console"],
  ["console", "cli"],
];

/** Each library with a room that must not use it. */
const STRAY_LIBRARIES: readonly [rule: string, room: string, specifier: string][] = [
  ["library-zod", "grant", "zod"],
  ["library-jose", "chain", "jose"],
  ["library-xstate", "coordinator", "xstate"],
  ["library-cedar-policy", "guard", "@cedar-policy/cedar-wasm"],
  ["library-ioredis", "memory", "ioredis"],
  ["library-hono", "mcp", "hono"],
  ["library-hono", "mcp", "@hono/node-server"],
  ["library-prom-client", "guard", "prom-client"],
  ["library-modelcontextprotocol", "http", "@modelcontextprotocol/sdk"],
  ["library-commander", "console", "commander"],
  ["library-pino", "memory", "pino"],
  ["library-preact", "cli", "preact"],
  ["library-unknown", "base", "left-pad"],
];

describe("the rules", () => {
  const folder = mkdtempSync(join(tmpdir(), "legate-floors-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Names of the rules that a small tree breaks. */
  async function brokenBy(tree: Tree): Promise<string[]> {
    const house = mkdtempSync(join(folder, "house-"));
    for (const [path, text] of Object.entries(tree)) {
      mkdirSync(dirname(join(house, path)), { recursive: true });
      writeFileSync(join(house, path), text);
    }
    const graph = await graphOf(house);
    return [...new Set(graph.summary.violations.map(({ rule }) => rule.name))].sort();
  }

  /** A library as it stands in `node_modules`, without its code. */
  const installed = (name: string): Tree => ({
    [`node_modules/${name}/package.json`]: JSON.stringify({ name, type: "module", main: "m.js" }),
    [`node_modules/${name}/m.js`]: "export const it = 1;",
  });

  const THING = "export const it = 1;";

  test("let a room import from below, with a library of its own", async () => {
    const tree = {
      ...installed("jose"),
      "src/base/one.ts": THING,
      "src/token/two.ts":
        'import "node:crypto"; import "jose"; import { it } from "../base/one.js"; export const two = it;',
      "src/index.ts": 'export { two } from "./token/two.js";',
    };
    expect(await brokenBy(tree)).toEqual([]);
  });

  test.each(TRESPASSES)("stop %s from importing %s", async (room, forbidden) => {
    const tree = {
      [`src/${forbidden}/one.ts`]: THING,
      [`src/${room}/two.ts`]: `export { it } from "../${forbidden}/one.js";`,
    };
    expect(await brokenBy(tree)).toEqual([`floor-${room}`]);
  });

  test("stop an import from above that is for a type alone", async () => {
    const tree = {
      "src/chain/one.ts": "export type It = 1;",
      "src/base/two.ts": 'import type { It } from "../chain/one.js"; export const two: It = 1;',
    };
    expect(await brokenBy(tree)).toEqual(["floor-base"]);
  });

  test("stop a room from importing the front door", async () => {
    const tree = { "src/index.ts": THING, "src/cli/two.ts": 'export { it } from "../index.js";' };
    expect(await brokenBy(tree)).toEqual(["floor-cli", "index-from-inside"]);
  });

  test("stop a room from importing another room's door", async () => {
    const tree = {
      "src/guard/index.ts": THING,
      "src/memory/two.ts": 'export { it } from "../guard/index.js";',
    };
    expect(await brokenBy(tree)).toEqual(["index-from-inside"]);
  });

  test("know a door from a file that is about an index", async () => {
    const tree = {
      "src/guard/revocation-index.ts": THING,
      "src/memory/two.ts": 'export { it } from "../guard/revocation-index.js";',
    };
    expect(await brokenBy(tree)).toEqual([]);
  });

  test("stop two files from importing each other, were it for types alone", async () => {
    const tree = {
      "src/grant/one.ts": 'import type { Two } from "./two.js"; export type One = Two | 1;',
      "src/grant/two.ts": 'import type { One } from "./one.js"; export type Two = One | 2;',
    };
    expect(await brokenBy(tree)).toEqual(["circle"]);
  });

  test.each(STRAY_LIBRARIES)("break %s when %s imports %s", async (rule, room, specifier) => {
    const tree = { ...installed(specifier), [`src/${room}/one.ts`]: `import "${specifier}";` };
    expect(await brokenBy(tree)).toEqual([rule]);
  });

  test.each([
    ["io", "guard", 'import "node:fs/promises";'],
    ["io", "coordinator", 'import { connect } from "node:net"; connect(1);'],
    ["io", "chain", 'import { Worker } from "node:worker_threads"; new Worker("");'],
    ["io", "audit", 'import { spawn } from "child_process"; spawn("");'],
    ["crypto", "chain", 'import { sign } from "node:crypto"; sign(null, "", "");'],
  ])("break %s when %s runs %s", async (rule, room, text) => {
    expect(await brokenBy({ [`src/${room}/one.ts`]: text })).toEqual([rule]);
  });

  test("let any room name the type of a key", async () => {
    const text = 'import type { KeyObject } from "node:crypto"; export type Key = KeyObject;';
    expect(await brokenBy({ "src/chain/one.ts": text })).toEqual([]);
  });

  test("stop a file that lives in no room", async () => {
    const tree = {
      "src/base/one.ts": THING,
      "src/utils/two.ts": 'export * from "../base/one.js";',
    };
    expect(await brokenBy(tree)).toEqual(["room-unknown"]);
  });

  test("stop an import of what does not exist", async () => {
    expect(await brokenBy({ "src/base/one.ts": 'import "./gone.js";' })).toEqual(["unresolved"]);
  });
});
