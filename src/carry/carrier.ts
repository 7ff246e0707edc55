/** The carrier: what goes with each request to one server, and what its answer means for the next one. @module */

import { canonicalDigest } from "../base/canonical.js";
import { type Clock, systemClock } from "../base/clock.js";
import { CODES, type Code } from "../base/codes.js";
import { DelegationError } from "../base/error.js";
import { CARRIED_CHAINS_MAX } from "../base/limits.js";
import { type RandomBytes, systemRandom } from "../base/random.js";
import { makeDpopProof } from "../token/dpop.js";
import type { SessionAnswer, SessionOffer } from "../token/session.js";
import { httpActOf, type McpAct, type PresentMeta } from "../wire/mcp.js";
import { type CarriedHop, currentHop, type Said } from "./hop.js";
import { type Leaf, Leaves } from "./leaves.js";
import { Proofs } from "./proofs.js";

/** Whose authority goes to which server. */
export interface CarrierOptions {
  /** The server, byte for byte as tokens and its guard name it. */
  readonly audience: string;
  /**
   * The hop of every call that names none itself, or where to find it. With it the run's own hop (`withHop`) is not looked at, also
   * where the function finds none: what was said outright is not replaced by what happens to be around.
   */
  readonly hop?: CarriedHop | (() => CarriedHop | undefined);
  /**
   * Whether a hop whose grant names several audiences presents a token that is narrowed to this one and to the tool; it does unless told.
   * Not to a coordinator's own server: it delegates below the hop's own token alone.
   */
  readonly narrow?: boolean;
  readonly clock?: Clock;
  readonly random?: RandomBytes;
}

/** One request as it is presented. */
export interface Presentation {
  readonly hop: CarriedHop;
  /** For the request's `_meta`. */
  readonly meta: PresentMeta;
  readonly tokens: readonly string[];
  /** Whether those are the whole chain. */
  readonly whole: boolean;
  /** Digest of the last one. */
  readonly digest: string;
  /** Thumbprint of the holder's key. */
  readonly holder: string;
  readonly offer: SessionOffer | undefined;
}

/** How to present, once a server has refused. */
export interface How {
  /** All tokens, though the server has seen them. */
  readonly whole?: boolean;
  /** A signed proof, though there is a session. */
  readonly signed?: boolean;
  /** Nobody answers: no session can be opened. */
  readonly unanswered?: boolean;
  readonly tickets?: readonly string[] | undefined;
}

/** Presents hops to one server. It holds no hop itself: each request is made for the one that it is made by. */
export class Carrier {
  readonly audience: string;
  readonly #fixed: CarrierOptions["hop"];
  readonly #clock: Clock;
  readonly #random: RandomBytes;
  readonly #leaves: Leaves;
  readonly #proofs: Proofs;
  /** Digests of the leaves whose whole chain the server has accepted. */
  readonly #seen = new Set<string>();

  constructor(options: CarrierOptions) {
    const { audience, hop, narrow = true, clock = systemClock, random = systemRandom } = options;
    this.audience = audience;
    this.#fixed = hop;
    this.#clock = clock;
    this.#random = random;
    this.#leaves = new Leaves(audience, random, narrow);
    this.#proofs = new Proofs(audience, clock, random);
  }

  /** The hop that a call is made by: the one said with it, the carrier's own, the run's; in this order. */
  hopOf(said: Said | undefined): CarriedHop | undefined {
    if (said !== undefined) return said.hop;
    const fixed = this.#fixed;
    if (fixed === undefined) return currentHop();
    return typeof fixed === "function" ? fixed() : fixed;
  }

