/**
 * Runs the tests of one room for Stryker, mutant after mutant in one process. The runner of Vitest starts a worker for
 * each mutant, which takes ten times as long as the tests.
 *
 * For each mutant every module of the project is evaluated anew, so no cache and no constant lives on from one mutant
 * to the next, and mutants that act while a module loads are judged too. Only what comes from `node_modules` stays.
 * The tests, `expect` and the fake timers are Vitest's own; only the loop around them is ours.
 * @module
 */
import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createViteServer } from "vitest/node";

/** Vitest keeps its collector to itself; its version is pinned. */
const vitestRequire = createRequire(import.meta.resolve("vitest"));
const TIMEOUT_MS = 60_000;
/** Tests of a room that judge no mutant: they do at length what others do in short, or read the tree. */
const LEFT_OUT = [
  "grant/differential.test.ts",
  "lifecycle/generate-lifecycle.test.ts",
  "chain/properties.test.ts",
];
/** Read first: what goes through the whole room in little time notices most. */
const KEEN = ["chain/verify.test.ts", "chain/judge.test.ts", "chain/self-link.test.ts"];
/** Read last: most mutants fall to the others, in a tenth of the time. */
const SLOW = [
  "grant/constraint-types.test.ts",
  "chain/attenuation.test.ts",
  "chain/cache.test.ts",
  "chain/mint-parent.test.ts",
];
const SUCCESS = 0;
const FAILED = 1;

class RoomRunner {
  constructor() {
    globalThis.__stryker__ ??= {};
    this.stryker = globalThis.__stryker__;
  }

  capabilities() {
    return { reloadEnvironment: true };
  }

  async init() {
    this.root = process.cwd();
    const config = {
      root: this.root,
      testTimeout: TIMEOUT_MS,
      hookTimeout: TIMEOUT_MS,
      setupFiles: [],
      sequence: { hooks: "stack", setupFiles: "list" },
      tags: [],
      allowOnly: true,
      retry: 0,
      expect: {},
      chaiConfig: {},
      fakeTimers: {
        loopLimit: 10_000,
        toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"],
      },
    };
    globalThis.__vitest_worker__ = { config, ctx: {}, environment: { name: "node" } };
    this.collector = await import(vitestRequire.resolve("@vitest/runner"));
    this.server = await createViteServer({
      root: this.root,
      configFile: false,
      logLevel: "error",
      server: { middlewareMode: true, hmr: false, ws: false, watch: null },
      optimizeDeps: { noDiscovery: true },
    });
    this.modules = this.server.environments.ssr.runner;
    this.host = {
      config,
      pool: "threads",
      trace: (_name, attributes, run) => (run ?? attributes)(),
      importFile: (file) => this.modules.import(file),
    };
    // A mutant can throw where no test catches it, in a timer say: for Vitest too the run has failed then.
    process.on("uncaughtException", (error) => {
      this.stray = { error };
    });
    process.on("unhandledRejection", (error) => {
      this.stray = { error };
    });
    this.files = testFiles(join(this.root, "test", process.env.LEGATE_MUTATION_ROOM));
    // Compiles everything now, or the compiling would count towards the time that a mutant may take.
    await this.collector.collectTests(this.files, this.host);
  }

  async dryRun() {
    const found = await this.run({ files: this.files, isDry: true });
    const { mutantCoverage } = this.stryker;
    return found.error === undefined
      ? { status: "complete", tests: found.tests, mutantCoverage }
      : { status: "error", errorMessage: found.error };
  }

  async mutantRun({ activeMutant, testFilter, hitLimit, mutantActivation }) {
    const wanted = testFilter && new Set(testFilter);
    const files = wanted
      ? this.files.filter((file) => testFilter.some((id) => id.startsWith(`${file}#`)))
      : this.files;
    // Stryker allows a hundred times the work of the dry run; the tests that try every pair of a domain make that minutes.
    const workMax = hitLimit === undefined ? undefined : hitLimit / 10;
    const found = await this.run({
      files,
      wanted,
      mutant: activeMutant.id,
      hitLimit: workMax,
      isStatic: mutantActivation === "static",
    });
    this.stryker.activeMutant = undefined;
    const { hitCount } = this.stryker;
    if (workMax !== undefined && hitCount > workMax) return { status: "timeout" };
    const failed = found.tests.filter((test) => test.status === FAILED);
    if (failed.length === 0 && found.error === undefined) {
      return { status: "survived", nrOfTests: found.tests.length };
    }
    return {
      status: "killed",
      failureMessage: failed[0]?.failureMessage ?? found.error,
      killedBy: failed.map((test) => test.id),
      nrOfTests: found.tests.length,
    };
  }

