/** Status list tokens: signed lists, and what they say about the tokens that refer to them. @module */
import { DelegationError } from "../base/error.js";
import { IAT_SKEW_MS, STATUS_TOKEN_BYTES_MAX, STATUS_TTL_MS_DEFAULT } from "../base/limits.js";
import { statusListClaimsSchema } from "../wire/proof.js";
import { parseJws, readClaims, requireTyp, signJws, verifyJws } from "./jws.js";
import type { SigningKey, VerificationKey } from "./key.js";
import { STATUS, StatusList } from "./status-list.js";

const TYP = "statuslist+jwt";
const ALGS = ["EdDSA", "Ed25519", "ES256"];
const LIMITS = { bytesMax: STATUS_TOKEN_BYTES_MAX };

export interface StatusTokenDraft {
  readonly key: SigningKey;
  readonly list: StatusList;
  /** Where the list is served: `sub`, and `uri` in the tokens that refer to it. */
  readonly uri: string;
  readonly nowMs: number;
  readonly expiresAtMs?: number;
  readonly ttlSeconds?: number;
}

/** Signs a list as it stands. */
export function mintStatusToken(draft: StatusTokenDraft): string {
  const { expiresAtMs, ttlSeconds } = draft;
  const claims = {
    sub: draft.uri,
    iat: Math.floor(draft.nowMs / 1000),
    status_list: draft.list.encode(),
    ...(expiresAtMs === undefined ? {} : { exp: Math.floor(expiresAtMs / 1000) }),
    ...(ttlSeconds === undefined ? {} : { ttl: ttlSeconds }),
  };
  return signJws({ typ: TYP, kid: draft.key.kid }, claims, draft.key, LIMITS);
}

/** A list that was verified, and until when it counts. */
export interface FreshStatusList {
  readonly uri: string;
  readonly list: StatusList;
  /** Epoch ms: from then on the list says nothing. */
  readonly freshUntil: number;
}

/**
 * Verifies a status list token that was fetched from `uri` just now.
 *
 * @param nowMs Epoch ms of the fetch; `ttl` counts from it.
 * @throws {DelegationError} `malformed`, `too_large`, `signature_invalid`; `status_unknown` when it is another list's,
 *   out of date, or from the future.
 */
export function verifyStatusToken(
  text: string,
  expected: { readonly uri: string; readonly key: VerificationKey; readonly nowMs: number },
): FreshStatusList {
  const jws = parseJws(text, LIMITS);
  requireTyp(jws, TYP);
  verifyJws(jws, expected.key, ALGS);
  const parsed = statusListClaimsSchema.safeParse(readClaims(jws).claims);
  if (!parsed.success) {
    throw new DelegationError("malformed", "claims are not a status list's");
  }
  const { sub, iat, exp, ttl, status_list } = parsed.data;
  const { uri, nowMs } = expected;
  if (sub !== uri) throw unknown("status list is of another place", "sub");
  if (!(iat * 1000 <= nowMs + IAT_SKEW_MS)) throw unknown("status list is of the future", "iat");
  const expiresAt = exp === undefined ? Number.POSITIVE_INFINITY : exp * 1000;
  const keptUntil = ttl === undefined ? Number.POSITIVE_INFINITY : nowMs + ttl * 1000;
  const stated = Math.min(expiresAt, keptUntil);
  const freshUntil = Number.isFinite(stated) ? stated : nowMs + STATUS_TTL_MS_DEFAULT;
  if (!(nowMs < freshUntil)) throw unknown("status list is out of date", "exp");
  return { uri, list: StatusList.decode(status_list), freshUntil };
}

/** The lists at hand; one that could not be fetched or verified is none. */
export type StatusLists = (uri: string) => FreshStatusList | undefined;

/**
 * Checks that every reference of a chain is VALID, root first.
 *
 * @throws {DelegationError} `status_unknown` without a fresh list, or beyond its end; `delegation_suspended` for
 *   SUSPENDED; `delegation_revoked` for INVALID and for every status that has no meaning here.
 */
export function checkStatuses(
  references: readonly { readonly uri: string; readonly index: number }[],
  lists: StatusLists,
  nowMs: number,
): void {
  for (const { uri, index } of references) {
    const fresh = lists(uri);
    if (fresh === undefined || fresh.uri !== uri || !(nowMs < fresh.freshUntil)) {
      throw unknown("no fresh status list", "status");
    }
    const status = fresh.list.get(index);
    if (status === undefined) throw unknown("status list is too short", "status");
    if (status === STATUS.valid) continue;
    if (status === STATUS.suspended) {
      throw new DelegationError("delegation_suspended", "token is suspended", { rule: "status" });
    }
    throw new DelegationError("delegation_revoked", "token is not valid any more", {
      rule: "status",
    });
  }
}

function unknown(message: string, rule: string): DelegationError {
  return new DelegationError("status_unknown", message, { rule });
}
