/** What a coordinator can do, verb by verb, as its callers see it. @module */
import type { PossessionResult } from "../chain/possession.js";
import type { Timers } from "../lifecycle/timers.js";
import type { Jwks, KeyRing } from "../token/jwks.js";
import type { TicketRecord, TreeRecord } from "../wire/record.js";
import type { Actor, Operator } from "./actor.js";
import type { Approver } from "./decide.js";
import type { Delegated } from "./delegate.js";
import type { InspectedNode, InspectedPage } from "./inspect.js";
import type { Active, Inactive } from "./introspect.js";
import type { Issued } from "./issue.js";
import type { Keeper } from "./keeper.js";
import type { Narrowed } from "./narrow.js";
import type { Presented, Vouched } from "./present.js";
import type { CutPreview } from "./preview.js";
import type { Revoked } from "./revoke.js";
import type { CutResult } from "./store.js";
import type { AskedTicket } from "./ticket.js";

/**
 * All verbs over one store.
 *
 * A request is a plain object, read strictly: an unknown member is `invalid_request`. Times in requests are whole seconds, in
 * answers epoch milliseconds. Whoever presents a chain proves possession of its last key for exactly this request; where a guard of
 * the same process has seen to that, the chain is vouched for instead. Operators, approvers and the principal of a new tree are
 * believed: the caller has authenticated them. Any verb can throw
 * `store_unavailable` and `clock_skewed`.
 */
