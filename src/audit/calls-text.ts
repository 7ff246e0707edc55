/** Text of the calls that a guard decided by itself, many to a line: most of what one says is what the one before said. @module */
import type { Json } from "../base/json-value.js";
import { PLAIN } from "./event-frame.js";

/**
 * Canonical text of a list of calls as guards write them. Undefined says nothing: where an entry is anything else, or a text is
 * written with escapes, it has to be written member by member.
 */
export function callsText(calls: Json | undefined): string | undefined {
  if (!Array.isArray(calls) || "toJSON" in calls) return undefined;
  let text = "";
  let before: Entry | undefined;
  for (const call of calls as readonly unknown[]) {
    if (!isEntry(call) || !isAsItIs(call, before)) return undefined;
    text += text === "" ? textOf(call) : `,${textOf(call)}`;
    before = call;
  }
  return `[${text}]`;
}

/** One call. */
interface Entry {
  readonly agent: string;
  readonly arguments: string;
  readonly at: number;
  readonly decision: string;
  readonly hop: string;
  readonly identity: string;
  readonly seen: number;
  readonly sequence: number;
  readonly tool: string;
}

const MEMBERS = 9;

/** Whether these are its members, and all of them. */
function isEntry(call: unknown): call is Entry {
  if (typeof call !== "object" || call === null || "toJSON" in call) return false;
  const entry = call as { readonly [Name in keyof Entry]?: unknown };
  return (
    Object.getPrototypeOf(call) === Object.prototype &&
    Object.keys(call).length === MEMBERS &&
    typeof entry.agent === "string" &&
    typeof entry.arguments === "string" &&
    Number.isSafeInteger(entry.at) &&
    typeof entry.decision === "string" &&
    typeof entry.hop === "string" &&
    typeof entry.identity === "string" &&
    Number.isSafeInteger(entry.seen) &&
    Number.isSafeInteger(entry.sequence) &&
    typeof entry.tool === "string"
  );
}

/** Whether its texts are written without escapes. What the one before said as well was looked at there. */
function isAsItIs(entry: Entry, before: Entry | undefined): boolean {
  const isSame =
    before !== undefined &&
    entry.hop === before.hop &&
    entry.tool === before.tool &&
    entry.agent === before.agent &&
    entry.decision === before.decision &&
    entry.identity === before.identity;
  if (isSame) return PLAIN.test(entry.arguments);
  const { agent, arguments: digest, decision, hop, identity, tool } = entry;
  return PLAIN.test(`${agent}${digest}${decision}${hop}${identity}${tool}`);
}

function textOf(entry: Entry): string {
  const { agent, arguments: digest, at, decision, hop, identity, seen, sequence, tool } = entry;
  const who = `{"agent":"${agent}","arguments":"${digest}","at":${String(at)},"decision":"${decision}"`;
  const place = `,"hop":"${hop}","identity":"${identity}","seen":${String(seen)}`;
  return `${who}${place},"sequence":${String(sequence)},"tool":"${tool}"}`;
}
