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

/** The same of a hop's call, looked up where the hop has said the very same before. */
export function callFrame(event: AuditDraft): Frame | undefined {
  const { arguments: digest, hop, tool } = event;
  if (hop === undefined) return plainFrame(event);
  const known = FRAMES.get(hop);
  if (known !== undefined && isSaidAgain(known.said, event)) {
    const isAsItIs =
      (digest === undefined || PLAIN.test(digest)) && (tool === undefined || PLAIN.test(tool));
    return isAsItIs ? known.frame : undefined;
  }
  const frame = plainFrame(event);
  if (frame === undefined) return undefined;
  if (FRAMES.size >= FRAMES_MAX) FRAMES.clear();
  FRAMES.set(hop, { said: saidBy(event), frame: flat(frame) });
  return frame;
}

/** Texts that are written as they are. */
export const PLAIN: RegExp = /^[ !#-[\]-~]*$/;

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

/** What a frame is made of. */
type Said = Omit<AuditDraft, "arguments" | "data" | "seen" | "sequence" | "tool">;

/** Hops whose frames are kept, at a kilobyte or so each; when there are more, it begins anew. */
const FRAMES_MAX = 1_024;
const FRAMES = new Map<string, { readonly said: Said; readonly frame: Frame }>();

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
