/** One compact JWS (RFC 7515): the strict parser, the verifier and the signer. Synchronous. @module */
import { decodeBase64url, encodeBase64url, encodeTextBase64url } from "../base/base64url.js";
import { canonicalize, canonicalizeWith } from "../base/canonical.js";
import { sha256Base64url } from "../base/digest.js";
import { DelegationError } from "../base/error.js";
import {
  decodeUtf8,
  type Json,
  type JsonInfo,
  type JsonObject,
  parseJsonInfo,
} from "../base/json.js";
import { TOKEN_BYTES_MAX } from "../base/limits.js";
import type { JoseHeader } from "../wire/jose.js";
import { parseHeader } from "./jose-header.js";
import type { SigningKey, VerificationKey } from "./key.js";

/** A JWS whose form is right and whose signature nobody has looked at: believe nothing that it says. */
export interface UnverifiedJws {
  readonly text: string;
  readonly header: JoseHeader;
  /** Whether the header's bytes are its canonical text (RFC 8785). */
  readonly headerCanonical: boolean;
  /** Payload as it came, in strict base64url. */
  readonly payload: string;
  /** The same, decoded; not yet known to be UTF-8 or JSON. */
  readonly payloadBytes: Uint8Array;
  /** `header.payload`: the bytes that the signature is over. */
  readonly signingInput: string;
  readonly signature: Uint8Array;
}

/** Ceilings of one parse. */
export interface JwsLimits {
  /** Bytes of the compact text; `TOKEN_BYTES_MAX` unless told. */
  readonly bytesMax?: number;
}

/** Bytes of a signature, by the header's algorithm; of others this package knows none to verify. */
const SIGNATURE_BYTES: ReadonlyMap<string, number> = new Map([
  ["EdDSA", 64],
  ["Ed25519", 64],
  ["ES256", 64],
]);

/** Names on the wire of a key's algorithm (RFC 8037 §3.1, RFC 9864 §2.2). */
const NAMES: ReadonlyMap<string, readonly string[]> = new Map([
  ["EdDSA", ["EdDSA", "Ed25519"]],
  ["ES256", ["ES256"]],
]);

/**
 * Reads the form of one compact JWS. Linear; the size is judged first, and a header seen before costs one look-up.
 *
 * The claims are not read: where a profile asks for the signature first, it comes first. See {@link readClaims}.
 *
 * @throws {DelegationError} `too_large`; `malformed` for anything but three parts in strict base64url, a header in strict
 *   JSON with an algorithm, and no member that this package would have to obey (`crit`, `b64`, `jku`, `x5u`, `x5c`);
 *   `duplicate_member` and `non_finite` as `parseJson` says.
 */
export function parseJws(text: string, limits: JwsLimits = {}): UnverifiedJws {
  if (typeof text !== "string") throw malformed("token is not text");
  if (text.length > (limits.bytesMax ?? TOKEN_BYTES_MAX)) {
    throw new DelegationError("too_large", "token is larger than its ceiling");
  }
  const first = text.indexOf(".");
  const second = text.indexOf(".", first + 1);
  if (first < 0 || second < 0 || text.includes(".", second + 1)) {
    throw malformed("token has not exactly three parts");
  }
  const { header, canonical } = parseHeader(text.slice(0, first));
  const payload = text.slice(first + 1, second);
  const payloadBytes = decodeBase64url(payload);
  const signature = decodeBase64url(text.slice(second + 1));
  const signingInput = text.slice(0, second);
  const headerCanonical = canonical;
  return { text, header, headerCanonical, payload, payloadBytes, signingInput, signature };
}

/**
 * Checks the signature over the bytes that arrived. The algorithm is the key's; the header's must be a name of it, and
 * that very name must be accepted.
 *
 * @param acceptedAlgs Names as they stand in headers: accepting `EdDSA` does not accept `Ed25519`.
 * @throws {DelegationError} `signature_invalid`; `malformed` for a signature that is not of the key's length, once its
 *   algorithm is the key's; `config_invalid` when `acceptedAlgs` is not a list of strings (a bare string would match
 *   letter by letter).
 */
export function verifyJws(
  jws: UnverifiedJws,
  key: VerificationKey,
  acceptedAlgs: readonly string[],
): void {
  if (!Array.isArray(acceptedAlgs) || !acceptedAlgs.every((name) => typeof name === "string")) {
    throw new DelegationError("config_invalid", "accepted algorithms are not a list of names", {
      rule: "acceptedAlgs",
    });
  }
  const { alg } = jws.header;
  if (!acceptedAlgs.includes(alg) || !namesOf(key.alg).includes(alg)) {
    throw new DelegationError("signature_invalid", "algorithm is not accepted for this key", {
      rule: "alg",
    });
  }
  const bytes = SIGNATURE_BYTES.get(alg);
  if (bytes !== undefined && jws.signature.length !== bytes) {
    throw malformed("signature is of the wrong length");
  }
  if (!key.verify(jws.signingInput, jws.signature)) {
    throw new DelegationError("signature_invalid", "signature does not verify");
  }
}

