/**
 * What the text of an event holds around that which differs from call to call. A hop that calls tools says the same of itself each
 * time, so its frame is kept.
 *
 * @module
 */
import type { AuditDraft } from "../wire/event.js";

/** Canonical text between the members that differ: `arguments`, `data`, `seen`, `sequence`, `tool`. */
export interface Frame {
  readonly agent: string;
  readonly byToCode: string;
  readonly decisionToRule: string;
  readonly tenantToTicket: string;
  readonly tree: string;
}

/** The frame of an event, unless one of its texts is written with escapes. */
export function plainFrame(event: AuditDraft): Frame | undefined {
  if (!isPlain(event)) return undefined;
  const { agent, by, code, decision, guard, hop, identity, kind, policy, reason } = event;
  const { requester, rule, tenant, ticket, tree } = event;
  let byToCode = "";
  if (by !== undefined) byToCode += `"by":"${by}",`;
  if (code !== undefined) byToCode += `"code":"${code}",`;
  let rest = "";
  if (decision !== undefined) rest += `"decision":"${decision}",`;
  if (guard !== undefined) rest += `"guard":"${guard}",`;
  if (hop !== undefined) rest += `"hop":"${hop}",`;
  if (identity !== undefined) rest += `"identity":"${identity}",`;
  rest += `"kind":"${kind}"`;
  if (policy !== undefined) rest += `,"policy":"${policy}"`;
  if (reason !== undefined) rest += `,"reason":"${reason}"`;
  if (requester !== undefined) rest += `,"requester":"${requester}"`;
  if (rule !== undefined) rest += `,"rule":"${rule}"`;
  const place = `,"tenant":"${tenant}"`;
  return {
    agent: agent === undefined ? "{" : `{"agent":"${agent}",`,
    byToCode,
    decisionToRule: rest,
    tenantToTicket: ticket === undefined ? place : `${place},"ticket":"${ticket}"`,
    tree: tree === undefined ? "}" : `,"tree":"${tree}"}`,
  };
}

/** Frames that the calls of a hop share. */
export class CallFrames {
  readonly #known = new Map<string, Known>();
  readonly #max: number;

  /** @param max Hops whose frames are kept, at a kilobyte or so each; when there are more, it begins anew. */
  constructor(max: number = Number.POSITIVE_INFINITY) {
    this.#max = max;
  }

  /** The frame of a hop's call; none where a text is long or written with escapes, or the hop says something else time and again. */
  of(event: AuditDraft): Frame | undefined {
    const { arguments: digest, hop, tool } = event;
    if (hop === undefined) return undefined;
    const known = this.#known.get(hop);
    if (known !== undefined && isSaidAgain(known.said, event)) {
      const isAsItIs =
        (digest === undefined || PLAIN.test(digest)) && (tool === undefined || PLAIN.test(tool));
      return isAsItIs ? known.frame : undefined;
    }
    const changes = known === undefined ? 0 : known.changes + 1;
    const fresh = changes > CHANGES_MAX ? undefined : plainFrame(event);
    if (fresh === undefined || charsOf(fresh) > SHARED_CHARS_MAX) return undefined;
    const frame = flat(fresh);
    if (this.#known.size >= this.#max) this.#known.clear();
    this.#known.set(hop, { said: saidBy(event), frame, changes });
    return frame;
  }
}

/** Texts that are written as they are. */
export const PLAIN: RegExp = /^[ !#-[\]-~]*$/;

/**
 * The event as nobody else holds it, when its text can be written at any later time: its texts are short and written as they are,
 * its numbers whole, and its facts no more than that.
 */
export function settled(event: AuditDraft): AuditDraft | undefined {
  const { data, seen = 0, sequence = 0 } = event;
  if (!Number.isSafeInteger(seen) || !Number.isSafeInteger(sequence)) return undefined;
  const texts = textsOf(event);
  if (texts.length > SETTLED_CHARS_MAX || !PLAIN.test(texts)) return undefined;
  if (data === undefined) return { ...event };
  return areFacts(data) ? { ...event, data: { ...data } } : undefined;
}

/** What is longer is written out at once. */
const SETTLED_CHARS_MAX = 2_048;

function areFacts(data: NonNullable<AuditDraft["data"]>): boolean {
  let chars = 0;
  for (const name of Object.keys(data)) {
    const value = data[name];
    const isText = typeof value === "string";
    if (!isText && typeof value !== "boolean" && !Number.isSafeInteger(value)) return false;
    if (!PLAIN.test(name) || (isText && !PLAIN.test(value))) return false;
    chars += name.length + (isText ? value.length : 0);
  }
  return chars <= SETTLED_CHARS_MAX;
}

function isPlain(event: AuditDraft): boolean {
  return PLAIN.test(textsOf(event));
}

/** All texts of an event in one: asking of all at once costs a third of asking of each. */
function textsOf(event: AuditDraft): string {
  const { agent = "", by = "", code = "", decision = "", guard = "", hop = "", kind } = event;
  const { policy = "", reason = "", requester = "", rule = "", tenant, ticket = "" } = event;
  const { identity = "", tool = "", tree = "", arguments: digest = "" } = event;
  const who = `${agent}${by}${guard}${hop}${identity}${requester}${tenant}${tree}`;
  return `${who}${code}${decision}${digest}${kind}${policy}${reason}${rule}${ticket}${tool}`;
}

/** What a frame is made of. */
type Said = Omit<AuditDraft, "arguments" | "data" | "seen" | "sequence" | "tool">;

interface Known {
  readonly said: Said;
  readonly frame: Frame;
  /** How often the hop has said something else. */
  readonly changes: number;
}

/** After so many, what it says is written out each time: a frame for each call would cost more than it saves. */
const CHANGES_MAX = 64;

function saidBy(event: AuditDraft): Said {
  const {
    arguments: _arguments,
    data: _data,
    seen: _seen,
    sequence: _number,
    tool: _tool,
    ...said
  } = event;
  return said;
}

function isSaidAgain(said: Said, event: AuditDraft): boolean {
  return (
    said.agent === event.agent &&
    said.by === event.by &&
    said.code === event.code &&
    said.decision === event.decision &&
    said.guard === event.guard &&
    said.hop === event.hop &&
    said.identity === event.identity &&
    said.kind === event.kind &&
    said.policy === event.policy &&
    said.reason === event.reason &&
    said.requester === event.requester &&
    said.rule === event.rule &&
    said.tenant === event.tenant &&
    said.ticket === event.ticket &&
    said.tree === event.tree
  );
}

/** What is longer is written out each time. */
const SHARED_CHARS_MAX = 4_096;

function charsOf({ agent, byToCode, decisionToRule, tenantToTicket, tree }: Frame): number {
  const rest = decisionToRule.length + tenantToTicket.length + tree.length;
  return agent.length + byToCode.length + rest;
}

/** Texts in one piece: what was put together from parts is read part by part each time. */
function flat(frame: Frame): Frame {
  const whole = (text: string): string => Buffer.from(text, "latin1").toString("latin1");
  return {
    agent: whole(frame.agent),
    byToCode: whole(frame.byToCode),
    decisionToRule: whole(frame.decisionToRule),
    tenantToTicket: whole(frame.tenantToTicket),
    tree: whole(frame.tree),
  };
}
