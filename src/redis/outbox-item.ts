/** What an outbox holds, and how it stands in its file. @module */
import { DelegationError } from "../base/error.js";
import type { Json, JsonObject } from "../base/json-value.js";

/** What to say, in the words of whoever says it. */
export interface Outgoing {
  /** Unique; the store knows the attempt by it. */
  readonly id: string;
  readonly partitions: readonly number[];
  readonly what: JsonObject;
}

/** Something that was said, or will be. */
export interface Item extends Outgoing {
  /** Epoch ms from which nobody can need it; undefined until it is durable everywhere. */
  until: number | undefined;
  /** One is at it. */
  busy: boolean;
}

/** The line that names the outbox. */
export function boxLine(id: string): JsonObject {
  return { box: id };
}

/** The name of the outbox, where the line is its own. */
export function idIn(line: Json): string | undefined {
  const { box } = (line ?? {}) as { readonly box?: Json };
  return typeof box === "string" ? box : undefined;
}

export function lineOf({ id, partitions, what, until }: Item): JsonObject {
  const line = { id, partitions: [...partitions], what };
  return until === undefined ? line : { ...line, until };
}

/**
 * Takes in a line of the file: something to be said, or until when what was said is kept (0: it was refused).
 *
 * @throws {DelegationError} `journal_damaged`
 */
export function recall(items: Map<string, Item>, line: Json): void {
  if (idIn(line) !== undefined) return;
  const { id, partitions, what, until } = (line ?? {}) as Partial<Record<keyof Item, Json>>;
  if (typeof id !== "string") throw damaged();
  const end = typeof until === "number" ? until : undefined;
  if (what === undefined) {
    if (end === undefined) throw damaged();
    const known = items.get(id);
    if (end === 0) items.delete(id);
    else if (known !== undefined) known.until = end;
    return;
  }
  if (typeof what !== "object" || what === null || Array.isArray(what)) throw damaged();
  items.set(id, { id, partitions: numbersOf(partitions), what, until: end, busy: false });
}

function numbersOf(list: Json | undefined): number[] {
  if (!Array.isArray(list)) throw damaged();
  return list.map((one) => {
    if (typeof one === "number" && Number.isInteger(one)) return one;
    throw damaged();
  });
}

function damaged(): DelegationError {
  return new DelegationError("journal_damaged", "a line of the outbox is not of an outbox");
}
