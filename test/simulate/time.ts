/** Time that passes only when told, dice that fall the same for the same seed, and clocks that are a little off. @module */
import type { Clock } from "../../src/base/clock.js";
import { seededRandom } from "../../src/base/random.js";
import type { Timers } from "../../src/lifecycle/timers.js";

/** Epoch ms at which every run begins. */
const START = 1_800_000_000_000;

/** Chance that repeats. */
export interface Dice {
  /** A whole number from 0 to below `n`. */
  below(n: number): number;
  chance(probability: number): boolean;
  /** @throws RangeError for an empty list */
  pick<T>(list: readonly T[]): T;
}

export function dice(seed: number): Dice {
  const random = seededRandom(seed);
  const unit = () => new DataView(random(4).buffer as ArrayBuffer).getUint32(0) / 4_294_967_296;
  return {
    below: (n) => Math.floor(unit() * n),
    chance: (probability) => unit() < probability,
    pick(list) {
      const found = list[Math.floor(unit() * list.length)];
      if (found === undefined) throw new RangeError("nothing to pick from");
      return found;
    },
  };
}

interface Due {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** True time, which no process of the simulation can read. */
export class VirtualTime {
  #now = START;
  #order = 0;
  #due: Due[] = [];
  /** Work that waits for a real disk; time stands until it is done. */
  #busy = 0;

  get now(): number {
    return this.#now;
  }

  /** Runs `run` so many ms from now; returns how to call it off. */
  after(delayMs: number, run: () => void): () => void {
    const due = { at: this.#now + Math.max(0, delayMs), order: this.#order++, run };
    let at = this.#due.length;
    while (at > 0 && isLater(this.#due[at - 1], due)) at -= 1;
    this.#due.splice(at, 0, due);
    return () => {
      const found = this.#due.indexOf(due);
      if (found >= 0) this.#due.splice(found, 1);
    };
  }

  /** Time stands until `work` is done. */
  holdFor<T>(work: Promise<T>): Promise<T> {
    this.#busy += 1;
    return work.finally(() => {
      this.#busy -= 1;
    });
  }

  /** Lets `ms` pass: whatever is due runs at its moment, and what it set going comes to rest before the next. */
  async pass(ms: number): Promise<void> {
    const until = this.#now + ms;
    await this.#rest();
    for (let next = this.#due[0]; next !== undefined && next.at <= until; next = this.#due[0]) {
      this.#due.shift();
      this.#now = next.at;
      next.run();
      await this.#rest();
    }
    this.#now = until;
  }

  /** Waits for `promise` while time passes; what needs more than `maxMs` hangs. */
  async until<T>(promise: Promise<T>, maxMs = 10_000): Promise<T> {
    let isOver = false;
    const over = () => {
      isOver = true;
    };
    promise.then(over, over);
    await this.#rest();
    for (let left = maxMs; !isOver && left > 0; left -= 5) await this.pass(5);
    if (!isOver) throw new Error("something waits for ever");
    return promise;
  }

  async #rest(): Promise<void> {
    do await new Promise(setImmediate);
    while (this.#busy > 0);
  }
}

function isLater(one: Due | undefined, other: Due): boolean {
  return one !== undefined && one.at > other.at;
}

/** The clock and the alarms of one process: never further from the true time than half the skew, and gone with the process. */
export class ProcessClock implements Clock {
  readonly #time: VirtualTime;
  readonly #halfSkew: number;
  readonly #perMs: number;
  #offset: number;
  #dead = false;
  readonly timers: Timers;

  constructor(time: VirtualTime, chance: Dice, skewMs: number) {
    this.#time = time;
    this.#halfSkew = skewMs / 2;
    this.#offset = this.#anyOffset(chance);
    this.#perMs = skewMs === 0 ? 0 : (chance.below(21) - 10) / 2_000;
    this.timers = {
      now: () => this.now(),
      setTimeout: (ring, delayMs) =>
        time.after(Math.max(1, delayMs), () => {
          if (!this.#dead) ring();
        }),
      clearTimeout: (handle) => {
        if (typeof handle === "function") handle();
      },
    };
  }

  now(): number {
    const { now } = this.#time;
    const off = this.#offset + this.#perMs * (now - START);
    return now + Math.trunc(Math.min(this.#halfSkew, Math.max(-this.#halfSkew, off)));
  }

  /** Somebody sets the clock, forward or back. */
  set(chance: Dice): void {
    this.#offset = this.#anyOffset(chance);
  }

  /** The process is gone: none of its alarms rings. */
  die(): void {
    this.#dead = true;
  }

  #anyOffset(chance: Dice): number {
    return chance.below(2 * this.#halfSkew + 1) - this.#halfSkew;
  }
}
