/** Keys of signed notes, as `openssl` writes them: Ed25519 in PEM (RFC 8410). @module */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { DelegationError } from "../base/error.js";

/** Signs notes under a name. @throws {DelegationError} `key_invalid`; the message holds nothing of the key */
export function noteSigner(pem: string, name: string) {
  const key = keyIn(() => createPrivateKey(pem));
  return {
    name,
    publicKey: rawOf(createPublicKey(key)),
    sign: (bytes: Uint8Array): Uint8Array => sign(null, bytes, key),
  };
}

/** Knows the key's notes, by whatever name this one was signed. @throws {DelegationError} `key_invalid` */
export function noteVerifier(pem: string, note: string) {
  const key = keyIn(() => createPublicKey(pem));
  return {
    name: /^— (\S+) /m.exec(note)?.[1] ?? "",
    publicKey: rawOf(key),
    verify: (bytes: Uint8Array, signature: Uint8Array): boolean =>
      verify(null, bytes, key, signature),
  };
}

function keyIn(read: () => KeyObject): KeyObject {
  let key: KeyObject | undefined;
  try {
    key = read();
  } catch {
    // What the parser says may quote what it read.
  }
  if (key?.asymmetricKeyType === "ed25519") return key;
  throw new DelegationError("key_invalid", "not an Ed25519 key in PEM");
}

function rawOf(key: KeyObject): Uint8Array {
  return Buffer.from(String(key.export({ format: "jwk" }).x), "base64url");
}
