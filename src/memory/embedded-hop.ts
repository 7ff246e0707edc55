/** The holder's side of one hop: its key, its tokens, and the coordinator's verbs, each with a proof of possession. @module */
import { DelegationError } from "../base/error.js";
import { type Holder, handOn, holdChain, narrowToCall } from "../chain/holder.js";
import { type Presented, toolOf, type Verb } from "../coordinator/present.js";
import type { Revoked } from "../coordinator/revoke.js";
import type { CutResult } from "../coordinator/store.js";
import type { AskedTicket } from "../coordinator/ticket.js";
import type { Allowed, Call } from "../guard/decision.js";
import { makeAatProof } from "../token/aat-proof.js";
import type { SigningKey } from "../token/key.js";
import type { Boundary } from "../wire/cut.js";
import { type GrantInput, parseGrant } from "../wire/grant.js";
import {
  type CallOptions,
  type DelegateOptions,
  delegateeOf,
  type HandOver,
  type HolderSide,
  type HopApproval,
} from "./hand-over.js";
import { HolderProofs } from "./holder-proofs.js";

/** One hop in the hands of its holder. It knows no store: all that it does, another process with key and tokens could. */
export class EmbeddedHop {
  readonly #kit: HolderSide;
  #holder: Holder;
  readonly #proofs: HolderProofs;

  private constructor(kit: HolderSide, holder: Holder) {
    this.#kit = kit;
    this.#holder = holder;
    this.#proofs = new HolderProofs(kit.clock, kit.random);
  }

  /** Takes hold of tokens. @throws {DelegationError} as `holdChain` */
  static hold(kit: HolderSide, key: SigningKey, tokens: readonly string[]): EmbeddedHop {
    return new EmbeddedHop(kit, hold(kit, key, tokens));
  }

  /** Id of the hop. */
  get id(): string {
    return this.#holder.chain.hops.at(-1)?.id ?? this.tree;
  }

  get tree(): string {
    return this.#holder.chain.tree;
  }

  get agent(): string {
    return this.#holder.chain.hops.at(-1)?.agent ?? "";
  }

  /** As it is now: `renew` and `exchange` change it. */
  get holder(): Holder {
    return this.#holder;
  }

