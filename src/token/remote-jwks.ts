/** Keys that an issuer serves (RFC 7517 §5), fetched by jose: time-out, cool-down and age are its business. @module */
import { createRemoteJWKSet } from "jose";
import { DelegationError } from "../base/error.js";
import { parseJwks } from "./jwks.js";
import type { PublicKey } from "./key.js";

/** How keys are fetched. */
export interface RemoteJwksOptions {
  /** How long one request may take, ms; 5,000 unless told. */
  readonly timeoutMs?: number;
  /** How long fetched keys are used without asking again, ms; 600,000 unless told. */
  readonly maxAgeMs?: number;
}

/** The keys behind one address. */
export interface RemoteJwks {
  /**
   * The keys by `kid`, fetched when those at hand are too old. Redirects are not followed.
   *
   * @throws {DelegationError} `keys_unavailable` when they cannot be had and those at hand are too old; `key_invalid` for a set that
   *   holds a key nobody should trust.
   */
  keys(): Promise<ReadonlyMap<string, PublicKey>>;
}

/**
 * Points at a JWKS. Nothing is fetched yet.
 *
 * @param address `https:`, or `http:` on this very machine.
 * @throws {DelegationError} `config_invalid` for any other address: keys that anyone on the way can swap are no keys.
 */
export function remoteJwks(address: string, options: RemoteJwksOptions = {}): RemoteJwks {
  const { timeoutMs = 5_000, maxAgeMs = 600_000 } = options;
  const remote = createRemoteJWKSet(safeUrl(address), {
    timeoutDuration: timeoutMs,
    cacheMaxAge: maxAgeMs,
  });
  return {
    async keys() {
      if (!remote.fresh) await reloaded(remote.reload);
      return parseJwks(remote.jwks());
    },
  };
}

const LOOPBACK = new Set(["127.0.0.1", "[::1]", "localhost"]);

function safeUrl(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const safe =
    url?.protocol === "https:" || (url?.protocol === "http:" && LOOPBACK.has(url.hostname));
  if (url !== undefined && safe) return url;
  throw new DelegationError("config_invalid", "keys are fetched over https only", { rule: "jwks" });
}

async function reloaded(reload: () => Promise<void>): Promise<void> {
  try {
    await reload();
  } catch (cause) {
    throw new DelegationError("keys_unavailable", "the issuer's keys cannot be fetched", {
      rule: "jwks",
      cause,
    });
  }
}