export interface Coordinator {
  /**
   * Opens a tree on behalf of a principal and hands its root hop to an agent.
   *
   * @param request `principal`, `trigger`, `agent`, `holderKey` (public JWK), `grant`; `agentProof`, `tenant`,
   *   `leaseSeconds`, `depth`, `bearer`.
   * @throws {DelegationError} `invalid_request`, `key_invalid`, `invalid_grant_shape`, `unknown_constraint`,
   *   `lifetime_invalid`, `bearer_not_allowed`, `proof_invalid`, `proof_expired`; `delegation_revoked` for a banned agent or key
   */
  open(request: unknown): Promise<Issued>;
  /**
   * Makes a hop below the last one of the presented chain, narrower than it; pending when people have to agree first.
   *
   * @param request `agent`, `holderKey`, `grant`; `agentProof`, `idempotencyKey`, `approval`, `bearer`.
   * @throws {DelegationError} as `verifyChain`, for a proof that does not hold, and as `open`; `grant_exceeds_parent`,
   *   `depth_exhausted`, `self_link_invalid`; as `DelegationStore.create`
   */
  delegate(presented: Presented | Vouched, request: object): Promise<Delegated>;
  /**
   * Signs a fresh anchor for the same hop and key; it never outlives the record, its ancestors or the root's lease.
   *
   * @param request Empty, and covered by the proof all the same.
   * @throws {DelegationError} as `verifyChain`, and for a proof that does not hold; `invalid_request` for a chain with links;
   *   `delegation_revoked`, `delegation_suspended`, `hop_not_active`, `lease_lapsed`, `hop_not_found`
   */
  renew(presented: Presented, request?: object): Promise<Issued & PossessionResult>;
  /**
   * Renews a root's lease, for an operator or the root's own holder; never shortens it.
   *
   * @param request `tree`, `leaseSeconds` from now.
   * @throws {DelegationError} `invalid_request`, `not_entitled`, `hop_not_found`, `lease_lapsed`; `illegal_transition` for a tree
   *   without a lease; `delegation_revoked`, `hop_not_active` to the holder of a root that has ended
   */
  renewLease(actor: Actor, request: object): Promise<TreeRecord>;
  /**
   * Gives the anchor of a hop to the holder of its key, after an approval or a narrowing.
   *
   * @param who `proof`: an AAT proof by the holder key for the tool `legate.claim`, with the hop's id as token id, the issuer
   *   as audience and the request as arguments.
   * @param request `hop`, `holderKey`.
   * @throws {DelegationError} `proof_invalid`, `proof_expired`, `proof_replayed`; `hop_not_found` also for another key than the
   *   hop's; `approval_pending`, `approval_denied`, `delegation_revoked`, `delegation_suspended`, `hop_not_active`, `lease_lapsed`
   */
  claim(
    who: { readonly proof: string; readonly tenant?: string },
    request: object,
  ): Promise<Issued>;
  /**
   * Turns a chain into one anchor, and tells the store of its offline hops (RFC 8693).
   *
   * @param request `audience`, `expiresAt`, never wider; `delegatee`, as for `delegate`, for a new hop with another key.
   * @throws {DelegationError} as `verifyChain`, and for a proof that does not hold; `self_link_invalid`, `audience_mismatch`,
   *   `lifetime_invalid`, `hop_not_found`; as `DelegationStore.register`, `delegate` and `renew`
   */
  exchange(presented: Presented, request: object): Promise<Delegated>;
  /**
   * Replaces a hop by a narrower successor with its counters; everything below the predecessor is cut in the same step.
   *
   * @param request `hop`, `grant`; `holderKey`, `reason`.
   * @throws {DelegationError} `hop_not_found`, `not_entitled`; `grant_exceeds_parent`, naming every escape; as `DelegationStore.narrow`
   */
  narrow(actor: Actor, request: object): Promise<Narrowed>;
  /**
   * Ends a hop because its task is over, and cuts everything below.
   *
   * @param request `hop`; `reason`.
   * @throws {DelegationError} `hop_not_found`, `not_entitled`, `illegal_transition`
   */
  complete(actor: Actor, request: object): Promise<CutResult>;
  /**
   * Stops a hop and everything below, for now; the id of the entry names the suspension.
   *
   * @param request `hop`; `reason`.
   * @throws {DelegationError} `hop_not_found`, `not_entitled`, `illegal_transition`
   */
  suspend(actor: Actor, request: object): Promise<CutResult>;
  /**
   * Lifts one suspension; the hop is active again when none is left.
   *
   * @param request `hop`, `suspension`; `reason`.
   * @throws {DelegationError} `hop_not_found`, `not_entitled`, `illegal_transition`
   */
  resume(actor: Actor, request: object): Promise<CutResult>;
  /**
   * Cuts at a boundary, for good: one write, whatever lies below.
   *
   * @param request `boundary`; `reason`.
   * @throws {DelegationError} `invalid_request` for an empty or wildcard selector; `not_entitled`
   */
  revoke(actor: Actor, request: object): Promise<Revoked>;
  /**
   * What a cut would stop; changes nothing.
   *
   * @param request As for `revoke`.
   * @throws {DelegationError} `invalid_request`
   */
  preview(who: Operator, request: unknown): Promise<CutPreview>;
  /**
   * Asks for every approval that a call needs: one ticket for each gate and each obligation.
   *
   * @param request `tool`, `arguments`, `audience`; `policyVersion`, `obligations`.
   * @throws {DelegationError} as `verifyChain`, and for a proof that does not hold; the refusal of the grant or the policy;
   *   `invalid_request` when the call needs no approval; `quota_exceeded`; as `DelegationStore.ask`
   */
  ask(
    presented: Presented | Vouched,
    request: object,
  ): Promise<{ readonly tickets: readonly AskedTicket[] } & PossessionResult>;
  /**
   * Counts one person's yes, once; the last one that is needed grants the ticket.
   *
   * @param request `ticket`; `reason`.
   * @throws {DelegationError} `ticket_not_found`, `approver_not_allowed`, `approval_lapsed`, `approval_used`,
   *   `illegal_transition`; for a hop's ticket as `DelegationStore.settle`
   */
  approve(who: Approver, request: unknown): Promise<TicketRecord>;
  /**
   * Counts one person's no, which is enough.
   *
   * @param request `ticket`; `reason`.
   * @throws {DelegationError} as `approve`
   */
  deny(who: Approver, request: unknown): Promise<TicketRecord>;
  /**
   * Whether a chain is active, and what it says (RFC 7662 §2.2). Links that were never exchanged are not active here.
   *
   * @param tokens Root first.
   * @throws {DelegationError} when the state cannot be known: not knowing is not an answer
   */
  introspect(tokens: readonly string[]): Promise<Active | Inactive>;
  /** One hop, by its id. @throws {DelegationError} `hop_not_found`, alike for another tenant's */
  inspectNode(who: Operator, hop: string): Promise<InspectedNode>;
  /** All hops from the root to one, root first. @throws {DelegationError} `hop_not_found`, alike for another tenant's */
  inspectChain(who: Operator, hop: string): Promise<readonly InspectedNode[]>;
  /**
   * A page of a tree, or of what lies under one hop of it, depth first.
   *
   * @param request `tree`; `from`, `cursor`, `limit` (at most `PAGE_MAX`), `depth`.
   * @throws {DelegationError} `invalid_request`; `hop_not_found`, alike for another tenant's
   */
  inspectTree(who: Operator, request: unknown): Promise<InspectedPage>;
  /**
   * The trees of a tenant, newest first.
   *
   * @param request `cursor`, `limit` (at most `PAGE_MAX`).
   * @throws {DelegationError} `invalid_request`
   */
  inspectTrees(
    who: Operator,
    request?: unknown,
  ): Promise<{ trees: readonly TreeRecord[]; next?: string }>;
  /** Public keys that anchors verify under (RFC 7517 §5). */
  jwks(): Jwks;
  /** Signs with other keys from now on; what earlier ones signed verifies while the ring holds them. */
  useKeys(keys: KeyRing): void;
  /** Starts sweeping leases; whoever starts it stops it. Timers of the system unless told. */
  keep(timers?: Timers): Keeper;
}
