/** Claims that are more than one value: each read strictly, nothing coerced. @module */
import type { JsonObject } from "../base/json-value.js";
import { DETAILS_MAX, HOPS_MAX } from "../base/limits.js";
import { isDigest, isName, isObject, isText, isWhole, malformed, seconds } from "./claim-value.js";
import type { Confirmation, LineageHop, StatusReference } from "./token-claims.js";

export function readNotBefore(claims: JsonObject): number {
  return claims.nbf === undefined ? 0 : seconds(claims.nbf, "nbf");
}

/** `undefined` when the token does not say; `null` and an empty array say something, and it is wrong. */
export function readAudience(claims: JsonObject): readonly string[] | undefined {
  const { aud } = claims;
  if (aud === undefined) return undefined;
  if (typeof aud === "string" && aud !== "") return [aud];
  if (!Array.isArray(aud) || aud.length === 0) throw malformed("aud");
  const audience: string[] = [];
  for (const item of aud) {
    if (typeof item !== "string" || item === "") throw malformed("aud");
    if (!audience.includes(item)) audience.push(item);
  }
  return audience;
}

export function readConfirmation(claims: JsonObject, thumbprintAllowed: boolean): Confirmation {
  const { cnf } = claims;
  if (!isObject(cnf)) throw malformed("cnf");
  if (isObject(cnf.jwk)) return { jwk: cnf.jwk };
  if (thumbprintAllowed && cnf.jwk === undefined && isDigest(cnf.jkt)) return { jkt: cnf.jkt };
  throw malformed("cnf");
}

export function readParHash(claims: JsonObject): string | undefined {
  const { par_hash } = claims;
  if (par_hash === undefined || isDigest(par_hash)) return par_hash;
  throw malformed("par_hash");
}

/** @param typed Whether an entry without a type is refused at once; where others' entries are ignored it is, too. */
export function readDetails(claims: JsonObject, typed: boolean): readonly JsonObject[] {
  const { authorization_details } = claims;
  if (!Array.isArray(authorization_details) || authorization_details.length > DETAILS_MAX) {
    throw malformed("authorization_details");
  }
  const details: JsonObject[] = [];
  for (const detail of authorization_details) {
    if (!isObject(detail) || (typed && typeof detail.type !== "string")) {
      throw malformed("authorization_details");
    }
    details.push(detail);
  }
  return details;
}

export function readLineage(claims: JsonObject): readonly LineageHop[] {
  const { lineage } = claims;
  if (!Array.isArray(lineage) || lineage.length === 0 || lineage.length > HOPS_MAX) {
    throw malformed("lineage");
  }
  const hops: LineageHop[] = [];
  for (const entry of lineage) {
    if (!isObject(entry)) throw malformed("lineage");
    const { hop, agent, identity, jkt } = entry;
    const named = isName(hop) && isName(agent) && isDigest(jkt);
    if (!named || (identity !== "proven" && identity !== "asserted")) throw malformed("lineage");
    // Four are there, as was just seen.
    let members = 0;
    for (const _ in entry) members += 1;
    if (members !== 4) throw malformed("lineage");
    hops.push({ id: hop, agent, identity, holder: jkt });
  }
  return hops;
}

/**
 * @param strict Whether a status that is no status list reference is refused; where `status` means nothing it is
 *   another's claim.
 */
export function readStatus(claims: JsonObject, strict: boolean): StatusReference | undefined {
  const { status } = claims;
  if (status === undefined) return undefined;
  const list = isObject(status) ? status.status_list : undefined;
  if (list === undefined && !strict) return undefined;
  if (!isObject(list) || !isText(list.uri) || !isWhole(list.idx)) throw malformed("status");
  return { uri: list.uri, index: list.idx };
}
