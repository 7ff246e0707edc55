/** What is known of a call once its chain is verified. @module */
import { canonicalize } from "../base/canonical.js";
import { sha256Base64url } from "../base/digest.js";
import type { ChainHop, VerifiedChain } from "../chain/verified-chain.js";
import type { Invocation } from "../wire/invocation.js";

/** One call, its chain verified; nothing is decided yet. */
export class Presented {
  readonly chain: VerifiedChain;
  /** The acting hop. */
  readonly leaf: ChainHop;
  readonly invocation: Invocation;
  /** The one instant of this decision, epoch ms. */
  readonly now: number;
  #canonical: string | undefined;
  #digest: string | undefined;

  constructor(chain: VerifiedChain, leaf: ChainHop, invocation: Invocation, now: number) {
    this.chain = chain;
    this.leaf = leaf;
    this.invocation = invocation;
    this.now = now;
  }

  /** Holds on to the arguments as they are now: whoever gets them may change them. */
  seal(): void {
    this.#canonical ??= canonicalize(this.invocation.arguments);
  }

  /** SHA-256 (base64url) of the canonical arguments as they were when this or {@link seal} was first called. */
  get argumentsDigest(): string {
    this.seal();
    this.#digest ??= sha256Base64url(this.#canonical ?? "");
    return this.#digest;
  }
}
