/**
 * What a call used up: kept in the outbox before the call begins, and written again in a life that lost it.
 *
 * @module
 */
import type { AdmitMove } from "../guard/admission.js";
import { type AdmittedAt, eventOf, listed, statedText } from "./admission.js";
import { PATIENCE } from "./connect.js";
import type { Ground } from "./ground.js";
import type { Outbox } from "./outbox-contract.js";
import { ask, type Reply, unavailable } from "./script.js";
import { SCRIPTS } from "./scripts.generated.js";

/** What was used up, and the line that says so. */
export interface Use {
  readonly tenant: string;
  readonly tree: string;
  readonly hops: readonly string[];
  readonly once?: string;
  readonly tickets: readonly string[];
  /** Currency, amount, and so on. */
  readonly spend: readonly string[];
  /** What links state for themselves, and the line's event, as scripts read them. */
  readonly stated: string;
  readonly event: string;
  /** Position of the log of cuts when it was let in. */
  readonly position: number;
  /** In which life the line was written, and its number in the partition. */
  readonly life: string;
  readonly seq: number;
}

export function useOf(move: AdmitMove, life: string, { position, seq }: AdmittedAt): Use {
  const { tenant, tree, hops, once, tickets, charge, stated } = move;
  return {
    tenant,
    tree,
    hops,
    ...(once === undefined ? {} : { once }),
    tickets: tickets.map(({ ticket }) => ticket),
    spend: Object.entries(charge.spend).flat(),
    stated: statedText(stated),
    event: eventOf(move),
    position,
    life,
    seq,
  };
}

/** Writes a use again; nothing where that was done before. Throws as the store does. */
export async function restoreUse(
  ground: Ground,
  partition: number,
  id: string,
  use: Use,
  now: number,
): Promise<void> {
  const { tenant, tree, once, event, stated } = use;
  const args = [
    ...[tenant, tree, id],
    once === undefined ? "" : `=${once}`,
    ...[event, stated, use.position],
    ...listed(use.hops),
    ...listed(use.spend),
    ...listed(use.tickets),
  ];
  await ground.move(partition, SCRIPTS.restoreUse, now, args);
}

/** Writes again all that the partition lost; resolves once that is durable. Throws as the store does. */
export async function restoreUses(
  ground: Ground,
  outbox: Outbox,
  partition: number,
): Promise<void> {
  if (!outbox.holds(partition)) return;
  const lives = await livesOf(ground, partition);
  await outbox.repair(partition, ({ what }) => {
    const { use } = what as unknown as { readonly use?: Use };
    return use !== undefined && isLost(use, lives);
  });
}

/** A life of the partition's owner, and the number of the last line that was there when it began. */
interface Life {
  readonly life: string;
  readonly from: number;
}

/** What follows a life has the beginning of what that one had, so a line is there unless a later life began before it. */
function isLost({ life, seq }: Use, lives: readonly Life[]): boolean {
  const at = lives.findLastIndex((one) => one.life === life);
  return at < 0 || lives.slice(at + 1).some(({ from }) => from < seq);
}

async function livesOf(ground: Ground, partition: number): Promise<readonly Life[]> {
  const { writer } = ground.topology.shardOf(partition);
  const key = `${ground.topology.base(partition)}lives`;
  const list = await ask(writer, PATIENCE.commandMs, "LRANGE", key, 0, -1);
  if (!Array.isArray(list)) throw unavailable("REPLY");
  return list.map(lifeOf);
}

function lifeOf(reply: Reply): Life {
  const [, from, life] = (typeof reply === "string" && /^(\d+) (.+)$/.exec(reply)) || [];
  if (from === undefined || life === undefined) throw unavailable("REPLY");
  return { life, from: Number(from) };
}
