/** Proofs of possession towards one audience: signed until the server has opened a session, then a MAC. @module */
import { canonicalDigest } from "../base/canonical.js";
import type { Clock } from "../base/clock.js";
import { CARRIED_SESSIONS_MAX } from "../base/limits.js";
import type { RandomBytes } from "../base/random.js";
import type { Holder } from "../chain/holder.js";
import { makeAatProof } from "../token/aat-proof.js";
import {
  offerSession,
  type SessionAnswer,
  type SessionClient,
  type SessionOffer,
} from "../token/session.js";
import type { McpAct } from "../wire/mcp.js";
import type { Possession } from "../wire/proof.js";
import type { Leaf } from "./leaves.js";

/** What proves one request, and the offer that it makes. */
export interface Proof {
  readonly possession: Possession;
  readonly offer?: SessionOffer;
}

interface Standing {
  session?: { readonly client: SessionClient; readonly expiresAt: number };
  /** The offer that waits for its answer; requests beside it are signed without one. */
  offered?: SessionOffer;
}

/** Makes proofs for any number of holder keys, each with a session of its own. */
export class Proofs {
  readonly #audience: string;
  readonly #clock: Clock;
  readonly #random: RandomBytes;
  readonly #standings = new Map<string, Standing>();

  constructor(audience: string, clock: Clock, random: RandomBytes) {
    this.#audience = audience;
    this.#clock = clock;
    this.#random = random;
  }

  /**
   * A proof for one request.
   *
   * @param how `signed`: not by session. `offer`: whether an answer could come at all.
   */
  prove(
    holder: Holder,
    leaf: Leaf,
    act: McpAct,
    how: { readonly signed: boolean; readonly offer: boolean },
  ): Proof {
    if (holder.chain.bearer) return { possession: { kind: "none" } };
    const standing = this.#standingOf(holder.key.thumbprint);
    const { session } = standing;
    if (!how.signed && session !== undefined && this.#clock.now() < session.expiresAt) {
      const argumentsDigest = canonicalDigest(act.arguments);
      const call = { leafDigest: leaf.digest, tool: act.tool, argumentsDigest };
      return { possession: session.client.prove(call) };
    }
    if (!how.offer || standing.offered !== undefined) return this.#sign(holder, leaf, act);
    standing.offered = offerSession(this.#random);
    return this.#sign(holder, leaf, act, standing.offered);
  }

  /** The request that made `offer` is over; `answer` opens the session. An answer that agrees on no key is as good as none. */
  settle(holder: string, offer: SessionOffer, answer: SessionAnswer | undefined): void {
    const standing = this.#standings.get(holder);
    if (standing?.offered !== offer) return;
    delete standing.offered;
    if (answer === undefined) return;
    try {
      const client = offer.accept(answer, { holder, audience: this.#audience });
      standing.session = { client, expiresAt: answer.expiresAt };
    } catch {
      // Signed proofs serve as well.
    }
  }

  /** The server does not know this session any more, or never did. */
  forget(holder: string, session: string): void {
    const standing = this.#standings.get(holder);
    if (standing?.session?.client.id === session) delete standing.session;
  }

  #sign(holder: Holder, leaf: Leaf, act: McpAct, offer?: SessionOffer): Proof {
    const proof = makeAatProof({
      key: holder.key,
      tokenId: leaf.tokenId,
      accessToken: leaf.tokens.at(-1) ?? "",
      tool: act.tool,
      arguments: act.arguments,
      audience: this.#audience,
      nowMs: this.#clock.now(),
      random: this.#random,
      ...(offer === undefined ? {} : { epk: offer.epk }),
    });
    return { possession: { kind: "aat", proof }, ...(offer === undefined ? {} : { offer }) };
  }

  #standingOf(holder: string): Standing {
    const known = this.#standings.get(holder);
    if (known !== undefined) return known;
    if (this.#standings.size >= CARRIED_SESSIONS_MAX) {
      for (const [oldest] of this.#standings) {
        this.#standings.delete(oldest);
        break;
      }
    }
    const fresh: Standing = {};
    this.#standings.set(holder, fresh);
    return fresh;
  }
}
