/** A coordinator, and the trust of the guards that stand beside it in one process: both follow one ring of keys. @module */
import { type Trust, type TrustSettings, trustedKeys } from "../chain/trust.js";
import type { KeyRing } from "../token/jwks.js";
import type { Coordinator } from "./verbs.js";

/** Trust in what the ring has signed, or still verifies, for this issuer alone. */
export function trustIn(keys: KeyRing, issuer: string): TrustSettings {
  return { keys: trustedKeys(keys.verification), issuers: [issuer] };
}

/** The same coordinator, whose `useKeys` changes the trust first: no token of a new key meets a guard that does not know it. */
export function trusting(inner: Coordinator, trust: Trust, issuer: string): Coordinator {
  return {
    ...inner,
    useKeys: (next) => {
      trust.change(trustIn(next, issuer));
      inner.useKeys(next);
    },
  };
}
