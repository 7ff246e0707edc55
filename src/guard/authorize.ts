/** The decision about one call, step by step: each step's result is the next one's input. @module */
import { exposed } from "../base/error.js";
import { checkPossession } from "../chain/possession.js";
import { admitCall, needsAdmission } from "./admit-call.js";
import { approvalsNeeded } from "./approval.js";
import type { Bench } from "./bench.js";
import { checkAlive, checkGrants, checkStill, consultPolicy } from "./checks.js";
import type { Call, Decision } from "./decision.js";
import { allow, ask, deny, noteAllow } from "./outcome.js";
import type { Presented } from "./presented.js";
import { invocationOf, knowsEnough, learn, present } from "./standing.js";

/**
 * Decides one call. Never throws.
 *
 * Order: the invocation's form, the chain, fresh knowledge of the log that its tree is cut in, possession, cuts, the grants of every
 * presented token (gate 1), policy (gate 2), approval, admission. It waits only for what has to be asked elsewhere; whatever could have changed meanwhile is looked
 * at again after the last wait, so that nothing comes between that look and the call.
 */
export async function authorize(bench: Bench, call: Call): Promise<Decision> {
  let presented: Presented | undefined;
  let log = bench.logs.only;
  let waited = false;
  try {
    let shown = present(bench, call, invocationOf(bench, call));
    log = shown.log;
    if (bench.strict || !knowsEnough(log, call)) {
      await learn(log, call);
      // Time has passed, and what was heard may have put the clock right: the chain is judged by this instant.
      shown = present(bench, call, shown.invocation);
    }
    presented = shown;
    const { chain, invocation } = presented;
    const proving = checkPossession(chain, call.possession, presented);
    waited ||= proving instanceof Promise;
    const proof = proving instanceof Promise ? await proving : proving;
    checkAlive(presented);
    call.accept?.(chain);
    checkGrants(chain, invocation);
    const asking = consultPolicy(bench, presented);
    waited ||= asking instanceof Promise;
    const ruling = asking instanceof Promise ? await asking : asking;
    const approvals = approvalsNeeded(chain, invocation, ruling.obligations);
    if (approvals.length > 0 && (call.tickets ?? []).length === 0) {
      return ask(bench, presented, approvals);
    }
    const counted = needsAdmission(bench, call, chain, approvals);
    if (counted) {
      const admitting = admitCall(bench, call, presented, approvals, ruling.rules);
      waited ||= admitting instanceof Promise;
      if (admitting instanceof Promise) await admitting;
    }
    if (waited) {
      if (!knowsEnough(log, call)) await learn(log, call);
      checkStill(bench, presented);
    }
    if (!counted) noteAllow(bench, presented, ruling.rules);
    return allow(presented, proof);
  } catch (thrown) {
    return deny(bench, log, presented, exposed(thrown));
  }
}
