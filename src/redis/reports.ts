/** How far guards have read, kept in the store so that every coordinator can see it. @module */
import { parseJson } from "../base/json.js";
import { REPORT_CALLS_MAX, REPORT_MS } from "../base/limits.js";
import type { GuardReport } from "../coordinator/guard-reports.js";
import type { InFlight } from "../guard/feed.js";
import type { Timers } from "../lifecycle/timers.js";
import type { Position } from "../wire/cut.js";
import { PATIENCE } from "./connect.js";
import { runScript, type Script, unavailable } from "./script.js";
import { SCRIPTS } from "./scripts.generated.js";
import type { Link, Topology } from "./shard.js";

/** How often a guard repeats a report that has nothing new. */
const REPEAT_MS = REPORT_MS / 4;

/** The last report of one guard on one partition. */
interface Told {
  text: string;
  atMs: number;
  /** One is on its way; what comes meanwhile waits, and only the newest. */
  flying: boolean;
  next: string | undefined;
}

/** Sends what guards of this process report: changes at once, one at a time, and the same again now and then. Never throws. */
export class ReportSender {
  readonly #topology: Topology;
  readonly #timers: Timers;
  readonly #clock: () => number | "";
  readonly #told = new Map<string, Told>();

  constructor(topology: Topology, timers: Timers, clock: () => number | "") {
    this.#topology = topology;
    this.#timers = timers;
    this.#clock = clock;
  }

  tell(partition: number, guard: string, position: Position, calls: readonly InFlight[]): void {
    const text = JSON.stringify({ position, calls: calls.slice(0, REPORT_CALLS_MAX) });
    const key = `${partition} ${guard}`;
    const told = this.#told.get(key) ?? { text: "", atMs: 0, flying: false, next: undefined };
    this.#told.set(key, told);
    if (told.flying) told.next = text;
    else if (text !== told.text || this.#timers.now() - told.atMs >= REPEAT_MS) {
      void this.#send(partition, guard, told, text);
    }
  }

  async #send(partition: number, guard: string, told: Told, first: string): Promise<void> {
    told.flying = true;
    for (let text: string | undefined = first; text !== undefined; text = told.next) {
      told.next = undefined;
      told.text = text;
      told.atMs = this.#timers.now();
      try {
        const { writer } = this.#topology.shardOf(partition);
        const args = [guard, text, REPORT_MS, this.#clock()];
        await run(this.#topology, partition, writer, SCRIPTS.report, args);
      } catch {
        // A coordinator counts it as behind; the next report may arrive.
        told.text = "";
      }
      if (told.next === told.text) break;
    }
    told.flying = false;
    told.next = undefined;
  }
}

/**
 * The last report of each guard on each of these partitions.
 *
 * @throws {DelegationError} `store_unavailable`
 */
export async function readReports(
  topology: Topology,
  partitions: readonly number[],
  clock: () => number | "",
): Promise<readonly GuardReport[]> {
  const all = partitions.map(async (partition) => {
    const { writer } = topology.shardOf(partition);
    const [list] = await run(topology, partition, writer, SCRIPTS.reports, [clock()]);
    if (!Array.isArray(list)) throw unavailable("REPLY");
    return list.map((one) => reportOf(partition, one));
  });
  return (await Promise.all(all)).flat();
}

function run(
  topology: Topology,
  partition: number,
  line: Link,
  script: Script,
  args: readonly (string | number)[],
) {
  return runScript(line, { script, key: topology.base(partition), args }, PATIENCE.commandMs);
}

/** A guard writes this itself, so nothing but counting hangs on it. */
function reportOf(partition: number, reply: unknown): GuardReport {
  const [guard, at, text] = Array.isArray(reply) ? reply : [];
  if (typeof guard !== "string" || typeof text !== "string") throw unavailable("REPLY");
  const told = parseJson(text) as { readonly position?: unknown; readonly calls?: unknown };
  if (typeof told.position !== "number" || !Array.isArray(told.calls)) throw unavailable("REPLY");
  const calls: GuardReport["callsInFlight"] = told.calls;
  return { guard, position: told.position, at: Number(at), callsInFlight: calls, partition };
}
