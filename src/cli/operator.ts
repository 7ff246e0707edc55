/** Whoever runs the command, and a coordinator for what they do to a store. @module */
import { userInfo } from "node:os";
import { systemClock } from "../base/clock.js";
import { createCoordinator } from "../coordinator/coordinator.js";
import type { Coordinator } from "../coordinator/verbs.js";
import type { Opened } from "./state.js";

/**
 * For deeds that sign nothing and verify nothing: this coordinator's key never leaves here.
 *
 * @param wait Whether the deed is to wait for guards.
 */
export async function coordinatorOver(
  { store, tenant }: Pick<Opened, "store" | "tenant">,
  wait = false,
): Promise<Coordinator> {
  const [{ MemoryReplayStore }, { keyRing }, { generateSigningKey }] = await Promise.all([
    import("../memory/replay.js"),
    import("../token/jwks.js"),
    import("../token/key.js"),
  ]);
  const reports = store.reports?.bind(store);
  return createCoordinator({
    store,
    tenant,
    issuer: "https://localhost",
    keys: keyRing(generateSigningKey()),
    replay: new MemoryReplayStore(),
    clock: systemClock,
    ...(wait && reports !== undefined ? { guards: { reports } } : {}),
  });
}

/** The user that runs this. */
export function operatorName(): string {
  try {
    return userInfo().username;
  } catch {
    return "operator";
  }
}
