/** The last step of minting: judged as a verifier will judge it, then signed. @module */
import type { JsonObject } from "../base/json-value.js";
import { type HeaderDraft, signJws } from "../token/jws.js";
import type { PublicKey, SigningKey } from "../token/key.js";
import type { Origin } from "./assembled-chain.js";
import { judgeDraft } from "./judge.js";
import { detailsTextOf } from "./mint-details.js";
import type { Profile } from "./profile.js";

/** What a token is signed with, and the holder key that its claims confirm. */
export interface Signing {
  readonly key: SigningKey;
  readonly holderKey: PublicKey;
  readonly now: number;
  /** Canonical texts of claims, by name, where they are known; what signing finds out is added. */
  readonly texts?: Map<string, string>;
}

/**
 * Signs claims as a token below `origin`, or as a root.
 *
 * @throws {DelegationError} whatever a verifier would refuse the token for, its signature aside; `too_large`.
 */
export function signToken(
  claims: JsonObject,
  origin: Origin | undefined,
  profile: Profile,
  { key, now, holderKey, texts = new Map() }: Signing,
): string {
  const judgement = { profile, trust: undefined, now };
  judgeDraft(claims, origin?.token, judgement, { signer: key.thumbprint, holderKey });
  texts.set("authorization_details", detailsTextOf(claims.authorization_details));
  return signJws(headerOf(origin, profile, key), claims, key, { texts });
}

function headerOf(origin: Origin | undefined, profile: Profile, key: SigningKey): HeaderDraft {
  if (origin === undefined) return rootHeaderOf(profile, key);
  const namesNoKey = profile.childSigner === "delegator" && origin.token.holderKey !== undefined;
  return namesNoKey ? linkHeaderOf(origin, profile, key) : writeHeader(origin, profile, key);
}

/** The header of all links of one profile that keys of one algorithm sign, under parents that confirm whole keys. */
function linkHeaderOf(origin: Origin, profile: Profile, key: SigningKey): HeaderDraft {
  const known = LINK_HEADERS.get(profile)?.get(key.alg);
  if (known !== undefined) return known;
  const header = Object.freeze(writeHeader(origin, profile, key));
  const ofProfile = LINK_HEADERS.get(profile) ?? new Map<string, HeaderDraft>();
  LINK_HEADERS.set(profile, ofProfile.set(key.alg, header));
  return header;
}

const LINK_HEADERS = new WeakMap<Profile, Map<string, HeaderDraft>>();

/** The header of all anchors that one key signs. */
function rootHeaderOf(profile: Profile, key: SigningKey): HeaderDraft {
  const known = ROOT_HEADERS.get(key);
  if (known?.profile === profile) return known.header;
  const header = Object.freeze(writeHeader(undefined, profile, key));
  ROOT_HEADERS.set(key, { profile, header });
  return header;
}

const ROOT_HEADERS = new WeakMap<SigningKey, { profile: Profile; header: HeaderDraft }>();

function writeHeader(origin: Origin | undefined, profile: Profile, key: SigningKey): HeaderDraft {
  const rule = origin === undefined ? profile.typ.root : profile.typ.child;
  const showsKey =
    origin !== undefined &&
    profile.childSigner === "delegator" &&
    origin.token.holderKey === undefined;
  return {
    alg: key.alg === "EdDSA" ? profile.edAlg : key.alg,
    ...(profile.canonical ? { c14n: "JCS" as const } : {}),
    ...(showsKey ? { jwk: key.jwk } : {}),
    ...(origin === undefined || profile.childSigner === "issuer" ? { kid: key.kid } : {}),
    ...("must" in rule ? { typ: rule.must } : {}),
  };
}
