/** Possession sessions: after one signed proof, a MAC for each call. The holder's side and the verifier's. @module */
import { DelegationError } from "../base/error.js";
import { opaqueId } from "../base/id.js";
import { SESSION_MS_MAX, SESSIONS_MAX, SESSIONS_PER_HOLDER_MAX } from "../base/limits.js";
import { type RandomBytes, systemRandom } from "../base/random.js";
import type { Possession } from "../wire/proof.js";
import { proofInvalid } from "./proof-fault.js";
import { SequenceWindow } from "./sequence-window.js";
import { deriveMacKey, ephemeralKey, type MacKey } from "./session-key.js";

/** What the verifier answers to a signed proof that offered a key. It needs no signature: who changes it gains nothing. */
export interface SessionAnswer {
  readonly id: string;
  /** X25519 key, base64url. */
  readonly serverKey: string;
  /** Epoch ms by the verifier's clock. */
  readonly expiresAt: number;
}

/** What a session serves for its whole life: one holder key, at one audience. */
export interface SessionParties {
  /** Thumbprint. */
  readonly holder: string;
  readonly audience: string;
}

/** One call, as both sides see it. */
export interface SessionCall {
  /** Digest of the chain's last token. */
  readonly leafDigest: string;
  readonly tool: string;
  /** SHA-256 (base64url) of the canonical arguments. */
  readonly argumentsDigest: string;
}

type SessionPossession = Extract<Possession, { kind: "session" }>;

/** A key offered in a signed proof's `epk`, waiting for the answer. */
export interface SessionOffer {
  readonly epk: string;
  /**
   * Opens the holder's side.
   *
   * @throws {DelegationError} `proof_invalid` when the answer's key is none to agree with.
   */
  accept(answer: Omit<SessionAnswer, "expiresAt">, parties: SessionParties): SessionClient;
}

/** Starts a session from the holder's side: put `epk` into the next signed proof. */
export function offerSession(random: RandomBytes = systemRandom): SessionOffer {
  const { privateKey, publicKey } = ephemeralKey(random);
  return {
    epk: publicKey,
    accept: ({ id, serverKey }, parties) => {
      const exchanged = { clientKey: publicKey, serverKey };
      const key = deriveMacKey(privateKey, serverKey, exchanged, { id, ...parties });
      return new SessionClient(id, parties.audience, key);
    },
  };
}

/** The holder's side. Its key shows nowhere, and ends with the process. */
export class SessionClient {
  readonly id: string;
  readonly #audience: string;
  readonly #key: MacKey;
  #sequence = 0;

  constructor(id: string, audience: string, key: MacKey) {
    this.id = id;
    this.#audience = audience;
    this.#key = key;
  }

  /** Proves possession for one call; never the same proof twice. */
  prove(call: SessionCall): SessionPossession {
    this.#sequence += 1;
    const input = { session: this.id, sequence: this.#sequence, audience: this.#audience, ...call };
    return {
      kind: "session",
      session: this.id,
      sequence: this.#sequence,
      mac: this.#key.mac(input),
    };
  }
}

/** What a verifier needs of its sessions. */
export interface Sessions {
  /**
   * Opens a session for the holder whose signed proof, verified and claimed, offered `epk`.
   *
   * @returns `undefined` when the table or the holder's share is full of live sessions: none is dropped for a new one,
   *   and the holder goes on with signed proofs.
   * @throws {DelegationError} `proof_invalid` when `epk` is no key to agree with.
   */
  open(parties: SessionParties, epk: string, now: number): SessionAnswer | undefined;
  /**
   * Checks one call's MAC, and claims its sequence number: each passes once, in any order within `SESSION_WINDOW`.
   *
   * @throws {DelegationError} `session_unknown` also for a session of another holder or audience, and for one that has
   *   ended; `proof_invalid` when the MAC is not this call's; `proof_replayed`.
   */
  check(proof: SessionPossession, parties: SessionParties, call: SessionCall, now: number): void;
}

interface Session extends SessionParties {
  readonly key: MacKey;
  readonly window: SequenceWindow;
  readonly expiresAt: number;
}

/** `random` other than the system's is for tests. */
export interface SessionOptions {
  readonly random?: RandomBytes;
  readonly sessionsMax?: number;
}

/**
 * The verifier's side, in memory: sessions are lost with the process, and a signed proof opens a new one.
 *
 * Sessions all live `SESSION_MS_MAX`, so the map is in order of expiry as long as the clock does not run back; a session
 * out of order is only dropped later.
 */
export class SessionTable implements Sessions {
  readonly #random: RandomBytes;
  readonly #sessionsMax: number;
  readonly #sessions = new Map<string, Session>();
  readonly #perHolder = new Map<string, number>();

  constructor(options: SessionOptions = {}) {
    this.#random = options.random ?? systemRandom;
    this.#sessionsMax = options.sessionsMax ?? SESSIONS_MAX;
  }

  /** Sessions held; expired ones may be among them. */
  get size(): number {
    return this.#sessions.size;
  }

  /** As the contract says. */
  open(parties: SessionParties, epk: string, now: number): SessionAnswer | undefined {
    this.#dropExpired(now);
    const { holder, audience } = parties;
    const held = this.#perHolder.get(holder) ?? 0;
    if (this.#sessions.size >= this.#sessionsMax || held >= SESSIONS_PER_HOLDER_MAX) return;
    const id = opaqueId("pos", this.#random);
    const { privateKey, publicKey: serverKey } = ephemeralKey(this.#random);
    const exchanged = { clientKey: epk, serverKey };
    const key = deriveMacKey(privateKey, epk, exchanged, { id, holder, audience });
    const expiresAt = now + SESSION_MS_MAX;
    this.#sessions.set(id, { holder, audience, key, window: new SequenceWindow(), expiresAt });
    this.#perHolder.set(holder, held + 1);
    return { id, serverKey, expiresAt };
  }

  /** As the contract says; about as much as two hashes of a few hundred bytes. */
  check(proof: SessionPossession, parties: SessionParties, call: SessionCall, now: number): void {
    const session = this.#sessions.get(proof.session);
    if (session === undefined || !isOpen(session, now) || !isFor(session, parties)) {
      throw new DelegationError("session_unknown", "no such session is open", { rule: "session" });
    }
    const { leafDigest, tool, argumentsDigest } = call;
    const { sequence, session: id } = proof;
    const { audience } = parties;
    const input = { session: id, sequence, leafDigest, audience, tool, argumentsDigest };
    // The MAC first: only the holder may use up a number.
    if (!session.key.verify(input, proof.mac)) throw proofInvalid("mac is not this call's", "mac");
    if (session.window.claim(sequence)) return;
    throw new DelegationError("proof_replayed", "sequence number was used", { rule: "sequence" });
  }

  #dropExpired(now: number): void {
    for (const [id, session] of this.#sessions) {
      if (isOpen(session, now)) return;
      this.#sessions.delete(id);
      const left = (this.#perHolder.get(session.holder) ?? 1) - 1;
      if (left > 0) this.#perHolder.set(session.holder, left);
      else this.#perHolder.delete(session.holder);
    }
  }
}

/** Written so that a clock that is not a number closes it. */
function isOpen(session: Session, now: number): boolean {
  return now < session.expiresAt;
}

function isFor(session: Session, parties: SessionParties): boolean {
  return session.holder === parties.holder && session.audience === parties.audience;
}
