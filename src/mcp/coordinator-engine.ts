/** What a coordinator's MCP server works on, and for whom. @module */
import type { Clock } from "../base/clock.js";
import { DelegationError } from "../base/error.js";
import type { RandomBytes } from "../base/random.js";
import type { Trust } from "../chain/trust.js";
import type { VerifiedChain } from "../chain/verified-chain.js";
import type { InspectedNode } from "../coordinator/inspect.js";
import { Vouched } from "../coordinator/present.js";
import type { DelegationStore } from "../coordinator/store.js";
import type { Coordinator } from "../coordinator/verbs.js";
import type { Owner } from "./coordinator-handles.js";

/** A coordinator, its store, and whose signatures begin a chain: what embedded and Redis engines are. */
export interface CoordinatorEngine {
  readonly issuer: string;
  readonly coordinator: Coordinator;
  readonly store: Pick<DelegationStore, "audit" | "ticket">;
  readonly trust: Trust;
}

/** The same, with time and randomness. */
export interface ServedEngine extends CoordinatorEngine {
  readonly clock: Clock;
  readonly random: RandomBytes;
}

/** Hops from the root to one that a caller sees. */
export interface Path {
  readonly above: readonly InspectedNode[];
  readonly below: readonly [InspectedNode, ...InspectedNode[]];
}

/** Who calls a tool: a chain that the guard has let in, and what it may look at. */
export class Caller {
  readonly chain: VerifiedChain;
  /** Id of its own hop. */
  readonly own: string;
  readonly vouched: Vouched;
  readonly #coordinator: Coordinator;

  constructor({ coordinator }: Pick<CoordinatorEngine, "coordinator">, chain: VerifiedChain) {
    this.#coordinator = coordinator;
    this.chain = chain;
    this.own = chain.hops.at(-1)?.id ?? chain.tree;
    this.vouched = new Vouched(chain);
  }

  /** Names the caller to verbs that believe whoever calls them; only for what was found to be in reach. */
  get asOperator() {
    return { operator: this.chain.hops.at(-1)?.agent ?? "", tenant: this.chain.tenant };
  }

  /** Who its handles are good for. */
  get owner(): Owner {
    const { tenant, tree } = this.chain;
    return { tenant, tree, hop: this.own };
  }

  /** Ids of the hops above, root first. */
  get ancestors(): readonly string[] {
    return this.chain.hops.slice(0, -1).map(({ id }) => id);
  }

  /**
   * The hops from the caller's own to one at or below it.
   *
   * @throws {DelegationError} `not_entitled`, alike for a hop above or beside, of another tree or tenant, and one that does not exist
   */
  async reach(hop: string): Promise<readonly [InspectedNode, ...InspectedNode[]]> {
    return (await this.path(hop)).below;
  }

  /**
   * The same, and the hops above the caller's own, root first: what they have used up counts for it as well.
   *
   * @throws {DelegationError} as `reach`
   */
  async path(hop: string): Promise<Path> {
    const nodes = await this.#lineage(hop);
    const at = nodes.findIndex((one) => one.hop.id === this.own);
    const [first, ...rest] = at < 0 ? [] : nodes.slice(at);
    if (first === undefined || first.hop.tree !== this.chain.tree) throw outOfReach();
    return { above: nodes.slice(0, at), below: [first, ...rest] };
  }

  /** Whether a hop is the caller's own or lies below it. */
  async sees(hop: string): Promise<boolean> {
    if (hop === this.own) return true;
    try {
      await this.reach(hop);
      return true;
    } catch (thrown) {
      if (thrown instanceof DelegationError && thrown.code === "not_entitled") return false;
      throw thrown;
    }
  }

  async #lineage(hop: string): Promise<readonly InspectedNode[]> {
    try {
      return await this.#coordinator.inspectChain(this.asOperator, hop);
    } catch (thrown) {
      if (thrown instanceof DelegationError && thrown.code === "hop_not_found") return [];
      throw thrown;
    }
  }
}

/** One answer for everything that a caller may not see. */
export function outOfReach(): DelegationError {
  return new DelegationError("not_entitled", "a caller sees its own hop and those below", {
    rule: "hop",
  });
}
