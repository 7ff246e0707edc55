/** The state that commands read: a journal, looked at without a lock, or opened as its one writer. @module */
import { existsSync } from "node:fs";
import { systemClock } from "../base/clock.js";
import { DelegationError } from "../base/error.js";
import type { DelegationStore, TreeNode } from "../coordinator/store.js";
import type { TreeRecord } from "../wire/record.js";
import { CommandError, EXIT } from "./exit.js";

/** What commands that read state take. */
export interface StateOptions {
  readonly journal?: string;
  readonly tenant: string;
}

/** An opened store, and the instant at which all of one command's answer is given. */
export interface Opened {
  readonly store: DelegationStore;
  readonly tenant: string;
  readonly journal: string;
  readonly now: number;
}

/**
 * Opens the journal, hands it to `use`, and closes it.
 *
 * @param access `read` takes no lock and changes nothing, so a running writer is not disturbed; `write` needs the lock.
 * @throws {CommandError} `usage` without a journal, `notFound` when there is no such file; `conflict` when another process
 *   writes it.
 */
export async function withState<T>(
  options: StateOptions,
  access: "read" | "write",
  use: (opened: Opened) => Promise<T>,
): Promise<T> {
  const { journal, tenant } = options;
  if (journal === undefined || journal === "") {
    throw new CommandError(
      EXIT.usage,
      "which journal? this command reads state",
      "--journal PATH, or set LEGATE_JOURNAL; legate demo makes one to try",
    );
  }
  // Opening for writing would make the file: a slip of the pen must not.
  if (!existsSync(journal)) throw new CommandError(EXIT.notFound, `no such journal: ${journal}`);
  const { createMemoryStore } = await import("../memory/store.js");
  let store: DelegationStore;
  try {
    store = createMemoryStore({ clock: systemClock, journal, readonly: access === "read" });
  } catch (thrown) {
    throw locked(thrown, journal);
  }
  try {
    return await use({ store, tenant, journal, now: systemClock.now() });
  } finally {
    await store.close();
  }
}

function locked(thrown: unknown, journal: string): unknown {
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
