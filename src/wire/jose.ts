/** Shapes of JOSE: headers and JSON Web Keys, as far as this package reads them. @module */
import { z } from "zod";
import { NAME_CHARS_MAX } from "../base/limits.js";

const name = z.string().min(1).max(NAME_CHARS_MAX);
const refused = z.undefined().optional();

/**
 * A JWS header (RFC 7515 §4). Unknown members are dropped, as §4 asks; those that would change what is verified, or send
 * the verifier to fetch a key, are refused: no extension is understood, so no `crit` is.
 */
export const joseHeaderSchema = z.object({
  alg: name,
  typ: name.optional(),
  kid: name.optional(),
  /** Looked at only where a rule asks for it (DPoP, a parent that confirms a thumbprint); never trusted by itself. */
  jwk: z.unknown().optional(),
  crit: refused,
  b64: refused,
  jku: refused,
  x5u: refused,
  x5c: refused,
});
export type JoseHeader = Readonly<z.infer<typeof joseHeaderSchema>>;

const coordinate = z.string().length(43);
const privateMembers = {
  d: refused,
  p: refused,
  q: refused,
  dp: refused,
  dq: refused,
  qi: refused,
  oth: refused,
  k: refused,
};
const publicMembers = {
  kid: name.optional(),
  use: z.literal("sig").optional(),
  key_ops: z.tuple([z.literal("verify")]).optional(),
};
const okp = {
  kty: z.literal("OKP"),
  crv: z.literal("Ed25519"),
  x: coordinate,
  alg: z.enum(["EdDSA", "Ed25519"]).optional(),
};
const ec = {
  kty: z.literal("EC"),
  crv: z.literal("P-256"),
  x: coordinate,
  y: coordinate,
  alg: z.literal("ES256").optional(),
};

/** A public key of the two kinds that sign here (RFC 7517, RFC 8037); a private member refuses. */
export const publicJwkSchema = z.discriminatedUnion("kty", [
  z.object({ ...privateMembers, ...publicMembers, ...okp }),
  z.object({ ...privateMembers, ...publicMembers, ...ec }),
]);

const secretMembers = {
  kid: name.optional(),
  use: z.literal("sig").optional(),
  key_ops: z
    .array(z.enum(["sign", "verify"]))
    .refine((operations) => operations.includes("sign"))
    .optional(),
  d: coordinate,
};

/** A private key of the same two kinds: what a key file holds. */
export const privateJwkSchema = z.discriminatedUnion("kty", [
  z.object({ ...secretMembers, ...okp }),
  z.object({ ...secretMembers, ...ec }),
]);
/** A private Ed25519 or P-256 key (RFC 7517, RFC 8037), as a key file holds it. */
export type PrivateJwk = z.infer<typeof privateJwkSchema>;

/** The members of a public key that name it: exactly those that its thumbprint covers (RFC 7638 §3.2). */
export type PublicJwk =
  | { readonly crv: "Ed25519"; readonly kty: "OKP"; readonly x: string }
  | { readonly crv: "P-256"; readonly kty: "EC"; readonly x: string; readonly y: string };

/** A set of keys (RFC 7517 §5); what a key is, is judged one by one. */
export const jwksSchema = z.object({ keys: z.array(z.unknown()) });
