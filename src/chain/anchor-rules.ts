/** The rules that only the first token of a chain keeps. @module */
import { DelegationError } from "../base/error.js";
import { BEARER_LIFETIME_MS_MAX, HOPS_MAX } from "../base/limits.js";
import type { LineageHop } from "../wire/claims.js";
import type { ChainToken } from "./chain-token.js";
import type { Judgement } from "./rule.js";

/** RFC 3986 §3.1: a scheme, a colon, something. */
const URI = /^[A-Za-z][A-Za-z0-9+.-]*:[^\s]+$/;

/** Issuers are few: the last one that was a URI. */
let lastUri = "";

function isUri(text: string): boolean {
  if (text === lastUri && text !== "") return true;
  if (!URI.test(text)) return false;
  lastUri = text;
  return true;
}

/** A root names an issuer that the verifier knows, by a URI where the profile asks for one. @throws `malformed`, `issuer_invalid` */
export function judgeRootIssuer(token: ChainToken, { profile, trust }: Judgement): void {
  if (token.parent !== undefined) return;
  const { issuer } = token.claims;
  if (profile.issuer === "thumbprint" && !isUri(issuer)) {
    throw new DelegationError("malformed", "issuer is not a uri", { rule: "iss" });
  }
  if (trust?.acceptsIssuer(issuer) ?? true) return;
  throw new DelegationError("issuer_invalid", "issuer is not a trusted one", { rule: "iss" });
}

/** A root speaks for a tenant of this verifier; another's is answered as if nobody had signed it. @throws `signature_invalid` */
export function judgeRootTenant(token: ChainToken, { trust }: Judgement): void {
  const tenant = token.claims.anchor?.tenant;
  if (tenant === undefined || (trust?.acceptsTenant(tenant) ?? true)) return;
  throw new DelegationError("signature_invalid", "signature does not verify");
}

/**
 * An anchor's lineage tells one story: it ends at the acting agent and its key, and names no hop twice. It starts at the tree's
 * root, or at the successor that narrowed it: then the tree keeps its id and the first hop has another.
 *
 * @throws `malformed`
 */
export function judgeLineage(token: ChainToken): void {
  const { anchor, agent } = token.claims;
  if (anchor === undefined) return;
  const { lineage } = anchor;
  const last = lineage.at(-1);
  const ends = last?.agent === agent && last?.holder === token.holder;
  if (ends && namesEachOnce(lineage)) return;
  throw new DelegationError("malformed", "lineage contradicts itself or its token", {
    rule: "lineage",
  });
}

/** Ids that end alike are compared whole: equal ones end alike, and of ids that are made at random none else do. */
function namesEachOnce(lineage: readonly LineageHop[]): boolean {
  const count = lineage.length;
  if (count < 2) return true;
  if (count <= HOPS_MAX && endEachInItsWay(lineage)) return true;
  const ids = new Set<string>();
  for (const { id } of lineage) ids.add(id);
  return ids.size === count;
}

/** Written over by each call. */
const ENDS = new Int32Array(HOPS_MAX);
const END_CHARS = 5;

/** Whether no two ids of at most `HOPS_MAX` give one number for their last characters. */
function endEachInItsWay(lineage: readonly LineageHop[]): boolean {
  let count = 0;
  for (const { id } of lineage) {
    let end = 0;
    for (let at = Math.max(0, id.length - END_CHARS); at < id.length; at++) {
      end = (Math.imul(end, 31) + id.charCodeAt(at)) | 0;
    }
    for (let before = 0; before < count; before++) if (ENDS[before] === end) return false;
    ENDS[count] = end;
    count += 1;
  }
  return true;
}

/** A bearer anchor is for one audience, for minutes, and the end of its chain. @throws `bearer_not_allowed` */
export function judgeBearer(token: ChainToken): void {
  const { claims, stated } = token;
  if (claims.anchor?.bearer !== true) return;
  const short = claims.expiresAt - claims.issuedAt <= BEARER_LIFETIME_MS_MAX;
  if (short && stated.audience.length === 1 && token.hopsLeft === 0) return;
  throw new DelegationError("bearer_not_allowed", "a bearer anchor asks for too much", {
    rule: "bearer",
  });
}
