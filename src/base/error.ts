/** The one error class. What is not a `DelegationError` shows outside as `server_error` and nothing else. @module */
import { CODES, type Code, type CodeRow } from "./codes.js";

/** What a refusal may tell besides its code; never a token, a key or an argument's value. */
export interface Refusal {
  /** Id of the hop that refuses, where one does. */
  readonly hop?: string;
  /** The rule that refuses: a constraint's place (`files.read.path`), a limit's or a claim's name. */
  readonly rule?: string;
  /** What would have been needed, in the words of the grant. */
  readonly required?: string;
  readonly cause?: unknown;
}

/** A refusal by Legate. `code` is stable; the message is for people and holds no secret. */
export class DelegationError extends Error {
  override readonly name = "DelegationError";
  readonly code: Code;
  readonly hop: string | undefined;
  readonly rule: string | undefined;
  readonly required: string | undefined;

  constructor(code: Code, message: string, refusal: Refusal = {}) {
    super(message, refusal.cause === undefined ? undefined : { cause: refusal.cause });
    this.code = code;
    this.hop = refusal.hop;
    this.rule = refusal.rule;
    this.required = refusal.required;
  }

  /** The row of {@link CODES} for this refusal. */
  get row(): CodeRow {
    return CODES[this.code];
  }

  /** The same refusal, naming `hop` when it named none. */
  at(hop: string): DelegationError {
    if (this.hop !== undefined) return this;
    const { rule, required } = this;
    return new DelegationError(this.code, this.message, {
      hop,
      ...(rule === undefined ? {} : { rule }),
      ...(required === undefined ? {} : { required }),
      cause: this.cause,
    });
  }
}

/** What the outside may see of any thrown value: a `DelegationError` as it is, all else as `server_error`. */
export function exposed(thrown: unknown): DelegationError {
  return thrown instanceof DelegationError
    ? thrown
    : new DelegationError("server_error", "internal error", { cause: thrown });
}
