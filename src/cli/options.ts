/** What all commands share: how they are called, and the options that many of them take. @module */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { ExitCode } from "./exit.js";
import type { Terminal } from "./terminal.js";

/** What the program is run with. */
export interface Session {
  /** How it was called, for lines that people are told to run. */
  readonly command: string;
  readonly version: string;
  readonly terminal: (json: boolean) => Terminal;
  readonly write: { readonly out: (text: string) => void; readonly err: (text: string) => void };
  /** Fires at Ctrl-C. */
  readonly interrupt: AbortSignal;
}

export interface Common {
  readonly json?: boolean;
}

export interface State extends Common {
  readonly journal?: string;
  readonly redis?: string;
  readonly prefix: string;
  readonly tenant: string;
}

/** Told how the command that ran has ended. */
export type End = (exit: ExitCode) => void;

export function sub(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option("--json", "one JSON value per line, for programs");
}

export function state(command: Command): Command {
  return redis(command)
    .addOption(new Option("--journal <path>", "journal to read").env("LEGATE_JOURNAL"))
    .addOption(new Option("--tenant <name>", "tenant").env("LEGATE_TENANT").default("default"))
    .hook("preAction", (_, running) => chooseOne(running));
}

export function redis(command: Command): Command {
  return command
    .addOption(new Option("--redis <url>", "URL of a deployment on Redis").env("LEGATE_REDIS"))
    .addOption(
      new Option("--prefix <name>", "name of that deployment")
        .env("LEGATE_PREFIX")
        .default("legate"),
    );
}

/** For commands that let things happen on Redis, for as long as they run. */
export function outbox(command: Command): Command {
  return command.addOption(
    new Option(
      "--outbox <file>",
      "on Redis: remembers what this process let happen once, should a server forget it",
    ).env("LEGATE_OUTBOX"),
  );
}

/** One store: what is said on the line outranks what the environment says. */
function chooseOne(command: Command): void {
  const said = ["journal", "redis"].filter((name) => Boolean(command.getOptionValue(name)));
  if (said.length < 2) return;
  const typed = said.filter((name) => command.getOptionValueSource(name) === "cli");
  const [one] = typed;
  if (typed.length !== 1 || one === undefined) {
    command.error("error: a journal and a deployment on Redis are both named: name one");
  }
  for (const name of said) if (name !== one) command.setOptionValue(name, undefined);
}

export function examplesFirst(command: Command, lines: readonly string[]): void {
  command.addHelpText("before", `Examples:\n${lines.map((line) => `  ${line}`).join("\n")}\n`);
}

export function whole(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It has to be a whole number.");
}

export function positive(text: string): number {
  const number = whole(text);
  if (number > 0) return number;
  throw new InvalidArgumentError("It has to be at least 1.");
}
