/**
 * One line of the audit log: its canonical text, and the hash that chains it to the line before.
 *
 * Text is written by hand in the order of RFC 8785, member by member. What is not a member of an event does not get in,
 * so a secret that a caller leaves on an object does not either.
 *
 * @module
 */
import { canonicalize } from "../base/canonical.js";
import { sha256Base64url } from "../base/digest.js";
import type { AuditDraft, AuditLine } from "../wire/event.js";

/** A line as it stands in the log, without the line end. */
export interface SealedLine {
  readonly text: string;
  /** SHA-256 (base64url) of the canonical text without its `hash` member. */
  readonly hash: string;
}

/** A line whose event and move were encoded before. */
export interface EncodedLine extends Omit<AuditLine, "hash" | "event" | "move"> {
  /** Canonical text of the event, see {@link encodeEvent}. */
  readonly event: string;
  /** Canonical text of the move. */
  readonly move?: string;
}

/** Seals a line: computes its hash and writes its canonical text. About three microseconds. */
export function sealEncoded({ at, event, move, n, prev, seq, up }: EncodedLine): SealedLine {
  const head = `{"at":${at},"event":${event}`;
  const rest = move === undefined ? "" : `,"move":${move}`;
  const order = `,"n":${n},"prev":${text(prev)},"seq":${seq},"up":${text(up)}}`;
  const hash = sha256Base64url(head + rest + order);
  return { text: `${head},"hash":"${hash}"${rest}${order}`, hash };
}

/**
 * Like {@link sealEncoded}, encoding event and move first.
 *
 * @throws {DelegationError} `malformed` when a text has a lone surrogate, `non_finite` for numbers that are none.
 */
export function sealLine({ event, move, ...order }: Omit<AuditLine, "hash">): SealedLine {
  const encoded = { ...order, event: encodeEvent(event) };
  return sealEncoded(move === undefined ? encoded : { ...encoded, move: canonicalize(move) });
}

/** The hash that `line` ought to have. Throws as {@link sealLine} does. */
export function hashLine(line: Omit<AuditLine, "hash">): string {
  return sealLine(line).hash;
}

/** Members of an event in canonical order; numbers and `data` are written apart. */
const MEMBERS = [
  "agent",
  "arguments",
  "by",
  "code",
  "data",
  "decision",
  "guard",
  "hop",
  "identity",
  "kind",
  "policy",
  "reason",
  "requester",
  "rule",
  "seen",
  "sequence",
  "tenant",
  "ticket",
  "tool",
  "tree",
] as const satisfies readonly (keyof AuditDraft)[];

/** The canonical text of an event: known members only. Throws as {@link sealLine} does. */
export function encodeEvent(event: AuditDraft): string {
  let members = "";
  for (const name of MEMBERS) {
    const value = event[name];
    if (value === undefined) continue;
    const comma = members === "" ? "" : ",";
    const written = typeof value === "string" ? text(value) : canonicalize(value);
    members += `${comma}"${name}":${written}`;
  }
  return `{${members}}`;
}

/** Native serialization is canonical, but for lone surrogates, which it escapes instead of refusing. */
function text(value: string): string {
  const quoted = JSON.stringify(value);
  if (quoted.length === value.length + 2) return quoted;
  return quoted.includes("\\ud") ? canonicalize(value) : quoted;
}
