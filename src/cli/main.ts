#!/usr/bin/env node
/** The `legate` command. @module */
import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { CommandError, EXIT, type ExitCode, exitOf, lineOf } from "./exit.js";
import { CommanderError, runProgram } from "./program.js";
import { openTerminal, printable } from "./terminal.js";

const interrupt = new AbortController();
process.once("SIGINT", () => {
  interrupt.abort();
  // A command that does not end by itself is ended; a second Ctrl-C does so at once.
  setTimeout(() => process.exit(EXIT.interrupted), 2_000).unref();
  process.once("SIGINT", () => process.exit(EXIT.interrupted));
});
// Whoever reads our output may stop early (`| head`): that is no fault.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(EXIT.ok);
    throw error;
  });
}

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<ExitCode> {
  try {
    const exit = await runProgram(args, {
      command: commandName(),
      version: version(),
      terminal: (json) => openTerminal(process, json),
      write: {
        out: (text) => void process.stdout.write(text),
        err: (text) => void process.stderr.write(text),
      },
      interrupt: interrupt.signal,
    });
    return interrupt.signal.aborted ? EXIT.interrupted : exit;
  } catch (thrown) {
    return failed(thrown);
  }
}

function failed(thrown: unknown): ExitCode {
  // Commander has said what is wrong, or has printed help or version.
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (interrupt.signal.aborted) return EXIT.interrupted;
  process.stderr.write(`legate: ${printable(lineOf(thrown))}\n`);
  const hint = thrown instanceof CommandError ? thrown.hint : undefined;
  if (hint !== undefined)
    process.stderr.write(
      `${hint
        .split("\n")
        .map((line) => printable(line))
        .join("\n")}\n`,
    );
  if (process.env.LEGATE_DEBUG === "1") console.error(thrown);
  return exitOf(thrown);
}

/** So that lines that people are told to run do run, from where they are. */
function commandName(): string {
  const script = process.argv[1] ?? "legate";
  if (!script.endsWith(".js")) return "legate";
  const path = relative(process.cwd(), script);
  return `node ${path.startsWith("..") ? script : path}`;
}

function version(): string {
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return String((JSON.parse(manifest) as { version?: unknown }).version);
}