  /**
   * Tokens and proof for one request.
   *
   * @throws {DelegationError} `audience_mismatch`, `token_expired`: nothing of the hop is for this server, or not any more;
   *   `malformed`, `non_finite` for arguments that JSON cannot say
   */
  present(hop: CarriedHop, act: McpAct, how: How = {}): Presentation {
    const { holder } = hop;
    const leaf = this.#leaves.leafFor(holder, act.tool, this.#clock.now());
    const { possession, offer } = this.#proofs.prove(holder, leaf, act, {
      signed: how.signed === true,
      offer: how.unanswered !== true,
    });
    const { tokens, whole } = this.#shown(leaf, how.whole === true);
    const meta: PresentMeta = {
      tokens: [...tokens],
      ...(possession.kind === "aat" ? { proof: possession.proof } : {}),
      ...(possession.kind === "session"
        ? {
            session: {
              id: possession.session,
              sequence: possession.sequence,
              mac: possession.mac,
            },
          }
        : {}),
      ...(how.tickets === undefined ? {} : { tickets: [...how.tickets] }),
    };
    const { digest } = leaf;
    return { hop, meta, tokens, whole, digest, holder: holder.key.thumbprint, offer };
  }

  /**
   * Tokens, and a DPoP proof, for an HTTP request that has no `_meta`: a stream, the end of a session, an answer.
   *
   * @throws {DelegationError} as {@link present}
   */
  presentAlone(
    hop: CarriedHop,
    method: string,
    url: string,
  ): { readonly tokens: readonly string[]; readonly proof: string | undefined } {
    const { holder } = hop;
    const { tool, arguments: args } = httpActOf(method);
    const leaf = this.#leaves.leafFor(holder, tool, this.#clock.now());
    const { tokens } = this.#shown(leaf, false);
    if (holder.chain.bearer) return { tokens, proof: undefined };
    const proof = makeDpopProof({
      key: holder.key,
      method,
      url,
      accessToken: leaf.tokens.at(-1) ?? "",
      nowMs: this.#clock.now(),
      random: this.#random,
      binding: { audience: this.audience, tool, argumentsDigest: canonicalDigest(args) },
    });
    return { tokens, proof };
  }

  /**
   * Takes up an answer.
   *
   * @param code What the server refused with; undefined for a result.
   * @param session The session that it opened.
   */
  answered(
    { whole, digest, holder, offer }: Presentation,
    code: Code | undefined,
    session: SessionAnswer | undefined,
  ): void {
    if (offer !== undefined) this.#proofs.settle(holder, offer, session);
    // What a grant refuses was refused after the whole chain had been verified.
    const verified = code === undefined || CODES[code].resource[0] === 403;
    if (whole && verified) this.#note(digest);
  }

  /** No answer comes any more: another request may offer a key. Nothing, for one that was answered. */
  unanswered({ holder, offer }: Presentation): void {
    if (offer !== undefined) this.#proofs.settle(holder, offer, undefined);
  }

  /**
   * How to present a refused request once more, if that could help: the server has forgotten the chain or the session, or the proof was
   * too long on its way. All of these come before anything is done.
   */
  again({ meta, whole, digest, holder }: Presentation, code: Code, tried: How): How | undefined {
    switch (code) {
      case "chain_incomplete":
        this.#seen.delete(digest);
        return whole ? undefined : { ...tried, whole: true };
      case "session_unknown":
      case "proof_invalid":
        if (meta.session === undefined) return undefined;
        this.#proofs.forget(holder, meta.session.id);
        return { ...tried, signed: true };
      case "proof_expired":
        return tried.signed === true ? undefined : { ...tried, signed: true };
      default:
        return undefined;
    }
  }

  #shown({ tokens, digest }: Leaf, all: boolean): Pick<Presentation, "tokens" | "whole"> {
    if (all || tokens.length === 1 || !this.#seen.has(digest)) return { tokens, whole: true };
    return { tokens: tokens.slice(-1), whole: false };
  }

  #note(digest: string): void {
    if (this.#seen.size >= CARRIED_CHAINS_MAX) this.#seen.clear();
    this.#seen.add(digest);
  }
}

/** The refusal of a request that no hop makes. */
export function noHop(): DelegationError {
  return new DelegationError("chain_empty", "no hop is carried here: nothing was sent", {
    rule: "hop",
  });
}
