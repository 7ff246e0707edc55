/** Ids of requests whose responses are open: the transport finds a request's stream by its id alone, whoever sends it. @module */
import type { ServerResponse } from "node:http";
import { DelegationError } from "../base/error.js";
import { kindOf, type RequestMessage } from "./message.js";
import type { RequestId } from "./transport.js";

/** By session; a session without open responses is not in here. */
export class IdsInUse {
  readonly #open = new Map<string, Set<RequestId>>();

  /**
   * Takes the ids of a POST until its response is over.
   *
   * @throws {DelegationError} `invalid_request` when one of them is in use, or comes twice: then none is taken
   */
  take(session: string, messages: readonly unknown[], res: ServerResponse): void {
    const ids = idsOf(messages);
    const open = this.#open.get(session) ?? new Set();
    const twice = ids.length > 1 && new Set(ids).size < ids.length;
    if (twice || ids.some((id) => open.has(id))) {
      throw new DelegationError("invalid_request", "id is in use", { rule: "id" });
    }
    if (ids.length === 0) return;
    this.#open.set(session, open);
    for (const id of ids) open.add(id);
    res.once("close", () => {
      for (const id of ids) open.delete(id);
      if (open.size === 0 && this.#open.get(session) === open) this.#open.delete(session);
    });
  }
}

function idsOf(messages: readonly unknown[]): RequestId[] {
  const ids: RequestId[] = [];
  for (const message of messages) {
    if (typeof message !== "object" || message === null) continue;
    if (kindOf(message) === "request") ids.push((message as RequestMessage).id);
  }
  return ids;
}