  /**
   * Delegates a part of the grant, through the coordinator.
   *
   * @throws {DelegationError} as `coordinator.delegate`: `grant_exceeds_parent`, `depth_exhausted`, `delegation_revoked`…
   */
  async delegate(request: DelegateOptions): Promise<EmbeddedHop> {
    const { key, input } = this.#askFor(request);
    const made = await this.#kit.coordinator.delegate(this.#prove("delegate", input), input);
    if (made.status === "active") return EmbeddedHop.hold(this.#kit, key, [made.token]);
    throw new DelegationError("approval_pending", "hop waits for people", { hop: made.hop.id });
  }

  /** Delegates subject to people's approval: nothing is active, and no token made, until they agree. @throws as {@link delegate} */
  async propose(request: DelegateOptions, approval: HopApproval): Promise<PendingHop> {
    const { key, input: asked } = this.#askFor(request);
    const input = { ...asked, approval: { ...approval } };
    const made = await this.#kit.coordinator.delegate(this.#prove("delegate", input), input);
    const { id, tree, agent } = made.hop;
    const ticket = made.status === "pending" ? made.ticket : "";
    return { id, tree, agent, ticket, claim: () => this.#claim(id, key) };
  }

  /** Delegates offline: a link, signed by this hop's key, that nobody is told of. @throws {DelegationError} as `mintLink` */
  link(request: HandOver): EmbeddedHop {
    const { clock, random } = this.#kit;
    const now = clock.now();
    const { agent, key, agentProof } = delegateeOf(this.#kit, request, this.#place());
    const { expiresAt, ...grant } = parseGrant(request.grant, { now });
    const tokens = handOn(this.#holder, {
      agent,
      holderKey: key,
      grant,
      ...(request.grant.expiresAt === undefined ? {} : { expiresAt }),
      ...(agentProof === undefined ? {} : { agentProof }),
      now,
      random,
    });
    return EmbeddedHop.hold(this.#kit, key, tokens);
  }

  /** This hop's own token, narrowed to one tool at one audience for at most a minute; not a hop. @throws as `mintSelfLink` */
  selfLink(tool: string, audience = this.#audience()): EmbeddedHop {
    const { clock, random } = this.#kit;
    const tokens = narrowToCall(this.#holder, { tool, audience, now: clock.now(), random });
    return EmbeddedHop.hold(this.#kit, this.#holder.key, tokens);
  }

  /** A call, with its proof, for `guard.authorize` or `guard.run`. Each is good once. */
  call(tool: string, args: object, options: CallOptions = {}): Call {
    const { audience = this.#audience(), tickets, session = false } = options;
    const asked = { tool, arguments: args, audience };
    return {
      ...asked,
      arguments: { ...args },
      tokens: this.#holder.tokens,
      possession: this.#proofs.forCall(this.#holder, asked, session),
      ...(tickets === undefined ? {} : { tickets }),
    };
  }

  /** Goes on by session, if the guard opened one: from now on calls to that audience carry a MAC. */
  join({ session }: Allowed, audience = this.#audience()): void {
    if (session !== undefined) this.#proofs.join(this.#holder.chain.holder, audience, session);
  }

  /** Asks people for what a call needs. @throws {DelegationError} as `coordinator.ask` */
  async ask(
    tool: string,
    args: object,
    options: { readonly audience?: string } = {},
  ): Promise<readonly AskedTicket[]> {
    const { audience = this.#audience() } = options;
    const input = { tool, arguments: args, audience };
    const { tickets } = await this.#kit.coordinator.ask(this.#prove("ask", input), input);
    return tickets;
  }

  /** Fetches a fresh anchor for the same hop and key. @throws {DelegationError} as `coordinator.renew` and `exchange` */
  async renew(): Promise<void> {
    if (this.#holder.chain.offline.length > 0) return this.exchange();
    const input = {};
    const { token } = await this.#kit.coordinator.renew(this.#prove("renew", input), input);
    this.#take([token]);
  }

  /** Turns a chain with links into one anchor, telling the store of them. @throws {DelegationError} as `coordinator.exchange` */
  async exchange(): Promise<void> {
    const input = {};
    const made = await this.#kit.coordinator.exchange(this.#prove("exchange", input), input);
    if (made.status === "active") this.#take([made.token]);
  }

  /** Keeps the tree's lease, by its root. @throws {DelegationError} `lease_lapsed`, `not_entitled` */
  async renewLease(leaseSeconds: number): Promise<void> {
    const input = { tree: this.tree, leaseSeconds };
    await this.#kit.coordinator.renewLease(this.#prove("lease", input), input);
    await this.renew();
  }

  /** Replaces this hop by a narrower one with the same key and counters; this one ends. @throws as `coordinator.narrow` */
  async narrow(grant: GrantInput): Promise<EmbeddedHop> {
    const input = { hop: this.id, grant };
    const { issued } = await this.#kit.coordinator.narrow(this.#prove("narrow", input), input);
    if (issued !== undefined) return EmbeddedHop.hold(this.#kit, this.#holder.key, [issued.token]);
    throw new DelegationError("key_invalid", "successor has another key", { hop: this.id });
  }

  /** The task is done: gives the authority back, and cuts all below. @throws as `coordinator.complete` */
  complete(reason?: string): Promise<CutResult> {
    const input = { hop: this.id, ...(reason === undefined ? {} : { reason }) };
    return this.#kit.coordinator.complete(this.#prove("complete", input), input);
  }

  /** Cuts this hop, or what else a holder may cut: below it, or a hop under it. @throws as `coordinator.revoke` */
  revoke(
    boundary: Boundary = { kind: "hop", tree: this.tree, hop: this.id },
    reason?: string,
  ): Promise<Revoked> {
    const input = { boundary, ...(reason === undefined ? {} : { reason }) };
    return this.#kit.coordinator.revoke(this.#prove("revoke", input), input);
  }

  async #claim(hop: string, key: SigningKey): Promise<EmbeddedHop> {
    const { clock, coordinator, issuer, random } = this.#kit;
    const input = { hop, holderKey: key.jwk };
    const proof = makeAatProof({
      key,
      tokenId: hop,
      tool: toolOf("claim"),
      arguments: input,
      audience: issuer,
      nowMs: clock.now(),
      random,
    });
    const tenant = this.#holder.chain.tenant;
    const { token } = await coordinator.claim({ proof, tenant }, input);
    return EmbeddedHop.hold(this.#kit, key, [token]);
  }

  #prove(verb: Verb, input: object): Presented {
    const asked = { tool: toolOf(verb), arguments: input, audience: this.#kit.issuer };
    return { tokens: this.#holder.tokens, possession: this.#proofs.sign(this.#holder, asked) };
  }

  #askFor(request: DelegateOptions) {
    const { key, agent, grant, agentProof } = delegateeOf(this.#kit, request, this.#place());
    const { idempotencyKey, bearer } = request;
    const input = {
      agent,
      grant,
      holderKey: key.jwk,
      ...(agentProof === undefined ? {} : { agentProof }),
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      ...(bearer === undefined ? {} : { bearer }),
    };
    return { key, input };
  }

  #place() {
    return { parent: this.#holder.chain.parHash, audience: this.#kit.issuer };
  }

  #take(tokens: readonly string[]): void {
    this.#holder = hold(this.#kit, this.#holder.key, tokens);
  }

  #audience(): string {
    const [first] = this.#holder.chain.grant.audience;
    if (first !== undefined) return first;
    throw new DelegationError("audience_mismatch", "grant names no audience", { hop: this.id });
  }
}

function hold(
  { trust, agentKeys, cache, clock }: HolderSide,
  key: SigningKey,
  tokens: readonly string[],
): Holder {
  return holdChain(key, tokens, { trust, agentKeys, cache, now: clock.now() });
}

/** A hop that waits for people. */
export interface PendingHop {
  readonly id: string;
  readonly tree: string;
  readonly agent: string;
  /** What people decide on. */
  readonly ticket: string;
  /** The hop, once they agreed. @throws {DelegationError} `approval_pending`, `approval_denied`, and as `coordinator.claim` */
  claim(): Promise<EmbeddedHop>;
}
