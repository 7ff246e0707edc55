/** Running what was allowed: the handler's end, or the cut's, whichever comes first. @module */
import { DelegationError } from "../base/error.js";
import type { Allowed, Decision, Denied } from "./decision.js";

/**
 * Runs `handler` if the decision allows, under its signal, and says when it is over.
 *
 * @throws {DelegationError} the refusal, or `aborted` with the cut as cause; what the handler throws passes on.
 */
export async function runAllowed<T>(
  decision: Decision,
  handler: (allowed: Allowed) => Promise<T> | T,
): Promise<T> {
  if (decision.effect !== "allow") throw refusalOf(decision);
  const { signal, end } = decision;
  try {
    // A cut can come between the decision and this line: then nothing is begun.
    if (signal.aborted) throw abortedBy(signal);
    const result = await Promise.race([handler(decision), cutOf(signal)]);
    if (signal.aborted) throw abortedBy(signal);
    return result;
  } catch (thrown) {
    // A handler that heeds the signal fails with an error of its own; why it had to stop is the better answer.
    throw signal.aborted ? abortedBy(signal) : thrown;
  } finally {
    end();
  }
}

/** The refusal that a decision amounts to, for those who would rather throw. */
export function refusalOf(decision: Exclude<Decision, Allowed>): DelegationError {
  const { hop } = decision;
  if (decision.effect === "ask") {
    return new DelegationError(decision.code, "people have to agree first", {
      hop: decision.hop,
      rule: "limits.approval",
    });
  }
  const { rule, required }: Denied = decision;
  return new DelegationError(decision.code, decision.message, {
    ...(hop === undefined ? {} : { hop }),
    ...(rule === undefined ? {} : { rule }),
    ...(required === undefined ? {} : { required }),
  });
}

function cutOf(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(abortedBy(signal));
    signal.addEventListener("abort", () => reject(abortedBy(signal)), { once: true });
  });
}

function abortedBy(signal: AbortSignal): DelegationError {
  const why: unknown = signal.reason;
  const refusal = why instanceof DelegationError ? why : undefined;
  return new DelegationError("aborted", "the call was stopped: its authority was cut", {
    ...(refusal?.hop === undefined ? {} : { hop: refusal.hop }),
    ...(refusal?.rule === undefined ? {} : { rule: refusal.rule }),
    cause: why,
  });
}
