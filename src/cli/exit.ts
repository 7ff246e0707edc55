/** Exit codes: what a shell may branch on. @module */
import { CODES, type Code } from "../base/codes.js";
import { DelegationError } from "../base/error.js";

/** Every way in which the command ends. */
export const EXIT = {
  ok: 0,
  error: 1,
  usage: 2,
  /** A call that would be denied, a log that does not verify, a vector that does not agree. */
  denied: 3,
  notFound: 4,
  conflict: 5,
  unreachable: 6,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A command that ends early, in its own words; `hint` tells what to do instead. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly exit: ExitCode;
  readonly hint: string | undefined;

  constructor(exit: ExitCode, message: string, hint?: string) {
    super(message);
    this.exit = exit;
    this.hint = hint;
  }
}

/** Codes that mean something else in front of a terminal than behind a web server. */
const EXCEPTIONS: Partial<Record<Code, ExitCode>> = {
  audit_broken: EXIT.denied,
  journal_damaged: EXIT.denied,
  store_locked: EXIT.conflict,
};

/** What a web server would answer, as an exit code. */
const BY_STATUS: Readonly<Record<number, ExitCode>> = {
  400: EXIT.usage,
  401: EXIT.denied,
  403: EXIT.denied,
  404: EXIT.notFound,
  409: EXIT.conflict,
  503: EXIT.unreachable,
};

/** How a command that threw ends. */
export function exitOf(thrown: unknown): ExitCode {
  if (thrown instanceof CommandError) return thrown.exit;
  if (!(thrown instanceof DelegationError)) return EXIT.error;
  return EXCEPTIONS[thrown.code] ?? BY_STATUS[CODES[thrown.code].resource[0]] ?? EXIT.error;
}

/** One line about what went wrong. What is not a refusal of ours keeps its details to itself. */
export function lineOf(thrown: unknown): string {
  if (thrown instanceof CommandError) return thrown.message;
  if (!(thrown instanceof DelegationError)) return "server_error: internal error";
  const { code, message, hop, rule } = thrown;
  const places = [
    ...(hop === undefined ? [] : [`hop ${hop}`]),
    ...(rule === undefined ? [] : [`rule ${rule}`]),
  ];
  return `${code}: ${message}${places.length === 0 ? "" : ` (${places.join(", ")})`}`;
}
