/** A call as a tool server sees it, and what a guard decides about it. @module */
import type { Code } from "../base/codes.js";
import type { DelegationError } from "../base/error.js";
import type { Json } from "../base/json.js";
import type { VerifiedChain } from "../chain/verified-chain.js";
import type { SessionAnswer } from "../token/session.js";
import type { Position } from "../wire/cut.js";
import type { Possession } from "../wire/proof.js";

/** One attempt to use a tool, with all that came along. Nothing in it is believed. */
export interface Call {
  /** Compact tokens, root first; the last one alone when the guard has seen the chain before. */
  readonly tokens: readonly string[];
  readonly possession: Possession;
  readonly tool: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** Which of the guard's audiences is asked; its first unless told. */
  readonly audience?: string;
  /** Tickets of granted approvals, in the order in which they were asked for. */
  readonly tickets?: readonly string[];
  /**
   * What the decision must know at least, as `revoke` returned it: a position of the log that this chain's tree is cut in, or the
   * positions of all logs, by partition.
   */
  readonly minPosition?: Position | readonly Position[];
  /** Let this chain's last token be used once only. */
  readonly once?: boolean;
  /**
   * What the door that the call came through knows besides, as whose session it is: refuses by throwing. Asked when the chain is proven
   * and alive, before anything is charged.
   */
  readonly accept?: (chain: VerifiedChain) => void;
}

/** What every decision about a chain tells. */
interface Decided {
  /** Position that it was made at, in the log of cuts of the chain's tree. */
  readonly position: Position;
  /** Which log that is: positions of two logs have nothing to do with each other. 0 where the store keeps one. */
  readonly partition: number;
}

/** The call may run, once, with exactly `arguments`. */
export interface Allowed extends Decided {
  readonly effect: "allow";
  readonly chain: VerifiedChain;
  /** A copy, made before anything was checked: hand these to the handler. */
  readonly arguments: Readonly<Record<string, Json>>;
  /** Fires when the chain is cut, suspended or expires while the call runs. */
  readonly signal: AbortSignal;
  /** What stopped it, if anything did: the signal's reason, without a signal being made. */
  readonly cut: DelegationError | undefined;
  /** Has `stop` called when the signal fires; lighter than a listener of the signal. The last one given counts. */
  readonly onCut: (stop: (why: DelegationError) => void) => void;
  /** Says that the call is over. */
  readonly end: () => void;
  /** Tell the caller, whose signed proof offered a key: a MAC under it now proves possession. */
  readonly session: SessionAnswer | undefined;
}

/** The call must not run. Where there are several logs, one that no verified chain stands behind is judged by none of them. */
export interface Denied extends Partial<Decided> {
  readonly effect: "deny";
  readonly code: Code;
  readonly message: string;
  readonly hop?: string;
  readonly rule?: string;
  readonly required?: string;
  readonly retry: boolean;
}

/** The call may run when people agree: ask the coordinator for tickets, and come back with them in this order. */
export interface Asked extends Decided {
  readonly effect: "ask";
  readonly code: Extract<Code, "approval_required">;
  readonly hop: string;
  readonly approvals: readonly ApprovalNeed[];
  /** Approvals are bound to it. */
  readonly policyVersion: string;
}

/** How many people have to agree, and who may; anyone outside the chain when `from` is absent. */
export interface ApprovalNeed {
  readonly approvers: number;
  readonly from?: readonly string[];
}

/** What a guard decides: run it, do not, or ask people first. */
export type Decision = Allowed | Denied | Asked;
