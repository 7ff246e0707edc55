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

/** Seals a line: computes its hash and writes its canonical text. Two hashes' time. */
export function sealEncoded({ at, event, move, n, prev, seq, up }: EncodedLine): SealedLine {
  const head = `{"at":${at},"event":${event}`;
  const rest = move === undefined ? "" : `,"move":${move}`;
  const order = `,"n":${n},"prev":${quoted(prev)},"seq":${seq},"up":${quoted(up)}}`;
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
  if (!isPlain(event)) return canonicalize(known(event));
  const { agent, by, code, data, decision, guard, hop, identity, kind, policy, reason } = event;
  const { requester, rule, seen, sequence, tenant, ticket, tool, tree } = event;
  let rest = "";
  if (agent !== undefined) rest += `,"agent":"${agent}"`;
  if (event.arguments !== undefined) rest += `,"arguments":"${event.arguments}"`;
  if (by !== undefined) rest += `,"by":"${by}"`;
  if (code !== undefined) rest += `,"code":"${code}"`;
  if (data !== undefined) rest += `,"data":${dataText(data)}`;
  if (decision !== undefined) rest += `,"decision":"${decision}"`;
  if (guard !== undefined) rest += `,"guard":"${guard}"`;
  if (hop !== undefined) rest += `,"hop":"${hop}"`;
  if (identity !== undefined) rest += `,"identity":"${identity}"`;
  rest += `,"kind":"${kind}"`;
  if (policy !== undefined) rest += `,"policy":"${policy}"`;
  if (reason !== undefined) rest += `,"reason":"${reason}"`;
  if (requester !== undefined) rest += `,"requester":"${requester}"`;
  if (rule !== undefined) rest += `,"rule":"${rule}"`;
  if (seen !== undefined) rest += `,"seen":${canonicalize(seen)}`;
  if (sequence !== undefined) rest += `,"sequence":${canonicalize(sequence)}`;
  rest += `,"tenant":"${tenant}"`;
  if (ticket !== undefined) rest += `,"ticket":"${ticket}"`;
  if (tool !== undefined) rest += `,"tool":"${tool}"`;
  if (tree !== undefined) rest += `,"tree":"${tree}"`;
  return `{${rest.slice(1)}}`;
}

/** Texts that are written as they are. */
const PLAIN = /^[ !#-[\]-~]*$/;

/** Whether all texts of an event are written as they are: asked of all at once, which costs a third of asking each. */
function isPlain(event: AuditDraft): boolean {
  const { agent = "", by = "", code = "", decision = "", guard = "", hop = "", kind } = event;
  const { policy = "", reason = "", requester = "", rule = "", tenant, ticket = "" } = event;
  const { identity = "", tool = "", tree = "", arguments: digest = "" } = event;
  const who = `${agent}${by}${guard}${hop}${identity}${requester}${tenant}${tree}`;
  return PLAIN.test(
    `${who}${code}${decision}${digest}${kind}${policy}${reason}${rule}${ticket}${tool}`,
  );
}

/** One whole number is what most admitted calls have here. */
function dataText(data: NonNullable<AuditDraft["data"]>): string {
  const [name = "", ...more] = Object.keys(data);
  const value = data[name];
  const isSimple = more.length === 0 && Number.isSafeInteger(value) && PLAIN.test(name);
  return isSimple ? `{"${name}":${String(value)}}` : canonicalize(data);
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
