/**
 * Signed checkpoints: how far a log had come, and the hash that it stood at. Kept elsewhere, one makes it impossible to
 * shorten or rewrite what came before without being found out.
 *
 * Text in the form of a signed note (C2SP signed-note, tlog-checkpoint): origin, size, base64 of the head, a blank line,
 * signatures. The head is the hash of the log's last line, which chains all before it; it is not a Merkle root.
 *
 * @module
 */
import { type KeyObject, sign, verify } from "node:crypto";
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

/** Who signs, or whose signature counts: the key's name (a note's key name: no spaces, no plus) and an Ed25519 key. */
export interface NoteKey {
  readonly name: string;
  readonly key: KeyObject;
}

/**
 * Signs a checkpoint.
 *
 * @param signer.key Private key.
 * @param publicKey Its public half, from which verifiers know the key.
 * @throws {DelegationError} `config_invalid` for a name or origin that a note cannot hold.
 */
export function signCheckpoint(
  checkpoint: Checkpoint,
  signer: NoteKey,
  publicKey: KeyObject,
): string {
  const body = bodyOf(checkpoint);
  const signature = sign(null, Buffer.from(body), signer.key);
  const id = keyId({ name: checked(signer.name, /^[^\s+]+$/), key: publicKey });
  return `${body}\n— ${signer.name} ${Buffer.concat([id, signature]).toString("base64")}\n`;
}

/**
 * Reads a checkpoint that `signer` has signed; signatures of others on the same note are passed over.
 *
 * @param signer.key Public key.
 * @throws {DelegationError} `malformed`; `signature_invalid` when none of the signatures is this signer's.
 */
export function openCheckpoint(note: string, signer: NoteKey): Checkpoint {
  const parts = NOTE.exec(note);
  const [, body = "", origin = "", size = "", head = "", signatures = ""] = parts ?? [];
  if (parts === null || !Number.isSafeInteger(Number(size))) {
    throw new DelegationError("malformed", "not a checkpoint");
  }
  const id = keyId(signer);
  const signed = signatures.split("\n").some((line) => {
    const [, name, text = ""] = SIGNATURE.exec(line) ?? [];
    const bytes = Buffer.from(text, "base64");
    if (name !== signer.name || !bytes.subarray(0, 4).equals(id)) return false;
    return verify(null, Buffer.from(body), signer.key, bytes.subarray(4));
  });
  if (!signed)
    throw new DelegationError("signature_invalid", "checkpoint is not signed by this key");
  return { origin, size: Number(size), head: Buffer.from(head, "base64").toString("base64url") };
}

const NOTE = /^(([^\n]+)\n(0|[1-9][0-9]*)\n([A-Za-z0-9+/]{43}=)\n)\n((?:— [^\n]+\n)+)$/;
const SIGNATURE = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/;

function bodyOf({ origin, size, head }: Checkpoint): string {
  const root = Buffer.from(head, "base64url").toString("base64");
  return `${checked(origin, /^[^\n]+$/)}\n${size}\n${root}\n`;
}

/** C2SP signed-note: the first four bytes of SHA-256 over name, line end, algorithm 1 (Ed25519) and public key. */
function keyId({ name, key }: NoteKey): Buffer {
  const { x = "" } = key.export({ format: "jwk" });
  const named = Buffer.concat([Buffer.from(`${name}\n\u0001`), Buffer.from(x, "base64url")]);
  return Buffer.from(sha256(named).subarray(0, 4));
}

function checked(text: string, pattern: RegExp): string {
  if (pattern.test(text)) return text;
  throw new DelegationError("config_invalid", "a note cannot hold this name", {
    rule: "checkpoint",
  });
}
