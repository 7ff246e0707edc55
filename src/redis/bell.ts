/** What the doorbell and the log of cuts tell: an entry with the link that chains it, or a heartbeat. @module */
import { parseJson } from "../base/json.js";
import type { Heartbeat } from "../guard/feed.js";
import { type CutEntry, cutEntrySchema } from "../wire/cut.js";
import { parseShape } from "../wire/shape.js";
import { unavailable } from "./script.js";

/** An entry as the log has it. */
export interface Linked {
  readonly kind: "entry";
  /** Chains it to all before it. */
  readonly chain: string;
  readonly entry: CutEntry;
}

/** A heartbeat, and which log it is of. */
export interface Beaten {
  readonly kind: "heartbeat";
  readonly epoch: string;
  /** Link of the entry at its position. */
  readonly chain: string;
  readonly heartbeat: Heartbeat;
}

/** @throws {DelegationError} `store_unavailable` for what no store of ours says */
export function heardOf(payload: string): Linked | Beaten {
  return payload.startsWith("h ") ? beatenOf(payload) : linkedOf(payload);
}

/** An entry of the stream. @throws {DelegationError} `store_unavailable` */
export function linkedOf(text: string): Linked {
  const blank = text.indexOf(" ");
  if (blank < 1) throw unavailable("ENTRY");
  return { kind: "entry", chain: text.slice(0, blank), entry: entryOf(text.slice(blank + 1)) };
}

/** @throws {DelegationError} `store_unavailable` */
export function entryOf(json: string): CutEntry {
  return parseShape(cutEntrySchema, parseJson(json), "store_unavailable");
}

function beatenOf(payload: string): Beaten {
  const [, epoch, chain, position, at, generation] = payload.split(" ");
  const heartbeat = { generation: generation ?? "", position: Number(position), at: Number(at) };
  const whole = Number.isSafeInteger(heartbeat.position) && Number.isSafeInteger(heartbeat.at);
  if (epoch === undefined || chain === undefined || heartbeat.generation === "" || !whole) {
    throw unavailable("HEARTBEAT");
  }
  return { kind: "heartbeat", epoch, chain, heartbeat };
}
