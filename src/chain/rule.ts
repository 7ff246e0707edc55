/** What a rule is: a function that says nothing, or refuses. @module */
import type { ChainToken } from "./chain-token.js";
import type { Profile } from "./profile.js";
import type { Trust } from "./trust.js";

/** What a token is judged by. One instant for the whole chain. */
export interface Judgement {
  readonly profile: Profile;
  /** Absent when a minter judges its own work: it is not the one who has to trust it. */
  readonly trust: Trust | undefined;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** Judges one token; its ancestors have been judged by the same rule. */
export type Rule = (token: ChainToken, judgement: Judgement) => void;