  async dispose() {
    await this.server?.close();
  }

  /** Loads the files and runs the wanted tests; a mutant is given up at the first failure. */
  async run({ files, wanted, mutant, hitLimit, isStatic = false, isDry = false }) {
    const { stryker } = this;
    this.forget();
    this.stray = undefined;
    stryker.hitCount = 0;
    stryker.hitLimit = hitLimit ?? Number.POSITIVE_INFINITY;
    stryker.currentTestId = undefined;
    const tests = [];
    const run = { wanted, isDry, tests, beforeEach: [], afterEach: [] };
    // In the dry run all files are read first, or what loads with a later one would count for a test of an earlier one.
    for (const together of isDry ? [files] : files.map((file) => [file])) {
      if (tests.at(-1)?.status === FAILED && !isDry) break;
      stryker.activeMutant = isStatic ? mutant : undefined;
      const tasks = await this.collector.collectTests(together, this.host);
      const unread = tasks.find((file) => file.result?.state === "fail");
      if (unread) {
        return { tests, error: `${unread.filepath}: ${unread.result.errors[0]?.message}` };
      }
      stryker.activeMutant = mutant;
      for (const file of tasks) {
        await this.runSuite(file, { ...run, name: "", file: file.filepath, counter: { next: 0 } });
      }
    }
    stryker.currentTestId = undefined;
    await new Promise((resume) => setImmediate(resume));
    if (this.stray === undefined) return { tests };
    return { tests, error: `outside of a test: ${this.stray.error?.message}` };
  }

  /** Has every module evaluated anew but the plain models, which know nothing of what is mutated and take long. */
  forget() {
    const { evaluatedModules } = this.modules;
    const models = join(this.root, "test", "model/");
    const isPlain = (id) => id.startsWith(models) || !id.startsWith(this.root);
    for (const module of evaluatedModules.idToModuleMap.values()) {
      if (module.id.startsWith(models) && [...module.imports].every(isPlain)) continue;
      evaluatedModules.invalidateModule(module);
    }
  }

  async runSuite(suite, outer) {
    const hooks = this.collector.getHooks(suite);
    const within = {
      ...outer,
      beforeEach: [...outer.beforeEach, ...hooks.beforeEach],
      afterEach: [...hooks.afterEach, ...outer.afterEach],
    };
    for (const hook of hooks.beforeAll) await hook({}, suite);
    for (const task of suite.tasks) {
      if (outer.tests.at(-1)?.status === FAILED && !outer.isDry) break;
      const name = `${outer.name} ${task.name}`.trim();
      if (task.type === "suite") await this.runSuite(task, { ...within, name });
      else if (task.mode === "run" || task.mode === "queued") {
        await this.runTest(task, { ...within, name });
      }
    }
    for (const hook of hooks.afterAll) await hook({}, suite);
  }

  async runTest(task, { wanted, tests, name, file, counter, beforeEach, afterEach }) {
    counter.next += 1;
    const id = `${file}#${counter.next}`;
    if (wanted && !wanted.has(id)) return;
    this.stryker.currentTestId = id;
    const startedAt = performance.now();
    // Kept wrapped: a mutant may throw undefined, and the test has failed all the same.
    let failure;
    try {
      for (const hook of beforeEach) await hook(task.context, task);
      await this.collector.getFn(task)();
    } catch (error) {
      failure = { error };
    }
    try {
      for (const hook of afterEach) await hook(task.context, task);
    } catch (error) {
      failure ??= { error };
    }
    this.stryker.currentTestId = undefined;
    const timeSpentMs = performance.now() - startedAt;
    tests.push({
      id,
      name,
      timeSpentMs,
      status: failure === undefined ? SUCCESS : FAILED,
      ...(failure && { failureMessage: String(failure.error?.message ?? failure.error) }),
    });
  }
}

function rankOf(file) {
  const isIn = (names) => Number(names.some((name) => file.endsWith(name)));
  return isIn(SLOW) - isIn(KEEN);
}

function testFiles(folder) {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .filter((name) => name.endsWith(".test.ts"))
    .filter((name) => !LEFT_OUT.some((left) => name.endsWith(left)))
    .sort((one, other) => rankOf(one) - rankOf(other) || (one < other ? -1 : 1));
}

/** What Stryker looks for in a plugin. */
export const strykerPlugins = [
  { kind: "TestRunner", name: "room", factory: () => new RoomRunner() },
];
