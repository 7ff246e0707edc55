/** Keys of checkpoints, as `openssl` writes them: Ed25519 in PEM. @module */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import type { NoteSigner, NoteVerifier } from "../audit/checkpoint.js";
import { CommandError, EXIT } from "./exit.js";

/** @throws {CommandError} `usage` */
export function noteSigner(pem: string, name: string): NoteSigner {
  const key = keyIn(() => createPrivateKey(pem));
  return {
    name,
    publicKey: rawOf(createPublicKey(key)),
    sign: (bytes) => sign(null, bytes, key),
  };
}

/** Knows the key's notes, by whatever name they were signed. @throws {CommandError} `usage` */
export function noteVerifier(pem: string, note: string): NoteVerifier {
  const key = keyIn(() => createPublicKey(pem));
  return {
    name: /^— (\S+) /m.exec(note)?.[1] ?? "",
    publicKey: rawOf(key),
    verify: (bytes, signature) => verify(null, bytes, key, signature),
  };
}

function keyIn(read: () => KeyObject): KeyObject {
  try {
    const key = read();
    if (key.asymmetricKeyType === "ed25519") return key;
  } catch {
    // What the parser says may quote what it read.
  }
  throw new CommandError(EXIT.usage, "not an Ed25519 key in PEM");
}

function rawOf(key: KeyObject): Uint8Array {
  return Buffer.from(String(key.export({ format: "jwk" }).x), "base64url");
}
