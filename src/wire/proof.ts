/** Proofs of possession and of identity: their claims, and how a call carries them. @module */
import { z } from "zod";
import { NAME_CHARS_MAX } from "../base/limits.js";

const name = z.string().min(1).max(NAME_CHARS_MAX);
/** SHA-256, or an X25519 public key, in base64url. */
const bytes32 = z.string().length(43);
const seconds = z.int().nonnegative();

/**
 * Claims of a DPoP proof (RFC 9449 §4.2); unknown ones are dropped.
 *
 * Ours: `legate` binds the proof to one invocation, `epk` offers an X25519 key to open a session with.
 */
export const dpopClaimsSchema = z.object({
  jti: name,
  htm: name,
  htu: z.string().min(1).max(8_192),
  iat: seconds,
  ath: bytes32.optional(),
  nonce: z.string().optional(),
  legate: z.strictObject({ aud: name, tool: name, args: bytes32 }).optional(),
  epk: bytes32.optional(),
});

/** Claims of an AAT proof of possession. Ours: `ath`, the digest of the leaf, and `epk` as above. */
export const aatProofClaimsSchema = z.object({
  jti: name,
  iat: seconds,
  aat_id: name,
  aat_tool: name,
  aat_aud: name.optional(),
  /** The arguments; taken from the raw claims, so that no member's name is special. */
  hta: z.unknown(),
  ath: bytes32.optional(),
  epk: bytes32.optional(),
  // What a token has and a proof has not: the draft gives neither a `typ`.
  cnf: z.undefined().optional(),
  del_depth: z.undefined().optional(),
  par_hash: z.undefined().optional(),
  authorization_details: z.undefined().optional(),
});

/** Claims of an agent's identity proof at a hop. */
export const agentProofClaimsSchema = z.strictObject({
  /** The agent's id. */
  iss: name,
  /** Thumbprint of the holder key of the hop. */
  sub: bytes32,
  /** `par_hash` of the parent; empty at the root. */
  par: z.union([bytes32, z.literal("")]),
  aud: name,
  iat: seconds,
  exp: seconds,
  jti: name,
});

/** Claims of a status list token (Token Status List §5.1); unknown ones are dropped. */
export const statusListClaimsSchema = z.object({
  sub: z.string().min(1),
  iat: seconds,
  exp: seconds.optional(),
  /** Seconds that a copy may be kept. */
  ttl: z.int().positive().optional(),
  status_list: z.object({
    bits: z.union([z.literal(1), z.literal(2), z.literal(4), z.literal(8)]),
    lst: z.string(),
  }),
});

/** How a presenter proves that it holds the leaf's key. */
export const possessionSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("dpop"),
    proof: z.string(),
    /** Method and URL of the request as it arrived, not as the presenter tells them. */
    method: z.string(),
    url: z.string(),
  }),
  z.strictObject({ kind: z.literal("aat"), proof: z.string() }),
  z.strictObject({
    kind: z.literal("session"),
    session: name,
    /** From 1; each is good once. */
    sequence: z.int().positive(),
    mac: z.string(),
  }),
  z.strictObject({ kind: z.literal("none") }),
]);
export type Possession = z.infer<typeof possessionSchema>;
