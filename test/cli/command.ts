/** The real command, compiled as it is published, run as a child process. @module */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** How a run ended, and what it said. */
export interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Sends SIGINT as soon as this stands in stdout. */
  readonly interruptAt?: string;
}

/** A compiled command in a folder of its own. */
export interface Built {
  readonly main: string;
  /** For files of the tests. */
  readonly folder: string;
  run(args: readonly string[], options?: RunOptions): Promise<Run>;
  remove(): void;
}

/**
 * Compiles `src` file by file, without looking at types, which another gate does. Inside the project, so that its dependencies are
 * found.
 */
export function buildCommand(): Built {
  mkdirSync(join(ROOT, "scratch"), { recursive: true });
  const folder = mkdtempSync(join(ROOT, "scratch", "command-"));
  const source = join(ROOT, "src");
  writeFileSync(join(folder, "package.json"), '{ "type": "module", "version": "0.0.0-test" }');
  for (const name of readdirSync(source, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".ts")) continue;
    const { outputText } = ts.transpileModule(readFileSync(join(source, name), "utf8"), {
      compilerOptions: {
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.ESNext,
        verbatimModuleSyntax: true,
      },
    });
    const file = join(folder, "dist", name.replace(/\.ts$/, ".js"));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, outputText);
  }
  const main = join(folder, "dist", "cli", "main.js");
  return {
    main,
    folder,
    run: (args, options = {}) => run(main, args, options),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function run(main: string, args: readonly string[], options: RunOptions): Promise<Run> {
  const child = spawn(process.execPath, [main, ...args], {
    cwd: options.cwd ?? ROOT,
    // Nothing of the surroundings decides what the output looks like.
    env: { PATH: process.env.PATH ?? "", LANG: "C.UTF-8", ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
    if (options.interruptAt !== undefined && stdout.includes(options.interruptAt)) {
      child.kill("SIGINT");
    }
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => resolve({ status, stdout, stderr }));
  });
}

/** Values of NDJSON. */
export function valuesIn(text: string): Record<string, unknown>[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
