/** Whose a task is: of the hop that made it, and of the hops above. @module */
import { MCP_TASKS_MAX } from "../base/limits.js";
import type { VerifiedChain } from "../chain/verified-chain.js";
import { LeftTasks } from "./left-tasks.js";
import { isRecord } from "./message.js";

interface Owner {
  readonly tenant: string;
  readonly tree: string;
  /** Hops from the root to the maker. */
  readonly hops: ReadonlySet<string>;
}

/** Owners of the tasks of one server. A task that nobody is known to own is nobody's. */
export class TaskOwners {
  /** Those that were made in sessions that are over. */
  readonly left = new LeftTasks();
  readonly #owners = new Map<string, Owner>();

  /** Whether the chain's hop made the task, or is an ancestor of the hop that did. */
  mayUse(chain: VerifiedChain, taskId: unknown): boolean {
    const owner = typeof taskId === "string" ? this.#owners.get(taskId) : undefined;
    if (owner === undefined || owner.tenant !== chain.tenant || owner.tree !== chain.tree) {
      return false;
    }
    return owner.hops.has(leafOf(chain));
  }

  /** Notes who made a task. One that is somebody's already stays so. */
  own(chain: VerifiedChain, taskId: string): void {
    if (this.#owners.has(taskId)) return;
    if (this.#owners.size >= MCP_TASKS_MAX) {
      for (const oldest of this.#owners.keys()) {
        this.#owners.delete(oldest);
        break;
      }
    }
    const { tenant, tree } = chain;
    this.#owners.set(taskId, { tenant, tree, hops: new Set(chain.hops.map(({ id }) => id)) });
  }
}

/** Id of the acting hop. */
export function leafOf({ hops, tree }: VerifiedChain): string {
  return hops.at(-1)?.id ?? tree;
}

/** Whether the hop that acts with a chain is among those of another: the same, or above. */
export function isWithin(chain: VerifiedChain, { hops }: VerifiedChain): boolean {
  const hop = leafOf(chain);
  return hops.some(({ id }) => id === hop);
}

/** Id of the task that a result tells was made; undefined where none was. */
export function madeTask(result: unknown): string | undefined {
  if (!isRecord(result)) return undefined;
  const { task } = result;
  if (!isRecord(task)) return undefined;
  const { taskId } = task;
  return typeof taskId === "string" ? taskId : undefined;
}
