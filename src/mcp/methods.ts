/** How each method of MCP is decided, in every version of the protocol. @module */

/** `authorize`: a grant has to name it. `authenticate`: a living chain is enough, and what comes back is fitted to it. */
export type Rule = "authorize" | "authenticate";

/** Requests for which a living chain is enough. All others a grant has to name, those that nobody knows included. */
const FOR_ANY_CHAIN: ReadonlySet<string> = new Set([
  "initialize",
  "server/discover",
  "tools/list",
  "resources/list",
  "resources/templates/list",
  "prompts/list",
  "logging/setLevel",
  "tasks/get",
  "tasks/result",
  "tasks/list",
  "tasks/cancel",
  "tasks/update",
  "subscriptions/listen",
  "notifications/cancelled",
  "notifications/progress",
  "notifications/roots/list_changed",
  "notifications/tasks/status",
]);

/** What decides about a request or notification of this name. */
export function ruleOf(method: string): Rule {
  return FOR_ANY_CHAIN.has(method) ? "authenticate" : "authorize";
}

/** Requests that name a task, which is its maker's alone. */
export const OF_A_TASK: ReadonlySet<string> = new Set([
  "tasks/get",
  "tasks/result",
  "tasks/cancel",
  "tasks/update",
]);

/** Requests that name a resource. */
export const OF_A_RESOURCE: ReadonlySet<string> = new Set([
  "resources/read",
  "resources/subscribe",
  "resources/unsubscribe",
]);
