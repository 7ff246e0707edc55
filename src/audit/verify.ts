/** Verifies a log offline: the whole one, or the export of one tree. Names the first bad line, and what it did not check. @module */
import { DelegationError } from "../base/error.js";
import { parseJson } from "../base/json.js";
import { AUDIT_LINE_BYTES_MAX } from "../base/limits.js";
import { type AuditLine, auditLineSchema } from "../wire/event.js";
import { sealLine } from "./chain.js";
import type { Checkpoint } from "./checkpoint.js";
import { Story, type StoryFault } from "./story.js";

/**
 * Why a line is bad.
 *
 * - `torn`: the last line is not whole; `malformed`: not an audit line (a `seq` that is no whole number, an unknown or a
 *   repeated member); `not_canonical`: says the same in other bytes; `hash`: its content is not what it was sealed with
 * - `gap`, `duplicate`: a line is missing, or comes again or too late; `link`: it does not follow on the line before it
 * - `tree_order`, `tree_link`: the same within its tree; `foreign`: it is of another tree than the export
 * - `checkpoint`: its hash is not the one that a checkpoint signed; `truncated`: the log ends before a checkpoint's size
 * - those of {@link StoryFault}: well chained, and yet it tells of what cannot have been allowed
 */
export type LogFault =
  | "torn"
  | "malformed"
  | "not_canonical"
  | "hash"
  | "gap"
  | "duplicate"
  | "link"
  | "tree_order"
  | "tree_link"
  | "foreign"
  | "checkpoint"
  | "truncated"
  | StoryFault;

/** What the verification of a log found. */
export interface LogVerdict {
  readonly ok: boolean;
  /** Lines that are good: all of them, or those before the first bad one. */
  readonly lines: number;
  /** Line number in what was given, from 1. */
  readonly firstBad?: { readonly line: number; readonly reason: LogFault };
  /** Lines that a checkpoint vouches for. */
  readonly sealed: number;
  /** In words, what this verdict does not cover. */
  readonly notChecked: readonly string[];
}

/** What a log is held against, and what is known of it. */
export interface VerifyOptions {
  /** Checkpoints of this log, already opened with a key that is trusted. */
  readonly checkpoints?: readonly Checkpoint[];
  /** The lines are the export of this tree. */
  readonly tree?: { readonly tenant: string; readonly tree: string };
}

/** Verifies `lines` (without line ends) in one pass; memory grows with the hops they tell of, not with their text. */
export function verifyLog(lines: Iterable<string>, options: VerifyOptions = {}): LogVerdict {
  const reader = new Reader(options);
  const iterator = lines[Symbol.iterator]();
  let good = 0;
  for (let step = iterator.next(); step.done !== true; ) {
    const text = step.value;
    step = iterator.next();
    const fault = reader.read(text, step.done === true);
    if (fault !== undefined) {
      return verdict(options, good, reader, { line: good + 1, reason: fault });
    }
    good += 1;
  }
  const missing = options.tree === undefined && reader.sealedTo > good;
  return verdict(
    options,
    good,
    reader,
    missing ? { line: good + 1, reason: "truncated" } : undefined,
  );
}

function verdict(
  options: VerifyOptions,
  lines: number,
  reader: Reader,
  firstBad: LogVerdict["firstBad"],
): LogVerdict {
  const sealed = firstBad === undefined ? reader.sealed : Math.min(reader.sealed, lines);
  const notChecked = [...reader.story.notChecked];
  if (options.tree !== undefined) {
    notChecked.push(
      "the lines between these: an export of one tree cannot show its place in the log",
    );
    notChecked.push("cuts beyond this tree (agent, principal, epoch, key, ban)");
    notChecked.push("whether lines at the end are missing");
  } else if (sealed < lines) {
    notChecked.push(
      sealed === 0
        ? "whether the log was rewritten whole or shortened: no checkpoint vouches for it"
        : `whether lines after ${sealed} were rewritten: no checkpoint vouches for them`,
    );
  }
  return {
    ok: firstBad === undefined,
    lines,
    ...(firstBad === undefined ? {} : { firstBad }),
    sealed,
    notChecked,
  };
}

/** Reads line after line, and knows what the next one has to follow on. */
class Reader {
  readonly story: Story;
  /** Largest size that a checkpoint names. */
  readonly sealedTo: number;
  sealed = 0;
  readonly #options: VerifyOptions;
  readonly #heads: ReadonlyMap<number, string>;
  readonly #trails = new Map<string, { n: number; up: string }>();
  #seq = 0;
  #prev = "";

  constructor(options: VerifyOptions) {
    this.#options = options;
    this.story = new Story(options.tree !== undefined);
    const checkpoints = options.tree === undefined ? (options.checkpoints ?? []) : [];
    this.#heads = new Map(checkpoints.map(({ size, head }) => [size, head]));
    this.sealedTo = Math.max(0, ...checkpoints.map(({ size }) => size));
  }

  read(text: string, last: boolean): LogFault | undefined {
    const line = lineOf(text, last);
    if (typeof line === "string") return line;
    const sealed = sealLine(line);
    if (sealed.hash !== line.hash) return "hash";
    if (sealed.text !== text) return "not_canonical";
    return (
      (this.#options.tree === undefined ? this.#follow(line) : this.#followTree(line)) ??
      this.#followTrail(line) ??
      this.#checkSeal(line) ??
      this.story.read(line)
    );
  }

  #follow({ seq, prev, hash }: AuditLine): LogFault | undefined {
    if (seq !== this.#seq + 1) return seq <= this.#seq ? "duplicate" : "gap";
    if (prev !== this.#prev) return "link";
    this.#seq = seq;
    this.#prev = hash;
    return undefined;
  }

  /** Between the lines of one tree lie others that are not here. */
  #followTree({ seq, n, event }: AuditLine): LogFault | undefined {
    const { tenant, tree } = this.#options.tree ?? {};
    if (event.tenant !== tenant || event.tree !== tree) return "foreign";
    const expected = (this.#trails.get(trailKey(event))?.n ?? 0) + 1;
    if (n !== expected) return n < expected ? "duplicate" : "gap";
    if (seq <= this.#seq) return "duplicate";
    this.#seq = seq;
    return undefined;
  }

  /** Lines of a tree that was not open yet stand outside its trail. */
  #followTrail({ event, n, up, hash }: AuditLine): LogFault | undefined {
    const key = trailKey(event);
    const trail = this.#trails.get(key) ?? { n: 0, up: "" };
    if (n === 0) return trail.n === 0 && up === "" ? undefined : "tree_order";
    if (event.tree === undefined || n !== trail.n + 1) return "tree_order";
    if (up !== trail.up) return "tree_link";
    this.#trails.set(key, { n, up: hash });
    return undefined;
  }

  #checkSeal({ seq, hash }: AuditLine): LogFault | undefined {
    const head = this.#heads.get(seq);
    if (head === undefined) return undefined;
    if (head !== hash) return "checkpoint";
    this.sealed = Math.max(this.sealed, seq);
    return undefined;
  }
}

function trailKey({ tenant, tree = "" }: AuditLine["event"]): string {
  return JSON.stringify([tenant, tree]);
}

function lineOf(text: string, last: boolean): AuditLine | "torn" | "malformed" {
  let json: unknown;
  try {
    json = parseJson(text, { bytesMax: 2 * AUDIT_LINE_BYTES_MAX });
  } catch (thrown) {
    if (!(thrown instanceof DelegationError)) throw thrown;
    return last && thrown.code === "malformed" ? "torn" : "malformed";
  }
  const parsed = auditLineSchema.safeParse(json);
  return parsed.success ? parsed.data : "malformed";
}
