/** Who made the call that a handler is running for: known by the guard, and by nothing that the handler was sent. @module */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Allowed } from "../guard/decision.js";

/** The call that is running. */
export type CurrentCall = Pick<Allowed, "chain" | "signal">;

const running = new AsyncLocalStorage<CurrentCall>();

/** Runs what hands a call to its handler; all that this starts knows the call. */
export function underCall<T>(call: CurrentCall, run: () => T): T {
  return running.run(call, run);
}

/** The call that let this handler run: its chain was verified and possession proved. Undefined where no guard stands in front. */
export function currentCall(): CurrentCall | undefined {
  return running.getStore();
}
