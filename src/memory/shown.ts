/**
 * The exact arguments that an approver is shown, until the decision: the one place where a call's values are kept.
 *
 * Never in the journal, which is for ever: beside it, in a folder of their own, one file (mode 0600) for each ticket that
 * waits, gone with its decision.
 *
 * @module
 */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { sha256Base64url } from "../base/digest.js";
import type { Ticket } from "./model.js";

type Name = Pick<Ticket, "tenant" | "id">;

/** What is shown, by ticket. */
export class Shown {
  readonly #texts = new Map<string, string>();
  readonly #folder: string | undefined;

  /**
   * @param journal Path of the journal that the folder stands beside; absent: memory alone.
   * @param waiting Tickets whose text is read back; the files of all others are removed.
   * @param readonly Removes nothing.
   */
  constructor(journal: string | undefined, waiting: Iterable<Name>, readonly: boolean) {
    this.#folder = journal === undefined ? undefined : `${journal}.shown`;
    if (this.#folder === undefined) return;
    if (!readonly) mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const names = new Set([...waiting].map(nameOf));
    for (const file of filesIn(this.#folder)) {
      const path = join(this.#folder, file);
      if (names.has(file)) this.#texts.set(file, readFileSync(path, "utf8"));
      else if (!readonly) rmSync(path, { force: true });
    }
  }

  get(ticket: Name): string | undefined {
    return this.#texts.get(nameOf(ticket));
  }

  /** On disk before it returns. */
  put(ticket: Name, text: string): void {
    const name = nameOf(ticket);
    this.#texts.set(name, text);
    if (this.#folder === undefined) return;
    const file = openSync(join(this.#folder, name), "w", 0o600);
    try {
      writeSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }

  drop(ticket: Name): void {
    const name = nameOf(ticket);
    if (!this.#texts.delete(name) || this.#folder === undefined) return;
    rmSync(join(this.#folder, name), { force: true });
  }
}

function nameOf({ tenant, id }: Name): string {
  return sha256Base64url(JSON.stringify([tenant, id]));
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
