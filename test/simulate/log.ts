/** What must hold of a store's log when a run, or the store, is over. @module */
import { verifyLog } from "../../src/audit/verify.js";
import { canonicalize } from "../../src/base/canonical.js";
import type { CutEntry } from "../../src/wire/cut.js";
import type { Host } from "./host.js";
import type { Truth } from "./truth.js";

/** A cut or suspension that somebody was told is made. */
export interface Promised {
  readonly id: string;
  readonly generation: string;
}

/** What each later cut of the same adds something to: it covers what was minted since. */
const SO_FAR: readonly string[] = ["agent", "principal", "epoch"];

/** What was promised is in the log, once, and in what the store hands to a guard that begins now; and the audit is whole. */
export async function judgeLog(
  truth: Truth,
  host: Host,
  promised: readonly Promised[],
): Promise<void> {
  const { generation } = host;
  const made = truth.made.filter((one) => one.generation === generation);
  const ids = new Set(made.map(({ entry }) => entry.id));
  const homes = new Map(truth.made.map((one) => [one.entry.id, one.generation]));
  for (const { id, generation: heardIn } of promised) {
    // The store that made it may have ended while its answer was on the way.
    const home = homes.get(id) ?? heardIn;
    if (home === generation && !ids.has(id)) truth.fail("cut_lost", id);
  }
  const standing = made.flatMap(({ entry }) =>
    entry.kind === "cut" && !SO_FAR.includes(entry.boundary.kind)
      ? [canonicalize(entry.boundary)]
      : [],
  );
  if (new Set(standing).size < standing.length) truth.fail("applied_twice", "a cut");
  const kept = await host.live();
  const heard = new Set(promised.map(({ id }) => id));
  for (const { entry } of made) {
    if (heard.has(entry.id) && !isOver(entry, host.clock.now()) && !kept.some(standsFor(entry))) {
      truth.fail("cut_lost", `${entry.id} is in no snapshot`);
    }
  }
  const { firstBad } = verifyLog(await host.audit());
  if (firstBad !== undefined) {
    truth.fail("audit_broken", `line ${firstBad.line}: ${firstBad.reason}`);
  }
}

/** Whether an entry, or a newer one of the same boundary, says what `promised` said. */
function standsFor(promised: CutEntry): (entry: CutEntry) => boolean {
  if (promised.kind !== "cut")
    return (entry) => entry.kind === promised.kind && entry.id === promised.id;
  const boundary = canonicalize(promised.boundary);
  return (entry) =>
    entry.kind === "cut" &&
    entry.position >= promised.position &&
    canonicalize(entry.boundary) === boundary;
}

/** All that it could cover has expired. */
function isOver({ until }: CutEntry, now: number): boolean {
  return until !== undefined && until < now;
}
