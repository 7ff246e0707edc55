/**
 * Hops that are asked for in one turn of the event loop, and lie in one partition, are made by one script: what they have in common is
 * read, judged and written once. One that is asked for alone waits for nobody.
 * @module
 */
import { nextTick } from "node:process";
import type { Args, Ground } from "./ground.js";
import { SCRIPTS } from "./scripts.generated.js";
import { wholeAt } from "./shown.js";

/** A script holds the server up for as long as it runs. */
const TOGETHER_MAX = 32;
/** Authorities that are remembered as told; those that are forgotten are told again. */
const TOLD_MAX = 10_000;

/** A hop that waits for the end of the turn. */
interface Waiting {
  readonly now: number;
  readonly args: Args;
  /** Position at which it was made; `undefined` when it has to be made by itself. */
  readonly resolve: (position: number | undefined) => void;
  readonly reject: (cause: unknown) => void;
}

/** What is made together on one ground. */
export class Together {
  readonly #ground: Ground;
  readonly #waiting = new Map<number, Waiting[]>();
  readonly #told = new Set<string>();

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  /** Whether the partition has heard the text of an authority: it is the longest part of a draft, and most hops share theirs. */
  isTold(partition: number, authority: string): boolean {
    return this.#told.has(`${partition} ${authority}`);
  }

  tell(partition: number, authority: string): void {
    if (this.#told.size === TOLD_MAX) this.#told.clear();
    this.#told.add(`${partition} ${authority}`);
  }

  /**
   * Makes a hop whose authority the partition was told.
   *
   * @param args Its draft, without the authority.
   * @returns Its position; `undefined` when nothing was done: it is not plain, or alone.
   * @throws {DelegationError} `store_unavailable`
   */
  make(partition: number, now: number, args: Args): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      const one = { now, args, resolve, reject };
      const waiting = this.#waiting.get(partition);
      if (waiting !== undefined) waiting.push(one);
      else {
        this.#waiting.set(partition, [one]);
        nextTick(() => this.#send(partition));
      }
    });
  }

  #send(partition: number): void {
    const waiting = this.#waiting.get(partition) ?? [];
    this.#waiting.delete(partition);
    for (let from = 0; from < waiting.length; from += TOGETHER_MAX) {
      void this.#run(partition, waiting.slice(from, from + TOGETHER_MAX));
    }
  }

  async #run(partition: number, group: readonly Waiting[]): Promise<void> {
    const [first] = group;
    if (first === undefined) return;
    if (group.length === 1) {
      first.resolve(undefined);
      return;
    }
    try {
      const args = group.flatMap((one) => one.args);
      const reply = await this.#ground.move(partition, SCRIPTS.createMany, first.now, args);
      for (const [index, { resolve }] of group.entries()) {
        resolve(reply[index + 1] === 1 ? wholeAt(reply, 0) : undefined);
      }
    } catch (thrown) {
      for (const { reject } of group) reject(thrown);
    }
  }
}

const GROUNDS = new WeakMap<Ground, Together>();

/** The one of this ground. */
export function togetherOf(ground: Ground): Together {
  const known = GROUNDS.get(ground);
  if (known !== undefined) return known;
  const together = new Together(ground);
  GROUNDS.set(ground, together);
  return together;
}
