/**
 * Runs a script on one connection: by its digest, by its text where the server does not know it, always with one key and a deadline.
 *
 * A reply is `["ok", …]` or `["refused", code, hop, rule, message]`. Everything else means that nobody knows what happened.
 *
 * @module
 */
import { CODES, type Code } from "../base/codes.js";
import { DelegationError } from "../base/error.js";

/** A Lua script as `npm run generate` makes it. */
export interface Script {
  readonly name: string;
  readonly version: number;
  /** SHA-1 of the text in hex, as `EVALSHA` wants it. */
  readonly sha1: string;
  readonly text: string;
}

/** What a server answers: texts, whole numbers, nothing, and lists of them. */
export type Reply = string | number | null | readonly Reply[];

/** What a connection must be able to do. */
export interface Caller {
  call(command: string, ...args: (string | number)[]): Promise<unknown>;
}

/** One run of a script. */
export interface Run {
  readonly script: Script;
  readonly key: string;
  readonly args: readonly (string | number)[];
}

/**
 * Runs a script and returns what stands behind its `ok`.
 *
 * @throws {DelegationError} The refusal of the script; `store_unavailable` when it did not answer in `deadlineMs`, or strangely.
 */
export async function runScript(
  caller: Caller,
  { script, key, args }: Run,
  deadlineMs: number,
): Promise<readonly Reply[]> {
  const end = performance.now() + deadlineMs;
  try {
    return valuesOf(await within(caller.call("EVALSHA", script.sha1, 1, key, ...args), deadlineMs));
  } catch (thrown) {
    if (errorWordOf(thrown) !== "NOSCRIPT") throw failure(thrown);
  }
  try {
    const left = end - performance.now();
    return valuesOf(await within(caller.call("EVAL", script.text, 1, key, ...args), left));
  } catch (thrown) {
    throw failure(thrown);
  }
}

/** The answer of a plain command, in time. @throws {DelegationError} `store_unavailable` */
export async function ask(
  caller: Caller,
  deadlineMs: number,
  command: string,
  ...args: (string | number)[]
): Promise<Reply> {
  try {
    return (await within(caller.call(command, ...args), deadlineMs)) as Reply;
  } catch (thrown) {
    throw failure(thrown);
  }
}

/** Settles as `promise` does, or rejects after `ms`: a connection that went silent settles nothing by itself. */
export function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(unavailable("TIMEOUT")), Math.max(0, ms));
    promise.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (cause: unknown) => {
        clearTimeout(timer);
        reject(cause);
      },
    );
  });
}

/** That the answer is not known to be kept. `word`: the error's kind, which tells nothing of what was asked. */
export function unavailable(word: string): DelegationError {
  return new DelegationError("store_unavailable", "store is not available", { rule: word });
}

/** Whether the server said that it did nothing because it is not the one to ask. */
export function isMisdirected(thrown: unknown): boolean {
  return thrown instanceof DelegationError && MISDIRECTED.has(thrown.rule ?? "");
}

const MISDIRECTED: ReadonlySet<string> = new Set([
  "MOVED",
  "ASK",
  "TRYAGAIN",
  "READONLY",
  "MASTERDOWN",
  "UNSENT",
]);

/** A client's own error: the command has not left this process. */
const UNSENT = "Stream isn't writeable and enableOfflineQueue options is false";

/** The client's errors hold the command with its arguments, so they are not handed on. */
export function failure(thrown: unknown): DelegationError {
  return thrown instanceof DelegationError ? thrown : unavailable(errorWordOf(thrown));
}

function errorWordOf(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : "";
  if (message === UNSENT) return "UNSENT";
  return /^[A-Z][A-Z0-9_]{1,31}(?= |$)/.exec(message)?.[0] ?? "CONNECTION";
}

function valuesOf(reply: unknown): readonly Reply[] {
  if (!Array.isArray(reply)) throw unavailable("REPLY");
  const [tag, ...values] = reply as readonly Reply[];
  if (tag === "ok") return values;
  throw tag === "refused" ? refusalOf(values) : unavailable("REPLY");
}

/** An unknown code is a fault of ours and shows nothing of itself. */
function refusalOf([code, hop, rule, message]: readonly Reply[]): DelegationError {
  if (code === "fenced") return unavailable("FENCED");
  if (code === "unstarted") return unavailable("UNSTARTED");
  if (code === "untold") return unavailable("UNTOLD");
  if (!isCode(code)) return new DelegationError("server_error", "internal error");
  return new DelegationError(code, isNamed(message) ? message : "refused by the store", {
    ...(isNamed(hop) ? { hop } : {}),
    ...(isNamed(rule) ? { rule } : {}),
  });
}

function isCode(code: Reply | undefined): code is Code {
  return typeof code === "string" && Object.hasOwn(CODES, code);
}

function isNamed(text: Reply | undefined): text is string {
  return typeof text === "string" && text !== "";
}
