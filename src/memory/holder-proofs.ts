/** Proofs that a holder makes: a signature for each request, or a MAC where it has a session. @module */
import { canonicalDigest } from "../base/canonical.js";
import type { Clock } from "../base/clock.js";
import type { RandomBytes } from "../base/random.js";
import type { Holder } from "../chain/holder.js";
import { makeAatProof } from "../token/aat-proof.js";
import {
  offerSession,
  type SessionAnswer,
  type SessionClient,
  type SessionOffer,
} from "../token/session.js";
import type { Possession } from "../wire/proof.js";

/** One request, as both sides see it. */
export interface Asked {
  readonly tool: string;
  readonly arguments: object;
  readonly audience: string;
}

/** Makes proofs for one holder key, and keeps its sessions, one for each audience. */
export class HolderProofs {
  readonly #clock: Clock;
  readonly #random: RandomBytes;
  readonly #offers = new Map<string, SessionOffer>();
  readonly #sessions = new Map<string, SessionClient>();

  constructor(clock: Clock, random: RandomBytes) {
    this.#clock = clock;
    this.#random = random;
  }

  /** A signed proof for one request. */
  sign({ key, tokens, chain }: Holder, asked: Asked, epk?: string): Possession {
    const proof = makeAatProof({
      ...asked,
      key,
      tokenId: chain.tokenId,
      accessToken: tokens.at(-1) ?? "",
      nowMs: this.#clock.now(),
      random: this.#random,
      ...(epk === undefined ? {} : { epk }),
    });
    return { kind: "aat", proof };
  }

  /**
   * A proof for one call: by session where there is one.
   *
   * @param offer Offer to open one, or another one.
   */
  forCall(holder: Holder, asked: Asked, offer: boolean): Possession {
    const { chain } = holder;
    if (chain.bearer) return { kind: "none" };
    if (offer) return this.sign(holder, asked, this.#offer(asked.audience).epk);
    const session = this.#sessions.get(asked.audience);
    if (session === undefined) return this.sign(holder, asked);
    return session.prove({
      leafDigest: chain.digest,
      tool: asked.tool,
      argumentsDigest: canonicalDigest(asked.arguments),
    });
  }

  /** Takes up what a verifier answered to an offer. @throws {DelegationError} `proof_invalid` for a key that is none */
  join(holder: string, audience: string, answer: SessionAnswer): void {
    const offer = this.#offers.get(audience);
    if (offer === undefined) return;
    this.#sessions.set(audience, offer.accept(answer, { holder, audience }));
  }

  #offer(audience: string): SessionOffer {
    const offer = offerSession(this.#random);
    this.#offers.set(audience, offer);
    return offer;
  }
}
