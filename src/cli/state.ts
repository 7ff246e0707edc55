/** The state that commands read: a journal, looked at without a lock, or opened as its one writer; or a deployment on Redis. @module */
import { existsSync } from "node:fs";
import { systemClock } from "../base/clock.js";
import { DelegationError } from "../base/error.js";
import type { GuardReports } from "../coordinator/guard-reports.js";
import type { DelegationStore, TreeNode } from "../coordinator/store.js";
import type { RedisStore } from "../redis/store.js";
import type { TreeRecord } from "../wire/record.js";
import { CommandError, EXIT } from "./exit.js";

/** What commands that read state take. */
export interface StateOptions {
  readonly journal?: string;
  /** URL of a deployment on Redis; may hold a password. */
  readonly redis?: string;
  /** Name of that deployment. */
  readonly prefix?: string;
  /** Replicas of its servers that must have a cut. */
  readonly replicas?: number;
  readonly tenant: string;
}

/** An opened store, and the instant at which all of one command's answer is given. */
export interface Opened {
  /** Where guards report to it, it tells what they said; where lines can leave it, it says which. */
  readonly store: DelegationStore & Partial<GuardReports & Pick<RedisStore, "archive">>;
  readonly tenant: string;
  readonly now: number;
}

/**
 * Opens the store that was named, hands it to `use`, and closes it. The one place where a command gets a store from.
 *
 * @param access `read` takes no lock of a journal and changes nothing in it, so a running writer is not disturbed; `write` needs the
 *   lock. On Redis both are the same.
 * @throws {CommandError} `usage` when no store is named, `notFound` when it is not there; `conflict` when another process writes the
 *   journal; `unreachable` when the servers do not answer.
 */
export async function withState<T>(
  options: StateOptions,
  access: "read" | "write",
  use: (opened: Opened) => Promise<T>,
): Promise<T> {
  const store = await openStore(options, access);
  try {
    return await use({ store, tenant: options.tenant, now: systemClock.now() });
  } finally {
    await store.close();
  }
}

async function openStore(
  { journal = "", redis = "", prefix = "legate", replicas = 0 }: StateOptions,
  access: "read" | "write",
): Promise<DelegationStore> {
  if (redis !== "") {
    const { openRedisState } = await import("./redis-state.js");
    return openRedisState({ url: redis, prefix, replicas });
  }
  if (journal === "") {
    throw new CommandError(
      EXIT.usage,
      "which state? this command reads a journal, or a deployment on Redis",
      "--journal PATH or --redis URL, or set LEGATE_JOURNAL or LEGATE_REDIS; legate demo makes a journal to try",
    );
  }
  // Opening for writing would make the file: a slip of the pen must not.
  if (!existsSync(journal)) throw new CommandError(EXIT.notFound, `no such journal: ${journal}`);
  const { createMemoryStore } = await import("../memory/store.js");
  try {
    return createMemoryStore({ clock: systemClock, journal, readonly: access === "read" });
  } catch (thrown) {
    throw locked(thrown, journal);
  }
}

/** A refusal of a journal in the words of whoever runs the command. */
export function locked(thrown: unknown, journal: string): unknown {
  if (!(thrown instanceof DelegationError) || thrown.code !== "store_locked") return thrown;
  return new CommandError(
    EXIT.conflict,
    `store_locked: another process writes ${journal}`,
    "the change has to go through that process; with it stopped, run this again",
  );
}

/** A hop with all above it. */
export interface Lineage {
  readonly tree: TreeRecord;
  /** Root first. */
  readonly nodes: readonly TreeNode[];
  readonly leaf: TreeNode;
}

/** @throws {CommandError} `notFound` */
export async function lineageOf({ store, tenant }: Opened, id: string): Promise<Lineage> {
  const hop = await store.hop(tenant, id);
  const tree = hop === undefined ? undefined : await store.tree(tenant, hop.tree);
  const nodes = hop === undefined ? [] : await store.chain(tenant, id);
  const leaf = nodes.at(-1);
  if (tree !== undefined && leaf !== undefined) return { tree, nodes, leaf };
  throw new CommandError(
    EXIT.notFound,
    `hop_not_found: no such hop: ${id}`,
    "legate tree lists the trees, legate tree ID their hops",
  );
}
