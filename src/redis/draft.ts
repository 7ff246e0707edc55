/** A hop to be made, as the twenty arguments that scripts read (`lua/lib/make.lua`). @module */
import { encodeEvent } from "../audit/chain.js";
import { type Stamp, stamped } from "../audit/stamp.js";
import { DelegationError } from "../base/error.js";
import { type JsonObject, parseJson } from "../base/json.js";
import { AUDIT_LINE_BYTES_MAX, JSON_DEPTH_MAX } from "../base/limits.js";
import type { CreateMove } from "../coordinator/store.js";
import type { AuditDraft } from "../wire/event.js";
import type { Authority, Limits } from "../wire/grant.js";
import { shorten } from "./shorthand.js";
import { BEARER, LINK, PROVEN } from "./shown.js";

type Argument = string | number;

/**
 * The arguments of one draft.
 *
 * @param isTold Whether the authority's text may be left out: its digest names it.
 * @throws {DelegationError} `malformed`, `non_finite`; `too_large` for an event beyond its ceiling
 */
export function draftArguments(move: CreateMove, isTold = false): readonly Argument[] {
  const { hop, authority, idempotency } = move;
  return [
    hop.tenant,
    hop.tree,
    hop.id,
    hop.parent ?? "",
    hop.depth,
    hop.agent,
    flagsOf(move),
    hop.holder,
    hop.authority,
    isTold ? "" : textOf(authority),
    hop.createdAt,
    hop.expiresAt,
    move.initial,
    move.seen,
    idempotency === undefined ? "" : `=${idempotency.key}`,
    idempotency?.request ?? "",
    ...limitArguments(authority.limits),
    eventText(move.event, stampOf(move)),
    move.now,
  ];
}

/** The event with the store's facts in it, in shorthand. Throws as {@link draftArguments} does. */
export function eventText(draft: AuditDraft, facts: Stamp): string {
  const text = encodeEvent(stamped(draft, facts));
  if (text.length * 3 <= AUDIT_LINE_BYTES_MAX) return shorten(text);
  throw new DelegationError("too_large", "audit line is larger than its ceiling");
}

function flagsOf({ hop }: CreateMove): number {
  const proven = hop.identity === "proven" ? PROVEN : 0;
  return proven + (hop.origin === "link" ? LINK : 0) + (hop.bearer ? BEARER : 0);
}

function limitArguments(limits: Limits): readonly [counts: string, spend: string] {
  const { children = "", descendants = "", calls = "", spend } = limits;
  const amounts = Object.entries(spend ?? {}).map(([currency, amount]) => `${currency}=${amount}`);
  return [`${children},${descendants},${calls}`, spend === undefined ? "" : `=${amounts.join()}`];
}

/** What the script adds: which hop this one takes the place of. */
function stampOf({ hop, event, initial }: CreateMove): Stamp {
  const { tenant, tree, id, agent, identity, parent } = hop;
  const data: JsonObject = {
    made: true,
    ...(parent === undefined ? {} : { parent }),
    ...(initial === "pending_approval" ? { waits: true } : {}),
  };
  return { tenant, tree, hop: id, agent, identity, kind: event.kind, data };
}

/** Authorities are shared by many hops and are never changed, so each is written out once. */
const TEXTS = new WeakMap<Authority, string>();

/** What stands around an authority in other places is not as deep as the rest. */
const DEPTH_MAX = JSON_DEPTH_MAX - 8;

/** JSON that its readers will take. */
function textOf(authority: Authority): string {
  const known = TEXTS.get(authority);
  if (known !== undefined) return known;
  const text = JSON.stringify(authority);
  parseJson(text, { depthMax: DEPTH_MAX });
  TEXTS.set(authority, text);
  return text;
}
