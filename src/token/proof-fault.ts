/** How a proof is refused: with the codes of proofs, whatever was wrong with its bytes. @module */
import { DelegationError } from "../base/error.js";

/** A proof that does not prove what is asked. `rule` is the claim or member at fault. */
export function proofInvalid(message: string, rule: string, cause?: unknown): DelegationError {
  return new DelegationError("proof_invalid", message, { rule, cause });
}

/** Runs `read`; a refusal of bytes, keys or signatures comes out as `proof_invalid`, so that nobody takes it for the token's. */
export function readingProof<T>(read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    if (!(thrown instanceof DelegationError) || OWN.has(thrown.code)) throw thrown;
    throw proofInvalid(`proof is not acceptable: ${thrown.message}`, thrown.rule ?? "jws", thrown);
  }
}

const OWN: ReadonlySet<string> = new Set(["proof_invalid", "proof_expired", "config_invalid"]);

/**
 * Checks that `iat` lies within the window around the verifier's clock, both edges included.
 *
 * @param iat Seconds; @param nowMs and `windowMs` milliseconds.
 * @throws {DelegationError} `proof_expired`, for the future too.
 */
export function checkWindow(iat: number, nowMs: number, windowMs: number): void {
  // Written so that a clock that is not a number refuses.
  if (Math.abs(nowMs - iat * 1000) <= windowMs) return;
  throw new DelegationError("proof_expired", "proof is not of this moment", { rule: "iat" });
}
