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
import { callsText } from "./calls-text.js";
import { CallFrames, type Frame, PLAIN, plainFrame } from "./event-frame.js";

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

/** Seals a line: computes its hash and writes its canonical text. Two hashes' time. */
export function sealEncoded(line: EncodedLine): SealedLine {
  const head = headOf(line);
  const whole = head + restOf(line);
  const hash = sha256Base64url(whole);
  // Of the text that was hashed: its many parts are one by now.
  const text = `${whole.slice(0, head.length)},"hash":"${hash}"${whole.slice(head.length)}`;
  return { text, hash };
}

/** The hash alone. */
export function hashEncoded(line: EncodedLine): string {
  return sha256Base64url(headOf(line) + restOf(line));
}

function headOf({ at, event }: EncodedLine): string {
  return `{"at":${at},"event":${event}`;
}

function restOf({ move, n, prev, seq, up }: EncodedLine): string {
  const moved = move === undefined ? "" : `,"move":${move}`;
  return `${moved},"n":${n},"prev":${quoted(prev)},"seq":${seq},"up":${quoted(up)}}`;
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
  const shared = event.kind === "call" ? FRAMES.of(event) : undefined;
  const frame = shared ?? plainFrame(event);
  return frame === undefined ? canonicalize(known(event)) : textIn(frame, event);
}

const FRAMES = new CallFrames(1_024);

/** What differs from call to call of a hop. */
export type Differing = Pick<AuditDraft, "arguments" | "data" | "seen" | "sequence" | "tool">;

/** The canonical text of an event, of which all but this is in its frame. */
export function textIn(frame: Frame, differing: Differing): string {
  const { arguments: digest, data, seen, sequence, tool } = differing;
  let text = frame.agent;
  if (digest !== undefined) text += `"arguments":"${digest}",`;
  text += frame.byToCode;
  if (data !== undefined) text += `"data":${dataText(data)},`;
  text += frame.decisionToRule;
  if (seen !== undefined) text += `,"seen":${numberText(seen)}`;
  if (sequence !== undefined) text += `,"sequence":${numberText(sequence)}`;
  text += frame.tenantToTicket;
  if (tool !== undefined) text += `,"tool":"${tool}"`;
  return text + frame.tree;
}

/** One whole number is what most admitted calls have here, and a list of calls what a guard decided by itself. */
function dataText(data: NonNullable<AuditDraft["data"]>): string {
  const names = Object.keys(data);
  const name = names[0] ?? "";
  const value = data[name];
  if (names.length !== 1 || !PLAIN.test(name)) return canonicalize(data);
  if (Number.isSafeInteger(value)) return `{"${name}":${String(value)}}`;
  const calls = name === "calls" ? callsText(value) : undefined;
  return calls === undefined ? canonicalize(data) : `{"calls":${calls}}`;
}

function numberText(value: number): string {
  return Number.isSafeInteger(value) ? String(value) : canonicalize(value);
}

function quoted(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : canonicalize(text);
}

/** The members of an event that are there. */
function known(event: AuditDraft): object {
  const members: Record<string, unknown> = {};
  for (const name of MEMBERS) if (event[name] !== undefined) members[name] = event[name];
  return members;
}

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
