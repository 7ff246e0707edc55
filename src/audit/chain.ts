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
  readonly move?: string | undefined;
}

/** Seals a line: computes its hash and writes its canonical text. About three microseconds. */
export function sealEncoded({ at, event, move, n, prev, seq, up }: EncodedLine): SealedLine {
  const head = `{"at":${at},"event":${event}`;
  const rest = move === undefined ? "" : `,"move":${move}`;
  const order = `,"n":${n},"prev":${JSON.stringify(prev)},"seq":${seq},"up":${JSON.stringify(up)}}`;
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

/** The canonical text of an event: known members only, in canonical order. Throws as {@link sealLine} does. */
export function encodeEvent(event: AuditDraft): string {
  const { data } = event;
  let members = textMember("agent", event.agent);
  members += textMember("arguments", event.arguments);
  members += textMember("by", event.by);
  members += textMember("code", event.code);
  members += data === undefined ? "" : `,"data":${canonicalize(data)}`;
  members += textMember("decision", event.decision);
  members += textMember("guard", event.guard);
  members += textMember("hop", event.hop);
  members += textMember("identity", event.identity);
  members += textMember("kind", event.kind);
  members += textMember("policy", event.policy);
  members += textMember("reason", event.reason);
  members += textMember("requester", event.requester);
  members += textMember("rule", event.rule);
  members += numberMember("seen", event.seen);
  members += numberMember("sequence", event.sequence);
  members += textMember("tenant", event.tenant);
  members += textMember("ticket", event.ticket);
  members += textMember("tool", event.tool);
  members += textMember("tree", event.tree);
  return `{${members.slice(1)}}`;
}

/** Texts that are written as they are. */
const PLAIN = /^[ !#-[\]-~]*$/;

function textMember(name: keyof AuditDraft, value: string | undefined): string {
  if (value === undefined) return "";
  return PLAIN.test(value) ? `,"${name}":"${value}"` : `,"${name}":${canonicalize(value)}`;
}

function numberMember(name: keyof AuditDraft, value: number | undefined): string {
  return value === undefined ? "" : `,"${name}":${canonicalize(value)}`;
}
