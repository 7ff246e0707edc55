/**
 * What a process remembers of hops and authorities because it never changes: the ordinals of a chain, until when its soonest hop lives,
 * the short name of an authority. Whoever says it with a move spares the server looking it up.
 *
 * A server that began another life may have lost it and given the same ordinals to others, so each memory names the life and the
 * generation that told it, and the script compares. All that can change is read there as ever.
 * @module
 */
import type { CreateMove } from "../coordinator/store.js";
import type { AdmitMove } from "../guard/admission.js";
import type { Args, Ground } from "./ground.js";
import type { Reply } from "./script.js";
import { textAt } from "./shown.js";

/** Memories of each kind; beyond that all are forgotten and learnt again. */
const KNOWN_MAX = 10_000;
/** Where `draftArguments` puts them. */
const FLAGS = 6;
const CREATED = 10;
const COUNTS = 16;

/** Who told it. */
interface Origin {
  readonly life: string;
  readonly generation: string;
}

/** A hop that others can be made below. */
interface KnownParent extends Origin {
  readonly depth: number;
  /** Epoch milliseconds at which the first of its chain ends. */
  readonly soonest: number;
  /** Ordinals, root first, its own last. */
  readonly chain: readonly string[];
}

interface KnownAuthority extends Origin {
  readonly ref: string;
  readonly until: string;
}

/** A chain that calls are made by. */
interface KnownChain extends Origin {
  readonly hops: readonly string[];
  /** Life, generation, tenant and tree as the script takes them. */
  readonly head: Args;
  /** Soonest end, facts, ordinals. */
  readonly tail: Args;
}

/** What is known on one ground. */
export class Known {
  readonly #parents = new Map<string, KnownParent>();
  readonly #authorities = new Map<string, KnownAuthority>();
  readonly #chains = new Map<string, KnownChain>();

  /** Arguments of `create-known`; `undefined` where something is not known, or the move is not plain by itself. */
  forCreate(partition: number, move: CreateMove, args: Args): Args | undefined {
    const { hop, initial, idempotency, seen } = move;
    const { tenant, tree, parent } = hop;
    if (parent === undefined || idempotency !== undefined || initial !== "active") return undefined;
    const under = this.#parents.get(placeOf(tenant, tree, parent));
    const authority = this.#authorities.get(`${partition} ${hop.authority}`);
    if (under === undefined || authority === undefined || under.depth + 1 !== hop.depth) {
      return undefined;
    }
    const { life, generation, soonest, chain } = under;
    if (authority.life !== life || authority.generation !== generation) return undefined;
    return [
      ...[life, generation, tenant, nameOf(tenant, tree), hop.id, hop.agent],
      ...[args[FLAGS] ?? 0, hop.holder, authority.ref, authority.until],
      ...[...args.slice(CREATED, CREATED + 2), seen],
      ...args.slice(COUNTS, COUNTS + 3),
      ...[soonest, hop.depth, ...chain],
    ];
  }

  /** @param told What a quick create replied, from its ordinal on. */
  learnCreate(partition: number, { hop }: CreateMove, told: readonly Reply[]): void {
    const [ordinal, life, generation, ref, until, soonest, ...chain] = told.map((_, at) =>
      textAt(told, at),
    );
    if (ordinal === undefined || life === undefined || generation === undefined) return;
    if (ref === undefined || until === undefined || hop.parent === undefined) return;
    const origin = { life, generation };
    keep(this.#authorities, `${partition} ${hop.authority}`, { ...origin, ref, until });
    const { tenant, tree, parent, depth } = hop;
    const under = { ...origin, depth: depth - 1, soonest: Number(soonest), chain };
    keep(this.#parents, placeOf(tenant, tree, parent), under);
    this.learnChild(hop, ordinal);
  }

  /** A hop was made below one that is known. */
  learnChild({ tenant, tree, id, parent, depth, expiresAt }: CreateMove["hop"], ordinal: string) {
    const under = this.#parents.get(placeOf(tenant, tree, parent ?? ""));
    if (under === undefined) return;
    const soonest = Math.min(under.soonest, expiresAt);
    const chain = [...under.chain, ordinal];
    keep(this.#parents, placeOf(tenant, tree, id), { ...under, depth, soonest, chain });
  }

  /** What is known of the parent did not help, so the whole move is asked from now on. */
  forgetParent({ tenant, tree, parent = "" }: CreateMove["hop"]): void {
    this.#parents.delete(placeOf(tenant, tree, parent));
  }

  /** Arguments of `admit-known`, but for what comes with the call. The caller asks only for calls that use nothing up. */
  forAdmit({ tenant, tree, hops, stated }: AdmitMove): KnownChain | undefined {
    if (stated.length > 0) return undefined;
    const known = this.#chains.get(placeOf(tenant, tree, hops.at(-1) ?? ""));
    const isSame = known?.hops.every((hop, at) => hop === hops[at]);
    return isSame && known?.hops.length === hops.length ? known : undefined;
  }

  /** @param told What a quick admit replied, behind the number of the line. */
  learnChain({ tenant, tree, hops }: AdmitMove, told: readonly Reply[]): void {
    const [life, generation, ...tail] = told.map((_, at) => textAt(told, at));
    if (life === undefined || generation === undefined) return;
    const head = [life, generation, tenant, nameOf(tenant, tree)];
    keep(this.#chains, placeOf(tenant, tree, hops.at(-1) ?? ""), {
      ...{ life, generation, hops: [...hops], head, tail },
    });
  }

  forgetChain({ tenant, tree, hops }: AdmitMove): void {
    this.#chains.delete(placeOf(tenant, tree, hops.at(-1) ?? ""));
  }
}

/** T of the scripts (`lua/lib/keys.lua`). */
function nameOf(tenant: string, tree: string): string {
  return `${Buffer.byteLength(tenant)}:${tenant}:${tree}`;
}

function placeOf(tenant: string, tree: string, hop: string): string {
  return `${tenant.length}:${tenant}:${tree.length}:${tree}:${hop}`;
}

function keep<T>(known: Map<string, T>, name: string, what: T): void {
  if (known.size >= KNOWN_MAX) known.clear();
  known.set(name, what);
}

const GROUNDS = new WeakMap<Ground, Known>();

/** The one of this ground. */
export function knownOf(ground: Ground): Known {
  const known = GROUNDS.get(ground);
  if (known !== undefined) return known;
  const fresh = new Known();
  GROUNDS.set(ground, fresh);
  return fresh;
}
