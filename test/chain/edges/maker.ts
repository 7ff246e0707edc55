/** Makes conformance vectors with nothing of ours: Node's signatures, and canonical JSON of its own. Deterministic, but for ES256. @module */
import {
  createECDH,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  type JsonWebKey,
  sign as nodeSign,
} from "node:crypto";

export type Members = Record<string, unknown>;

/** What is the matter, the outcome that the drafts ask for, and how to make it. */
export type Case<Plan> = readonly [name: string, expect: string, plan: Plan];

/** Something that signs, as the vectors show it. */
export interface Signer {
  readonly alg: string;
  readonly jwk: Members;
  /** Thumbprint (RFC 7638). */
  readonly jkt: string;
  readonly kid?: string;
  sign(input: string): Buffer;
}

/** What makes one token other than the base; each gets what stands there and gives what shall. */
export interface Change {
  readonly claims?: (claims: Members) => Members;
  readonly header?: (header: Members) => Members;
  /** The text that is signed in the payload's place. */
  readonly text?: (text: string) => string;
  readonly headerText?: (text: string) => string;
  readonly signer?: Signer;
  /** The signature, in base64url. */
  readonly signature?: (input: string, signer: Signer) => string;
}

export function digest(text: string | Buffer): string {
  return createHash("sha256").update(text).digest("base64url");
}

export function encoded(text: string | Buffer): string {
  return Buffer.from(text).toString("base64url");
}

/** RFC 8785, for what vectors hold. */
export function canonical(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const members = stated(value as Members);
  const names = Object.keys(members).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(members[name])}`).join(",")}}`;
}

/** Without the members that are undefined. */
export function stated(members: Members): Members {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

/** What a child carries as `par_hash`. */
export function parentHash(token: string): string {
  return digest(token.slice(0, token.lastIndexOf(".")));
}

export function ed25519(name: string): Signer {
  const prefix = Buffer.from("302e020100300506032b657004220420", "hex");
  const der = Buffer.concat([prefix, createHash("sha256").update(name).digest()]);
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const { crv, kty, x } = createPublicKey(key).export({ format: "jwk" });
  const jwk = { crv, kty, x };
  const sign = (input: string) => nodeSign(null, Buffer.from(input), key);
  return { alg: "EdDSA", jwk, jkt: digest(canonical(jwk)), sign };
}

/** Signs differently each time. */
export function p256(name: string): Signer {
  const curve = createECDH("prime256v1");
  const d = createHash("sha256").update(name).digest();
  curve.setPrivateKey(d);
  const point = curve.getPublicKey();
  const [x, y] = [encoded(point.subarray(1, 33)), encoded(point.subarray(33))];
  const jwk = { crv: "P-256", kty: "EC", x, y };
  const key = createPrivateKey({ key: { ...jwk, d: encoded(d) } as JsonWebKey, format: "jwk" });
  const how = { key, dsaEncoding: "ieee-p1363" } as const;
  const sign = (input: string) => nodeSign("sha256", Buffer.from(input), how);
  return { alg: "ES256", jwk, jkt: digest(canonical(jwk)), sign };
}

export function hs256(secret: string | Buffer, kid: string): Signer {
  const jwk = { kty: "oct", alg: "HS256", kid, k: encoded(secret) };
  const sign = (input: string) => createHmac("sha256", secret).update(input).digest();
  return { alg: "HS256", jwk, jkt: "", kid, sign };
}

export function compact(
  header: Members,
  payload: string,
  signer: Signer,
  change: Change = {},
): string {
  const text = canonical(change.header?.(header) ?? header);
  const input = `${encoded(change.headerText?.(text) ?? text)}.${encoded(change.text?.(payload) ?? payload)}`;
  return `${input}.${change.signature?.(input, signer) ?? encoded(signer.sign(input))}`;
}

/** A point of order 1, under which this signature fits any message. */
export const LOW_ORDER = {
  jwk: { crv: "Ed25519", kty: "OKP", x: encoded(Buffer.from([1, ...Array(31).fill(0)])) },
  signature: encoded(Buffer.from([1, ...Array(63).fill(0)])),
};
