/** Reads what scripts show of hops and trees: flat lists of texts, see `lua/lib/show.lua`. @module */
import { HOP_STATES, type HopState } from "../lifecycle/state.js";
import type { Counters, HopRecord, TreeRecord } from "../wire/record.js";
import { type Reply, unavailable } from "./script.js";

/** How many texts a shown hop has. */
export const HOP_TEXTS = 17;

/** Flags of a hop as scripts keep them. */
export const PROVEN = 1;
export const LINK = 2;
export const BEARER = 4;

/** The hop whose texts begin at `from`. @throws {DelegationError} `store_unavailable` for anything else */
export function readHop(
  tenant: string,
  tree: string,
  reply: readonly Reply[],
  from = 0,
): HopRecord {
  const parent = textAt(reply, from + 1);
  const flags = wholeAt(reply, from + 4);
  const predecessor = textAt(reply, from + 10);
  return {
    tenant,
    tree,
    id: textAt(reply, from),
    ...(parent === "" ? {} : { parent }),
    depth: wholeAt(reply, from + 2),
    agent: textAt(reply, from + 3),
    identity: (flags & PROVEN) === 0 ? "asserted" : "proven",
    holder: textAt(reply, from + 5),
    authority: textAt(reply, from + 6),
    state: readState(textAt(reply, from + 7)),
    createdAt: wholeAt(reply, from + 8),
    expiresAt: wholeAt(reply, from + 9),
    origin: (flags & LINK) === 0 ? "coordinator" : "link",
    bearer: (flags & BEARER) !== 0,
    ...(predecessor === "" ? {} : { predecessor }),
    position: wholeAt(reply, from + 11),
    counters: readCounters(reply, from + 12),
  };
}

/** Calls, children, descendants and spend, beginning at `from`. */
export function readCounters(reply: readonly Reply[], from: number): Counters {
  return {
    calls: wholeAt(reply, from),
    spend: spendIn(textAt(reply, from + 3)),
    children: wholeAt(reply, from + 1),
    descendants: wholeAt(reply, from + 2),
  };
}

/** The tree whose texts begin at `from`. @throws {DelegationError} `store_unavailable` for anything else */
export function readTree(tenant: string, reply: readonly Reply[], from = 0): TreeRecord {
  const state = textAt(reply, from + 7);
  const isLease = state === "held" || state === "lapsed" || state === "released";
  return {
    tenant,
    id: textAt(reply, from),
    principal: { issuer: textAt(reply, from + 1), subject: textAt(reply, from + 2) },
    trigger: textAt(reply, from + 3),
    createdAt: wholeAt(reply, from + 4),
    expiresAt: wholeAt(reply, from + 5),
    ...(isLease ? { lease: { until: wholeAt(reply, from + 6), state } } : {}),
  };
}

export function readState(text: string): HopState {
  const state = HOP_STATES.find((one) => one === text);
  if (state === undefined) throw unavailable("REPLY");
  return state;
}

export function textAt(reply: readonly Reply[], index: number): string {
  const text = reply[index];
  if (typeof text === "string") return text;
  throw unavailable("REPLY");
}

/** A whole number, written as one or as text. */
export function wholeAt(reply: readonly Reply[], index: number): number {
  const word = reply[index];
  const number = word === "" || word === null ? Number.NaN : Number(word);
  if (Number.isSafeInteger(number)) return number;
  throw unavailable("REPLY");
}

/** A list within the reply. */
export function listAt(reply: readonly Reply[], index: number): readonly Reply[] {
  const list = reply[index];
  if (Array.isArray(list)) return list as readonly Reply[];
  throw unavailable("REPLY");
}

/** `EUR=9.50,USD=1` */
function spendIn(text: string): Record<string, string> {
  const pairs = text === "" ? [] : text.split(",").map((pair) => pair.split("="));
  return Object.fromEntries(pairs.map(([currency = "", amount = ""]) => [currency, amount]));
}
