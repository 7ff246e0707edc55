/** Lists as one chain may see them: what it could not use is not there. @module */
import { MCP_LIST_TTL_MS } from "../base/limits.js";
import type { VerifiedChain } from "../chain/verified-chain.js";
import { couldCall, couldPrompt, couldRead, couldReadAny } from "./could-use.js";
import { isRecord } from "./message.js";
import type { TaskOwners } from "./tasks.js";

/** For whom a list is made. */
export interface Reader {
  readonly chain: VerifiedChain;
  readonly audience: string;
  readonly tasks: TaskOwners;
}

/** Whether a list shows an item. */
type Shows = (reader: Reader, item: Readonly<Record<string, unknown>>) => boolean;

const LISTS: Readonly<Record<string, readonly [member: string, shows: Shows]>> = {
  "tools/list": ["tools", ({ chain, audience }, { name }) => couldCall(chain, audience, name)],
  "resources/list": [
    "resources",
    ({ chain, audience }, { uri }) => couldRead(chain, audience, uri),
  ],
  "resources/templates/list": [
    "resourceTemplates",
    ({ chain, audience }, { uriTemplate }) => couldReadAny(chain, audience, uriTemplate),
  ],
  "prompts/list": [
    "prompts",
    ({ chain, audience }, { name }) => couldPrompt(chain, audience, name),
  ],
  "tasks/list": ["tasks", ({ chain, tasks }, { taskId }) => tasks.mayUse(chain, taskId)],
};

/** Whether the answer to this method has to be filtered. */
export function isList(method: string): boolean {
  return Object.hasOwn(LISTS, method);
}

/**
 * The answer to a list request with what `reader` could use, in the server's order. Cursors stay: a page may be short. Where the protocol
 * speaks of caching, the answer is the reader's alone, and soon old.
 */
export function listFor(reader: Reader, method: string, result: unknown): unknown {
  const [member, shows] = LISTS[method] ?? [];
  if (member === undefined || shows === undefined || !isRecord(result)) return result;
  const items: unknown = result[member];
  if (items === undefined) return result;
  const shown = Array.isArray(items)
    ? items.filter((item: unknown) => isRecord(item) && shows(reader, item))
    : [];
  return { ...result, ...privately(result), [member]: shown };
}

function privately({ cacheScope, ttlMs }: Readonly<Record<string, unknown>>) {
  if (cacheScope === undefined && ttlMs === undefined) return {};
  const told = typeof ttlMs === "number" ? ttlMs : MCP_LIST_TTL_MS;
  return { cacheScope: "private", ttlMs: Math.min(told, MCP_LIST_TTL_MS) };
}
