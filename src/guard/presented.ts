/** What is known of a call once its chain is verified. @module */
import { canonicalizeWith } from "../base/canonical.js";
import { sha256Base64url } from "../base/digest.js";
import type { Json } from "../base/json-value.js";
import type { Presentation } from "../chain/possession.js";
import type { ChainHop, VerifiedChain } from "../chain/verified-chain.js";
import type { ReplayStore } from "../token/replay.js";
import type { Sessions } from "../token/session.js";
import type { Invocation } from "../wire/invocation.js";
import type { FollowedLog } from "./followed-log.js";

/** What a guard remembers of proofs. */
export interface ProofMemory {
  readonly replay: ReplayStore;
  readonly sessions: Sessions;
}

/** One call, its chain verified; nothing is decided yet. It is what possession is proved for. */
export class Presented implements Presentation {
  readonly chain: VerifiedChain;
  /** The acting hop. */
  readonly leaf: ChainHop;
  /** The log of cuts that it is judged by. */
  readonly log: FollowedLog;
  readonly invocation: Invocation;
  /** The one instant of this decision, epoch ms. */
  readonly now: number;
  readonly replay: ReplayStore;
  readonly sessions: Sessions;
  #canonical: string | undefined;

  constructor(
    chain: VerifiedChain,
    leaf: ChainHop,
    log: FollowedLog,
    invocation: Invocation,
    now: number,
    { replay, sessions }: ProofMemory,
  ) {
    this.chain = chain;
    this.leaf = leaf;
    this.log = log;
    this.invocation = invocation;
    this.now = now;
    this.replay = replay;
    this.sessions = sessions;
  }

  get tool(): string {
    return this.invocation.tool;
  }

  get arguments(): Readonly<Record<string, Json>> {
    return this.invocation.arguments;
  }

  get audience(): string {
    return this.invocation.audience;
  }

  /** Canonical text of the arguments as they were when this was first asked: whoever gets them may change them. */
  get canonicalArguments(): string {
    // Member by member: native serialization is slow where an object has no prototype.
    this.#canonical ??= canonicalizeWith(this.invocation.arguments, NO_TEXTS);
    return this.#canonical;
  }

  /** SHA-256 (base64url) of {@link canonicalArguments}; not every proof needs it. */
  get argumentsDigest(): string {
    return sha256Base64url(this.canonicalArguments);
  }
}

const NO_TEXTS: ReadonlyMap<string, string> = new Map();
