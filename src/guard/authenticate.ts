/** Who asks, without a decision about a tool: for what needs a living chain and no grant, as listing what it could use. @module */
import { exposed } from "../base/error.js";
import { checkPossession } from "../chain/possession.js";
import type { Bench } from "./bench.js";
import { checkAlive, checkGrants, checkStill } from "./checks.js";
import type { Allowed, Call, Denied } from "./decision.js";
import { allow, deniedBy, deny, noteAllow } from "./outcome.js";
import type { Presented } from "./presented.js";
import { invocationOf, knowsEnough, learn, present } from "./standing.js";

/** What is presented for something that no grant speaks of; `tool` names it, and the proof is bound to that name. */
export type Presentment = Omit<Call, "tickets" | "once">;

/**
 * Verifies a chain, possession of it, and that it lives. Never throws.
 *
 * The same steps in the same order as a decision about a call, without the grants, policy, approval and admission: nothing is
 * charged. The caller decides what it lets a mere presence do.
 */
export async function authenticate(bench: Bench, call: Presentment): Promise<Allowed | Denied> {
  let presented: Presented | undefined;
  let log = bench.logs.only;
  try {
    let shown = present(bench, call, invocationOf(bench, call));
    log = shown.log;
    if (bench.strict || !knowsEnough(log, call)) {
      await learn(log, call);
      shown = present(bench, call, shown.invocation);
    }
    presented = shown;
    const proving = checkPossession(presented.chain, call.possession, presented);
    const proof = proving instanceof Promise ? await proving : proving;
    if (!knowsEnough(log, call)) await learn(log, call);
    checkStill(bench, presented);
    call.accept?.(presented.chain);
    noteAllow(bench, presented, undefined);
    return allow(presented, proof);
  } catch (thrown) {
    return deny(bench, log, presented, exposed(thrown));
  }
}

/** A chain that somebody shows, and perhaps what for. No proof comes with it: it tells what is, and lets nothing happen. */
export interface Question {
  readonly tokens: readonly string[];
  readonly audience?: string;
  /** What would be called; without it only the chain is looked at. */
  readonly tool?: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
}

/** What a chain is worth at this moment. */
export type Examined =
  | { readonly effect: "allow"; readonly chain: Allowed["chain"] }
  | (Denied & { readonly chain?: Allowed["chain"] });

/**
 * Looks at a chain without possession: is it ours, does it live, would its grants allow this call? Never throws; writes and charges
 * nothing, asks no policy, and is no decision: a call is decided by `authorize` alone.
 */
export async function examine(bench: Bench, question: Question): Promise<Examined> {
  let log = bench.logs.only;
  let chain: Allowed["chain"] | undefined;
  try {
    const asks = { ...question, tool: question.tool ?? "?", arguments: question.arguments ?? {} };
    let shown = present(bench, asks, invocationOf(bench, asks));
    log = shown.log;
    if (!knowsEnough(log, {})) {
      await learn(log, {});
      shown = present(bench, asks, shown.invocation);
    }
    checkAlive(shown);
    chain = shown.chain;
    if (question.tool !== undefined) checkGrants(chain, shown.invocation);
    return { effect: "allow", chain };
  } catch (thrown) {
    const denied = deniedBy(log, exposed(thrown));
    return chain === undefined ? denied : { ...denied, chain };
  }
}