/** Claims of one token, and whether header and payload were canonical bytes. */
export interface ReadClaims {
  readonly claims: JsonObject;
  /** Found out when it is asked for, from claims that nobody has changed. */
  readonly canonical: boolean;
}

/**
 * Reads the claims from exactly the bytes that the signature is over.
 *
 * @throws {DelegationError} `malformed`, `duplicate_member`, `non_finite` as `parseJson` says, `malformed` also for bytes
 *   that are not UTF-8 and for anything but an object.
 */
export function readClaims(jws: UnverifiedJws): ReadClaims {
  const text = decodeUtf8(jws.payloadBytes);
  // The size of the whole token was judged before.
  const payload = parseJsonInfo(text, { bytesMax: Number.POSITIVE_INFINITY });
  if (!isObject(payload.value)) throw malformed("claims are not an object");
  return new ReadPayload(payload.value, jws, payload);
}

class ReadPayload implements ReadClaims {
  readonly claims: JsonObject;
  readonly #jws: UnverifiedJws;
  readonly #payload: JsonInfo;

  constructor(claims: JsonObject, jws: UnverifiedJws, payload: JsonInfo) {
    this.claims = claims;
    this.#jws = jws;
    this.#payload = payload;
  }

  get canonical(): boolean {
    return this.#jws.headerCanonical && this.#payload.canonical;
  }
}

/** Members of a header that a signer chooses; `alg` is the key's unless another name of it is given. */
export interface HeaderDraft {
  readonly alg?: string;
  readonly typ?: string;
  readonly kid?: string;
  readonly jwk?: object;
  readonly c14n?: "JCS";
}

/** How to sign. */
export interface SignOptions extends JwsLimits {
  /** Canonical texts of claims, by name, where they are known. */
  readonly texts?: ReadonlyMap<string, string>;
}

const NO_TEXTS: ReadonlyMap<string, string> = new Map();

/**
 * Signs `claims`, with header and payload in canonical JSON.
 *
 * @throws {DelegationError} `config_invalid` when `header.alg` is no name of the key's algorithm; `too_large`; `malformed`
 *   and `non_finite` when the claims are not JSON.
 */
export function signJws(
  header: HeaderDraft,
  claims: object,
  key: SigningKey,
  { bytesMax = TOKEN_BYTES_MAX, texts = NO_TEXTS }: SignOptions = {},
): string {
  const alg = header.alg ?? key.alg;
  if (!namesOf(key.alg).includes(alg)) {
    throw new DelegationError("config_invalid", "algorithm is not the key's", { rule: "alg" });
  }
  const input = `${encodedHeader(header, alg)}.${encodeTextBase64url(canonicalizeWith(claims, texts))}`;
  const text = `${input}.${encodeBase64url(key.sign(input))}`;
  if (text.length <= bytesMax) return text;
  throw new DelegationError("too_large", "token is larger than its ceiling");
}

/** A frozen header that was signed under before is known. */
function encodedHeader(header: HeaderDraft, alg: string): string {
  const known = HEADERS.get(header);
  if (known?.alg === alg) return known.text;
  const text = encodeTextBase64url(canonicalize({ ...header, alg }));
  if (Object.isFrozen(header) && header.jwk === undefined) HEADERS.set(header, { alg, text });
  return text;
}

const HEADERS = new WeakMap<HeaderDraft, { readonly alg: string; readonly text: string }>();

/** SHA-256 (base64url) of a token's text: `ath` of its proofs, and the chain's name when the token is the last. */
export function tokenDigest(text: string): string {
  return sha256Base64url(text);
}

/**
 * SHA-256 (base64url) of a token's signing input: what a child carries as `par_hash`.
 *
 * @param text The whole token, signature included; `malformed` when it has not three parts.
 */
export function signingInputDigest(text: string): string {
  const last = text.lastIndexOf(".");
  if (last < 0 || text.lastIndexOf(".", last - 1) < 0) throw malformed("not a compact token");
  return sha256Base64url(text.slice(0, last));
}

/** The header's `typ` in its one spelling: lower case, without `application/` (RFC 7515 §4.1.9). */
export function typOf(jws: UnverifiedJws): string | undefined {
  const typ = jws.header.typ?.toLowerCase();
  const bare = typ?.startsWith("application/") ? typ.slice("application/".length) : typ;
  return bare?.includes("/") ? typ : bare;
}

/**
 * Refuses a JWS of another kind: each kind that is signed has a `typ` of its own, so that none passes for another.
 *
 * @throws {DelegationError} `malformed`
 */
export function requireTyp(jws: UnverifiedJws, typ: string): void {
  if (typOf(jws) !== typ) {
    throw new DelegationError("malformed", "token is of another type", { rule: "typ" });
  }
}

function namesOf(alg: string): readonly string[] {
  return NAMES.get(alg) ?? [alg];
}

function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function malformed(message: string): DelegationError {
  return new DelegationError("malformed", message);
}
