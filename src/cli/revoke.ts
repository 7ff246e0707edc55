/** `legate revoke`: shows what a cut would stop, asks, and cuts. @module */
import type { Barrier } from "../coordinator/guard-reports.js";
import type { Preview } from "../coordinator/store.js";
import type { Boundary } from "../wire/cut.js";
import { readBoundary, writeBoundary } from "./boundary.js";
import { CommandError, EXIT, type ExitCode } from "./exit.js";
import { coordinatorOver, operatorName } from "./operator.js";
import { type Opened, type StateOptions, withState } from "./state.js";
import type { Terminal } from "./terminal.js";
import { count, instant, signs } from "./wording.js";

/** What the command was told. */
export interface RevokeOptions extends StateOptions {
  readonly dryRun: boolean;
  readonly reason?: string;
  readonly by?: string;
  readonly yes: boolean;
  /** Whether to wait for guards. */
  readonly wait?: boolean;
  /** How the command is called, for the line to run. */
  readonly command: string;
}

/** From here on a person types the boundary once more. */
const TYPED_FROM = 100;
const NAMES_MAX = 12;

/** @throws {CommandError} `usage` when nobody is there to ask and `--yes` was not said */
export async function revoke(
  terminal: Terminal,
  text: string,
  options: RevokeOptions,
): Promise<ExitCode> {
  // The lock is not held while a person thinks, and the count is never in the way of the cut.
  if (options.dryRun || !options.yes) {
    const { boundary, preview } = await withState(options, "read", async (opened) => {
      const read = await readBoundary(text, opened.store, opened.tenant);
      return { boundary: read, preview: await opened.store.preview(opened.tenant, read) };
    });
    if (options.dryRun) {
      if (terminal.json) terminal.record({ boundary, dryRun: true, ...preview });
      else for (const line of previewLines(terminal, boundary, preview)) terminal.out(line);
      return EXIT.ok;
    }
    for (const line of previewLines(terminal, boundary, preview)) terminal.say(line);
    await confirm(terminal, text, preview, options);
  }
  return withState(options, "write", (opened) => cut(terminal, text, opened, options));
}

function previewLines(terminal: Terminal, boundary: Boundary, preview: Preview): string[] {
  const { hops, byState, agents, tools, principals, estimate } = preview;
  const states = Object.entries(byState).map(
    ([state, n]) => `${n.toLocaleString("en-US")} ${state.replaceAll("_", " ")}`,
  );
  return [
    `${terminal.tone("strong", `a cut at ${writeBoundary(boundary)}`)} would stop`,
    `  ${estimate ? "at least " : ""}${count(hops, "hop")}${states.length === 0 ? "" : ` (${states.join(", ")})`} of ${count(principals, "person", "people")}`,
    `  agents  ${names(terminal, agents)}`,
    `  tools   ${names(terminal, tools)}`,
    ...(STANDING.has(boundary.kind)
      ? ["  and everything of the kind in future: this cut stands"]
      : []),
    "  what is cut stays cut; calls that run are aborted by their guards",
  ];
}

const STANDING: ReadonlySet<string> = new Set(["key", "ban"]);

function names(terminal: Terminal, all: readonly string[]): string {
  if (all.length === 0) return "none";
  const rest = all.length - NAMES_MAX;
  return [
    ...all.slice(0, NAMES_MAX),
    ...(rest > 0 ? [`${signs(terminal).more} ${rest} more`] : []),
  ].join(", ");
}

async function confirm(
  terminal: Terminal,
  text: string,
  { hops }: Preview,
  options: RevokeOptions,
): Promise<void> {
  if (!terminal.interactive || terminal.json) {
    throw new CommandError(
      EXIT.usage,
      "nothing was cut: there is nobody to ask",
      `${options.redis?.includes("@") === true ? "with the URL in LEGATE_REDIS, " : ""}run: ${lineToRun(text, options)}`,
    );
  }
  const typed = hops > TYPED_FROM;
  const question = typed ? `type ${text} to cut it: ` : "cut? [y/N] ";
  const answer = (await terminal.ask(question))?.trim();
  if (typed ? answer === text : /^y(es)?$/i.test(answer ?? "")) return;
  throw new CommandError(EXIT.interrupted, "nothing was cut");
}

function lineToRun(text: string, options: RevokeOptions): string {
  const { command, tenant, reason, replicas = 0 } = options;
  const words = [command, "revoke", text, ...storeWords(options)];
  if (replicas > 0) words.push("--replicas", String(replicas));
  if (options.wait === true) words.push("--wait");
  if (tenant !== "default") words.push("--tenant", tenant);
  if (reason !== undefined) words.push("--reason", reason);
  return `${words.map(quoted).join(" ")} --yes`;
}

/** A URL that could hold a password is not repeated: the line takes it from where such a URL belongs. */
function storeWords({ journal = "", redis = "", prefix = "legate" }: RevokeOptions): string[] {
  if (redis === "") return ["--journal", journal];
  const named = prefix === "legate" ? [] : ["--prefix", prefix];
  return [...(redis.includes("@") ? [] : ["--redis", redis]), ...named];
}

/** As a shell reads it back. The command itself may be two words. */
function quoted(word: string, index: number): string {
  if (index === 0 || /^[\w@%+=:,./-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", "'\\''")}'`;
}

async function cut(
  terminal: Terminal,
  text: string,
  { store, tenant }: Opened,
  { reason, by, wait = false }: RevokeOptions,
): Promise<ExitCode> {
  const boundary = await readBoundary(text, store, tenant);
  const coordinator = await coordinatorOver({ store, tenant }, wait);
  const request = {
    boundary,
    ...(reason === undefined ? {} : { reason }),
    ...(wait ? { wait: "guards" } : {}),
  };
  const made = await coordinator.revoke({ operator: by ?? operatorName(), tenant }, request);
  const { entry, fresh, positions, barrier } = made;
  const replicas = await made.durable;
  const at = instant(entry.at);
  if (terminal.json) {
    const told = wait ? { barrier } : {};
    terminal.record({
      boundary,
      position: entry.position,
      positions,
      at,
      fresh,
      replicas,
      ...told,
    });
    return EXIT.ok;
  }
  const stands = fresh ? "cut" : "was cut already";
  const kept = replicas === undefined ? "" : `  ${count(replicas, "replica")} too`;
  terminal.out(`${stands}  ${writeBoundary(boundary)}  position ${entry.position}  ${at}${kept}`);
  if (wait && barrier !== undefined) for (const line of barrierLines(barrier)) terminal.out(line);
  return EXIT.ok;
}

function barrierLines({ seen, guards, waited }: Barrier): string[] {
  if (waited === undefined) return [];
  const { denying, denyingFrom, afterMs } = waited;
  const after = `after ${Math.round(afterMs).toLocaleString("en-US")} ms`;
  const head = `seen by ${seen} of ${count(guards, "guard")} ${after}`;
  // A guard that nobody has heard of may be there all the same.
  if (guards === 0)
    return [head, `whoever guards without a report denies since ${instant(denyingFrom)}`];
  if (denying.length === 0) return [head];
  return [
    head,
    `denying since ${instant(denyingFrom)}, as they know too little: ${denying.join(", ")}`,
  ];
}
