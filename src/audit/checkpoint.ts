/**
 * Signed checkpoints: how far a log had come, and the hash that it stood at. Kept elsewhere, one makes it impossible to
 * shorten or rewrite what came before without being found out.
 *
 * Text in the form of a signed note (C2SP signed-note, tlog-checkpoint): origin, size, base64 of the head, a blank line,
 * signatures. The head is the hash of the log's last line, which chains all before it; it is not a Merkle root.
 *
 * @module
 */
import { sha256 } from "../base/digest.js";
import { DelegationError } from "../base/error.js";

/** Where a log stood. */
export interface Checkpoint {
  /** Names the log, e.g. `coordinator.example.com/audit`. */
  readonly origin: string;
  /** Lines. */
  readonly size: number;
  /** Hash of line `size`, base64url. */
  readonly head: string;
}

/** An Ed25519 key as notes know it. */
export interface NoteKey {
  /** Without spaces and plus signs. */
  readonly name: string;
  /** The 32 bytes of the public key. */
  readonly publicKey: Uint8Array;
}

/** Signs notes; where the private key lies (a file, a KMS) is its own affair. */
export interface NoteSigner extends NoteKey {
  /** Ed25519 (RFC 8032) over these bytes. */
  sign(bytes: Uint8Array): Uint8Array;
}

/** Knows one signer's notes. */
export interface NoteVerifier extends NoteKey {
  /** Whether `signature` is this signer's Ed25519 (RFC 8032) over these bytes. */
  verify(bytes: Uint8Array, signature: Uint8Array): boolean;
}

/**
 * Signs a checkpoint.
 *
 * @throws {DelegationError} `config_invalid` for a name or origin that a note cannot hold.
 */
export function signCheckpoint(checkpoint: Checkpoint, signer: NoteSigner): string {
  const body = bodyOf(checkpoint);
  const name = checked(signer.name, /^[^\s+]+$/);
  const signature = Buffer.concat([keyId(signer), signer.sign(Buffer.from(body))]);
  return `${body}\n— ${name} ${signature.toString("base64")}\n`;
}

/**
 * Reads a checkpoint that this signer has signed; signatures of others on the same note are passed over.
 *
 * @throws {DelegationError} `malformed`; `signature_invalid` when none of the signatures is this signer's.
 */
export function openCheckpoint(note: string, verifier: NoteVerifier): Checkpoint {
  const parts = NOTE.exec(note);
  const [, body = "", origin = "", size = "", head = "", signatures = ""] = parts ?? [];
  if (parts === null || !Number.isSafeInteger(Number(size))) {
    throw new DelegationError("malformed", "not a checkpoint");
  }
  const id = keyId(verifier);
  const signed = signatures.split("\n").some((line) => {
    const [, name, text = ""] = SIGNATURE.exec(line) ?? [];
    const bytes = Buffer.from(text, "base64");
    if (name !== verifier.name || !bytes.subarray(0, 4).equals(id)) return false;
    return verifier.verify(Buffer.from(body), bytes.subarray(4));
  });
  if (!signed) {
    throw new DelegationError("signature_invalid", "checkpoint is not signed by this key");
  }
  return { origin, size: Number(size), head: Buffer.from(head, "base64").toString("base64url") };
}

const NOTE = /^(([^\n]+)\n(0|[1-9][0-9]*)\n([A-Za-z0-9+/]{43}=)\n)\n((?:— [^\n]+\n)+)$/;
const SIGNATURE = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/;

function bodyOf({ origin, size, head }: Checkpoint): string {
  const root = Buffer.from(head, "base64url").toString("base64");
  return `${checked(origin, /^[^\n]+$/)}\n${size}\n${root}\n`;
}

/** C2SP signed-note: the first four bytes of SHA-256 over name, line end, algorithm 1 (Ed25519) and public key. */
function keyId({ name, publicKey }: NoteKey): Buffer {
  const named = Buffer.concat([Buffer.from(`${name}\n\u0001`), publicKey]);
  return Buffer.from(sha256(named).subarray(0, 4));
}

function checked(text: string, pattern: RegExp): string {
  if (pattern.test(text)) return text;
  throw new DelegationError("config_invalid", "a note cannot hold this name", {
    rule: "checkpoint",
  });
}
