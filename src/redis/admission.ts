/** Admission: one script for each call that needs the store, and batches of lines for those that did not. @module */

import { encodeEvent } from "../audit/chain.js";
import { type Decimal, parseDecimal } from "../base/decimal.js";
import { DelegationError } from "../base/error.js";
import type { JsonObject } from "../base/json-value.js";
import { AUDIT_BUFFER_MAX, AUDIT_LINE_BYTES_MAX } from "../base/limits.js";
import type { AdmitMove, Admitted, StatedLimits } from "../guard/admission.js";
import type { AuditDraft } from "../wire/event.js";
import { eventText } from "./draft.js";
import type { Args, Ground } from "./ground.js";
import { knownOf } from "./known.js";
import { lineName } from "./line-name.js";
import type { Reply } from "./script.js";
import { SCRIPTS } from "./scripts.generated.js";
import { shorten } from "./shorthand.js";
import { wholeAt } from "./shown.js";

export async function admit(ground: Ground, move: AdmitMove): Promise<Admitted> {
  return admittedOf(ground, move, await admitBriefly(ground, move));
}

/** What the store answered: the position, and the number of the line in its partition. */
export interface AdmittedAt {
  readonly position: number;
  readonly seq: number;
}

/** The answer in the words of the contract. */
export function admittedOf(
  ground: Ground,
  { tree }: AdmitMove,
  { position, seq }: AdmittedAt,
): Admitted {
  const partition = ground.partitionOf(tree);
  return { position, line: lineName(ground.topology.partitions, partition, seq) };
}

/** Whether a call uses up what there is only once: an approval, a single-use token, money. */
export function usesUp({ once, tickets, charge }: AdmitMove): boolean {
  return once !== undefined || tickets.length > 0 || Object.keys(charge.spend).length > 0;
}

/** A chain that is known is not looked up again, for a call that uses nothing up. */
async function admitBriefly(ground: Ground, move: AdmitMove): Promise<AdmittedAt> {
  const known = knownOf(ground);
  const chain = usesUp(move) ? undefined : known.forAdmit(move);
  const event = eventOf(move);
  const partition = ground.partitionOf(move.tree);
  if (chain !== undefined) {
    const args = [...chain.head, move.seen, event, ...chain.tail];
    const reply = await ground.move(partition, SCRIPTS.admitKnown, move.now, args);
    if (reply.length > 0) return placeIn(reply);
    known.forgetChain(move);
  }
  const reply = await ground.move(partition, SCRIPTS.admit, move.now, argumentsOf(move, event));
  if (reply.length > 2) known.learnChain(move, reply.slice(2));
  return placeIn(reply);
}

/** Admits a call, whatever it uses up. */
export async function admitAt(ground: Ground, move: AdmitMove): Promise<AdmittedAt> {
  const args = argumentsOf(move, eventOf(move));
  return placeIn(await ground.move(ground.partitionOf(move.tree), SCRIPTS.admit, move.now, args));
}

function placeIn(reply: readonly Reply[]): AdmittedAt {
  return { position: wholeAt(reply, 0), seq: wholeAt(reply, 1) };
}

function argumentsOf(move: AdmitMove, event: string): Args {
  const { tenant, tree, hops, once, charge } = move;
  const spend = Object.entries(charge.spend);
  return [
    ...[tenant, tree, move.seen],
    once === undefined ? "" : `=${once}`,
    event,
    statedText(move.stated),
    spend.every(([, amount]) => isAmount(amount)) ? "" : "!",
    ...listed(hops),
    ...listed(move.offline),
    ...listed(spend.flat()),
    ...listed(move.tickets.flatMap(({ ticket, binding }) => [ticket, binding])),
  ];
}

/** The line of a call that is let in, as scripts read it. */
export function eventOf({ event, tenant, tree, hops }: AdmitMove): string {
  const acting = hops.at(-1);
  return eventText(event, { tenant, tree, ...(acting === undefined ? {} : { hop: acting }) });
}

/** Lines that one run of the script writes. */
const LINES_STEP = 256;

/** Lines of one partition stay in order; those of several have none among each other. */
export async function record(
  ground: Ground,
  events: readonly AuditDraft[],
  now: number,
): Promise<void> {
  if (events.length > AUDIT_BUFFER_MAX) {
    throw new DelegationError("too_large", "more events than one batch holds");
  }
  const byPartition = new Map<number, Args[]>();
  for (const event of events) {
    const partition = event.tree === undefined ? 0 : ground.partitionOf(event.tree);
    const lines = byPartition.get(partition) ?? [];
    lines.push(lineArguments(event));
    byPartition.set(partition, lines);
  }
  await Promise.all(
    [...byPartition].map(async ([partition, lines]) => {
      for (let from = 0; from < lines.length; from += LINES_STEP) {
        const step = lines.slice(from, from + LINES_STEP);
        await ground.move(partition, SCRIPTS.record, now, [step.length, ...step.flat()]);
      }
    }),
  );
}

function lineArguments(event: AuditDraft): Args {
  const { tenant, tree = "", hop, data } = event;
  const text = encodeEvent(event);
  if (text.length * 3 > AUDIT_LINE_BYTES_MAX) {
    throw new DelegationError("too_large", "audit line is larger than its ceiling");
  }
  const told = shorten(text);
  if (hop !== undefined) return [tenant, tree, told, "hop", 1, hop];
  const calls = hopsIn(data);
  return [tenant, tree, told, "calls", calls.length, ...calls];
}

function hopsIn(data: JsonObject | undefined): string[] {
  const calls = data?.calls;
  if (!Array.isArray(calls)) return [];
  const hops = calls.map((call) => (call as JsonObject | null)?.hop);
  return [...new Set(hops.filter((hop) => typeof hop === "string"))];
}

export function listed(list: readonly string[]): Args {
  return [list.length, ...list];
}

/** A limit that is no amount refuses only once it is looked at, as it does in every store. */
export function statedText(stated: readonly StatedLimits[]): string {
  if (stated.length === 0) return "";
  return JSON.stringify(
    stated.map(({ hop, calls, spend }) => ({
      hop,
      ...(calls === undefined ? {} : { calls }),
      ...(spend === undefined
        ? {}
        : {
            spend: Object.entries(spend).flatMap(([name, sum]) => [
              name,
              isAmount(sum) ? sum : "!",
            ]),
          }),
    })),
  );
}

function isAmount(text: string): boolean {
  return parsed(text) !== undefined;
}

function parsed(text: string): Decimal | undefined {
  try {
    return parseDecimal(text);
  } catch {
    return undefined;
  }
}
