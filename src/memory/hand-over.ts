/** What a holder asks of the coordinator when it hands authority on, and what it needs for it. @module */
import type { Clock } from "../base/clock.js";
import type { RandomBytes } from "../base/random.js";
import type { ChainCache } from "../chain/cache.js";
import type { Trust } from "../chain/trust.js";
import type { Coordinator } from "../coordinator/verbs.js";
import { type AgentKeys, makeAgentProof } from "../token/agent-proof.js";
import { generateSigningKey, type SigningKey } from "../token/key.js";
import type { GrantInput } from "../wire/grant.js";

/** The verbs that a holder may use; a coordinator in another process can be behind them. */
export type HolderVerbs = Pick<
  Coordinator,
  | "ask"
  | "claim"
  | "complete"
  | "delegate"
  | "exchange"
  | "narrow"
  | "renew"
  | "renewLease"
  | "revoke"
>;

/** What a holder needs besides its key and tokens. */
export interface HolderSide {
  readonly coordinator: HolderVerbs;
  readonly issuer: string;
  readonly trust: Trust;
  /** Spares holders the signatures of what another holder of this process has verified already. */
  readonly cache: ChainCache;
  readonly agentKeys: AgentKeys;
  readonly clock: Clock;
  readonly random: RandomBytes;
}

/** The same with the coordinator itself in this process. */
export interface HolderKit extends HolderSide {
  readonly coordinator: Coordinator;
}

/** Who is to get a hop, and what. */
export interface HandOver {
  readonly agent: string;
  readonly grant: GrantInput;
  /** The agent's identity key: with it the agent is proven at the hop, without it asserted. */
  readonly identity?: SigningKey;
  /** The hop's holder key; made fresh, in this process, unless told. */
  readonly key?: SigningKey;
}

/** A delegation that the coordinator makes. */
export interface DelegateOptions extends HandOver {
  /** The same request under the same key of the parent gives the same hop. */
  readonly idempotencyKey?: string;
  /** For one audience, minutes to live, no hops left, and no proof asked of whoever has it. */
  readonly bearer?: boolean;
}

/** How many people have to agree before a hop becomes active. */
export interface HopApproval {
  readonly approvers: number;
  readonly from?: readonly string[];
}

/** How to make a call. */
export interface CallOptions {
  /** The grant's first unless told. */
  readonly audience?: string;
  /** Granted approvals, in the order in which they were handed out. */
  readonly tickets?: readonly string[];
  /** Offers a key with the proof: hand the decision to `join`, and later calls need no signature. */
  readonly session?: boolean;
}

/** Where a hop is to hang: the digest that it names its parent by, empty for a root, and who is to believe its agent's proof. */
export interface Place {
  readonly parent: string;
  readonly audience: string;
}

/** A delegatee's part of a request, and the key that goes with it. */
export function delegateeOf(
  { clock, random }: Pick<HolderKit, "clock" | "random">,
  { agent, grant, identity, key = generateSigningKey("EdDSA", random) }: HandOver,
  { parent, audience }: Place,
) {
  const nowMs = clock.now();
  const holder = key.thumbprint;
  const agentProof =
    identity === undefined
      ? undefined
      : makeAgentProof({ key: identity, agent, holder, parent, audience, nowMs, random });
  return { agent, grant, key, agentProof };
}
