/** Keys as other tools write them: SPKI and PKCS #8 in PEM (RFC 7468), read by jose at the edge. @module */
import { exportJWK, importPKCS8, importSPKI } from "jose";
import { DelegationError } from "../base/error.js";
import {
  type Alg,
  importPublicKey,
  importSigningKey,
  type PublicKey,
  type SigningKey,
} from "./key.js";

/** jose's name of an algorithm (RFC 9864 for Ed25519). */
const JOSE_ALG: Readonly<Record<Alg, string>> = { EdDSA: "Ed25519", ES256: "ES256" };

/**
 * Reads a public key from PEM. It goes through every check of {@link importPublicKey}.
 *
 * @throws {DelegationError} `key_invalid`
 */
export async function importPublicPem(pem: string, alg: Alg): Promise<PublicKey> {
  return importPublicKey(await read(() => importSPKI(pem, JOSE_ALG[alg], { extractable: true })));
}

/**
 * Reads a private key from PEM, unencrypted PKCS #8.
 *
 * @throws {DelegationError} `key_invalid`; the message holds nothing of the key.
 */
export async function importSigningPem(pem: string, alg: Alg): Promise<SigningKey> {
  return importSigningKey(await read(() => importPKCS8(pem, JOSE_ALG[alg], { extractable: true })));
}

async function read(importKey: () => ReturnType<typeof importSPKI>): Promise<unknown> {
  try {
    return await exportJWK(await importKey());
  } catch {
    // What jose says may quote what it read.
    throw new DelegationError("key_invalid", "not a key of this algorithm in pem");
  }
}
