/** The hop in HTTP headers: a `fetch` that puts the same chain there that the message carries, and reads challenges. @module */
import { AsyncLocalStorage } from "node:async_hooks";
import { CODES } from "../base/codes.js";
import { DelegationError } from "../base/error.js";
import { AUTHORIZATION_CHARS_MAX } from "../base/limits.js";
import { formatChain } from "../chain/holder.js";
import { type Challenge, parseChallenges } from "../wire/challenge.js";
import { type Carrier, noHop, type Presentation } from "./carrier.js";
import type { CarriedHop } from "./hop.js";
import { refusedByChallenge } from "./refusal.js";

/** `fetch`, as transports take it. */
export type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

/** What is on its way: who sends it, and as what it was presented when it is a message that can say so itself. */
export interface Errand {
  readonly hop: CarriedHop;
  readonly presentation?: Presentation;
}

export interface HeaderOptions {
  /** The server's endpoint. Requests to other places, as for OAuth, get no header. */
  readonly url: URL;
  readonly fetch?: Fetch;
}

/**
 * Puts headers on what is sent during an errand.
 *
 * Streams outlive the message that opened them, and are opened again by timers: they run in its asynchronous context for as long, and so
 * remain its hop's. What is sent outside of any errand is the session's own, by the hop that began it.
 */
export class HeaderCarrier {
  readonly #carrier: Carrier;
  readonly #url: URL;
  readonly #fetch: Fetch;
  readonly #errands = new AsyncLocalStorage<Errand>();
  /** The hop that began the session. */
  pinned: CarriedHop | undefined;
  /** Refusals that the sender of the message gets as its rejection. */
  readonly told = new WeakSet<Error>();

  constructor(carrier: Carrier, { url, fetch: base = fetch }: HeaderOptions) {
    this.#carrier = carrier;
    this.#url = url;
    this.#fetch = base;
  }

  /** Runs `send` on an errand: what it fetches is its hop's. */
  run<T>(errand: Errand, send: () => T): T {
    return this.#errands.run(errand, send);
  }

  /**
   * For the transport's `fetch`.
   *
   * @throws {DelegationError} `chain_empty` without a hop, `too_large` where a stream's chain fits no header; else what the server's
   *   challenge says, see `needOf`
   */
  readonly fetch: Fetch = async (url, init) => {
    const target = new URL(url);
    if (!this.#covers(target)) return this.#fetch(url, init);
    const method = (init?.method ?? "GET").toUpperCase();
    const { presentation, headers, ours } = this.#headed(target, method, init);
    // Followed to another origin, a redirect would take header, proof and message there.
    const response = await this.#fetch(url, { ...init, headers, redirect: "manual" });
    if (response.status !== 401 && response.status !== 403) return response;
    const refusal = refusalIn(response, presentation, ours);
    if (refusal === undefined) return response;
    await response.body?.cancel();
    if (presentation !== undefined) this.told.add(refusal);
    throw refusal;
  };

  #headed(target: URL, method: string, init: RequestInit | undefined) {
    const errand = this.#errands.getStore();
    const headers = new Headers(init?.headers);
    const presentation = method === "POST" ? errand?.presentation : undefined;
    // Somebody's own credential for this server stays: the message carries the chain as well.
    const taken = headers.has("authorization");
    if (presentation !== undefined) {
      const value = `Bearer ${formatChain(presentation.tokens)}`;
      const ours = !taken && value.length <= AUTHORIZATION_CHARS_MAX;
      if (ours) headers.set("authorization", value);
      return { presentation, headers, ours };
    }
    const hop = errand?.hop ?? this.pinned;
    if (hop === undefined) throw noHop();
    const { tokens, proof } = this.#carrier.presentAlone(hop, method, target.href);
    const value = `Bearer ${formatChain(tokens)}`;
    if (value.length > AUTHORIZATION_CHARS_MAX) {
      throw new DelegationError("too_large", "chain fits no header, and this request no message", {
        rule: "authorization",
      });
    }
    if (!taken) headers.set("authorization", value);
    if (proof !== undefined) headers.set("dpop", proof);
    return { presentation, headers, ours: !taken };
  }

  /** The endpoint and what lies below it. */
  #covers({ origin, pathname }: URL): boolean {
    if (origin !== this.#url.origin) return false;
    const path = this.#url.pathname;
    return pathname === path || pathname.startsWith(path.endsWith("/") ? path : `${path}/`);
  }
}

/** Undefined for what is nobody's business here: another scheme's challenge, or one to another's credential. */
function refusalIn(
  { status, headers }: Response,
  presentation: Presentation | undefined,
  ours: boolean,
): DelegationError | undefined {
  const challenges = parseChallenges(headers.get("www-authenticate") ?? "");
  const named = challenges.map(withCode);
  const precise = named.find(({ code }) => code !== undefined);
  if (precise !== undefined) return refusedByChallenge(precise);
  if (!ours) return undefined;
  const [first] = challenges;
  if (first === undefined) return undefined;
  // Whoever cannot say why may have been shown too little: the last token alone.
  if (status === 401 && presentation?.whole === false) {
    return refusedByChallenge({ ...first, code: "chain_incomplete" });
  }
  return refusedByChallenge(first);
}

/** The SDK's own middleware has no member for a code; a verifier of ours begins its description with it. */
function withCode(challenge: Challenge): Challenge {
  if (challenge.code !== undefined) return challenge;
  const name = /^([a-z_]+): /.exec(challenge.errorDescription ?? "")?.[1] ?? "";
  return Object.hasOwn(CODES, name)
    ? { ...challenge, code: name as keyof typeof CODES }
    : challenge;
}
