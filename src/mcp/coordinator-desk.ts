/** What the coordinator's tools work with, and how their callers name a hop. @module */
import type { Confirmations } from "./coordinator-confirm.js";
import { type Caller, outOfReach, type ServedEngine } from "./coordinator-engine.js";
import { type HopHandles, isHandle } from "./coordinator-handles.js";

/** What tools work with. */
export interface Desk {
  readonly engine: ServedEngine;
  readonly handles: HopHandles;
  readonly confirmations: Confirmations;
}

/** The hop that a caller means: its own, one by its id, or one by a handle of its own. @throws {DelegationError} `not_entitled` */
export function hopNamed({ handles }: Desk, caller: Caller, named: string | undefined): string {
  if (named === undefined) return caller.own;
  if (!isHandle(named)) return named;
  const kept = handles.find(caller.owner, named);
  if (kept !== undefined) return kept.hop;
  throw outOfReach();
}
