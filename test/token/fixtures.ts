/** What the tests of this room share: keys that repeat, one token, and how to ask for a code. @module */
import { expect } from "vitest";
import type { Code } from "../../src/base/codes.js";
import { DelegationError } from "../../src/base/error.js";
import { seededRandom } from "../../src/base/random.js";
import { type Alg, generateSigningKey, type SigningKey } from "../../src/token/key.js";

export const NOW = 1_800_000_000_000;
export const ALGS = ["EdDSA", "Ed25519", "ES256"];

/** A key that is the same in every run. */
export function keyOf(seed: number, alg: Alg = "EdDSA"): SigningKey {
  return generateSigningKey(alg, seededRandom(seed));
}

/** What every refusal says: something, in lower case, without a full stop at its end. */
export const WELL_SAID = /^[a-z].*[^.]$/;

/** A fault with this code, and this rule where one is named. */
export function fault(code: Code, rule?: string): unknown {
  return expect.objectContaining({
    name: "DelegationError",
    code,
    ...(rule === undefined ? {} : { rule }),
    message: expect.stringMatching(WELL_SAID),
  });
}

/** What `run` throws; a test that expects a refusal fails when nothing is thrown. */
export function thrownBy(run: () => unknown): DelegationError {
  try {
    run();
  } catch (thrown) {
    if (thrown instanceof DelegationError) return thrown;
    throw new Error("something other than a DelegationError was thrown", { cause: thrown });
  }
  throw new Error("nothing was thrown");
}

/** A compact JWS of any header and payload, with any signature. */
export function compact(
  header: unknown,
  payload: unknown,
  signature: Uint8Array = new Uint8Array(64),
): string {
  return [text(header), text(payload), Buffer.from(signature).toString("base64url")].join(".");
}

/** Base64url of a string as it is, or of anything else as JSON. */
export function text(value: unknown): string {
  const json = typeof value === "string" ? value : JSON.stringify(value);
  return Buffer.from(json).toString("base64url");
}

/** A compact JWS of exactly these texts, signed: what a careless or hostile holder of a key can make. */
export function signed(header: unknown, payload: unknown, key: SigningKey): string {
  const input = `${text(header)}.${text(payload)}`;
  return `${input}.${Buffer.from(key.sign(input)).toString("base64url")}`;
}
