/** Profiles: the rules that differ between the chain drafts, as data. No other file asks for a profile's name. @module */
import { DelegationError } from "../base/error.js";
import { IAT_SKEW_MS, LIFETIME_MS_MAX } from "../base/limits.js";
import type { ProfileName } from "./verified-chain.js";

/** Whose key signs a child: the key that its parent confirms, or any trusted issuer's. */
export type ChildSigner = "delegator" | "issuer";

/** What `typ` (RFC 7515 §4.1.9) a token has, in lower case and without `application/`. */
export type TypRule =
  | { readonly must: string }
  /** Any or none, but not one of another kind of signed message. */
  | { readonly not: readonly string[] };

/** One rule set. Where the drafts differ, each member is one of the differences. */
export interface Profile {
  readonly name: ProfileName;
  readonly childSigner: ChildSigner;
  /**
   * `parse-first`: every token's form is judged before any signature, then rule by rule over the whole chain.
   * `verify-first`: a token's claims are read only after its signature, then token by token.
   */
  readonly order: "parse-first" | "verify-first";
  /** Whether header and payload must be canonical JSON (RFC 8785). */
  readonly canonical: boolean;
  readonly typ: { readonly root: TypRule; readonly child: TypRule };
  /** Which reader of `wire/claims.ts` and which authorization details apply. */
  readonly claims: "agent-delegation" | "attenuating-agent-token" | "legate";
  /** `length`: `del_max_depth` counts tokens. `absolute`: it is the largest `del_depth`. */
  readonly depth: "length" | "absolute";
  /** Whether a token is still alive at the very millisecond of `exp`. */
  readonly expiry: "inclusive" | "strict";
  /** Rules for `iat` and the span to `exp`; none where the draft has none. */
  readonly lifetime: { readonly maxMs: number; readonly skewMs: number } | undefined;
  /** `invariant`: every token restates `sub`. `optional`: only the root must. `undefined`: the claim means nothing. */
  readonly subject: "invariant" | "optional" | "undefined";
  /** `thumbprint`: a child's `iss` is the RFC 9278 URI of the key that signed it, and a root's is a URI. */
  readonly issuer: "thumbprint" | "any";
  /** Whether one token id may stand in a chain once only. */
  readonly uniqueTokenIds: boolean;
  /** `leaf`: only the last token's audience counts. `narrowing`: every token's does, and a child's lies in its parent's. */
  readonly audience: "leaf" | "narrowing";
  /** Whether constraint types beyond the AAT draft's may occur. */
  readonly extensions: boolean;
  /** Name of Ed25519 in a header that this profile mints (RFC 8037, RFC 9864). */
  readonly edAlg: "EdDSA" | "Ed25519";
  /** How a refusal shows in a list of outcomes: by the draft's name, or as a plain `deny`. */
  readonly outcomes: "named" | "deny";
}

/** `typ` of a link in the `legate` profile: what a holder signs as a link passes for nothing else. */
const LINK_TYP = "delegation-link+jwt";
/** `typ` of an access token (RFC 9068 §2.1). */
const ACCESS_TOKEN_TYP = "at+jwt";

/** Kinds of signed messages that are no tokens: proofs, lists, events. */
const OTHER_KINDS = [
  "dpop+jwt",
  "statuslist+jwt",
  "secevent+jwt",
  "kb+jwt",
  "agent-proof+jwt",
  "audit-checkpoint+jwt",
];

const AAT: Profile = {
  name: "attenuating-agent-token",
  childSigner: "delegator",
  order: "verify-first",
  canonical: false,
  typ: { root: { not: OTHER_KINDS }, child: { not: OTHER_KINDS } },
  claims: "attenuating-agent-token",
  depth: "absolute",
  expiry: "strict",
  lifetime: { maxMs: LIFETIME_MS_MAX, skewMs: IAT_SKEW_MS },
  subject: "undefined",
  issuer: "thumbprint",
  uniqueTokenIds: true,
  audience: "narrowing",
  extensions: false,
  edAlg: "EdDSA",
  outcomes: "deny",
};

const AGENT_DELEGATION: Profile = {
  name: "agent-delegation",
  childSigner: "delegator",
  order: "parse-first",
  canonical: true,
  typ: { root: { must: ACCESS_TOKEN_TYP }, child: { must: ACCESS_TOKEN_TYP } },
  claims: "agent-delegation",
  depth: "length",
  expiry: "inclusive",
  lifetime: undefined,
  subject: "invariant",
  issuer: "any",
  uniqueTokenIds: false,
  audience: "leaf",
  extensions: false,
  edAlg: "Ed25519",
  outcomes: "named",
};

const LEGATE: Profile = {
  ...AAT,
  name: "legate",
  typ: { root: { must: ACCESS_TOKEN_TYP }, child: { must: LINK_TYP } },
  claims: "legate",
  subject: "optional",
  extensions: true,
};

/** All rule sets: each profile with either signer rule, made once, so that one rule set is one object. */
const PROFILES: ReadonlyMap<string, ReadonlyMap<string, Profile>> = new Map([
  ["delegator", byName((profile) => profile)],
  ["issuer", byName((profile) => ({ ...profile, childSigner: "issuer" }))],
]);

function byName(ruled: (profile: Profile) => Profile): ReadonlyMap<string, Profile> {
  return new Map([AAT, AGENT_DELEGATION, LEGATE].map((profile) => [profile.name, ruled(profile)]));
}

/**
 * The rule set of that name.
 *
 * @param childSigner `delegator` unless told.
 * @throws {DelegationError} `config_invalid` for names that there are not.
 */
export function profileOf(name: ProfileName, childSigner: ChildSigner = "delegator"): Profile {
  const profile = PROFILES.get(childSigner)?.get(name);
  if (profile !== undefined) return profile;
  throw new DelegationError("config_invalid", "no such profile or signer rule", {
    rule: "profile",
  });
}

/** Hops that may still follow a token at `depth`. */
export function hopsLeftOf(profile: Profile, depth: number, maxDepth: number): number {
  return profile.depth === "length" ? maxDepth - 1 - depth : maxDepth - depth;
}

/** `del_max_depth` that lets `hopsLeft` hops follow a token at `depth`. */
export function maxDepthOf(profile: Profile, depth: number, hopsLeft: number): number {
  return profile.depth === "length" ? depth + hopsLeft + 1 : depth + hopsLeft;
}
