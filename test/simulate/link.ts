/** A way between two processes: it loses, delays, reorders and repeats messages, and can be cut. @module */
import { DelegationError } from "../../src/base/error.js";
import type { Dice, VirtualTime } from "./time.js";

/** How bad a link is. Messages overtake each other as soon as the delay varies. */
export interface Weather {
  /** Probabilities, for each message. */
  readonly loss: number;
  readonly repeat: number;
  /** A message takes up to so many ms. */
  readonly delayMs: number;
  /** Nothing arrives; what was sent is lost, or comes when the link is whole again. */
  readonly cut: boolean;
}

export const FAIR: Weather = { loss: 0, repeat: 0, delayMs: 1, cut: false };

export function anyWeather(chance: Dice): Weather {
  return {
    loss: chance.pick([0, 0.1, 0.5]),
    repeat: chance.pick([0, 0.2]),
    delayMs: chance.pick([1, 50, 400, 1_200]),
    cut: chance.chance(0.3),
  };
}

/** An answer that has not come after so many ms of true time comes no more. */
export const ANSWER_MS = 300;

export class Link {
  readonly #time: VirtualTime;
  readonly #dice: Dice;
  #weather: Weather = FAIR;
  #held: (() => void)[] = [];

  constructor(time: VirtualTime, chance: Dice) {
    this.#time = time;
    this.#dice = chance;
  }

  /** Changes the weather. What a cut held up sets out again when it ends. */
  set(weather: Weather): void {
    this.#weather = weather;
    if (!weather.cut) for (const deliver of this.#held.splice(0)) this.carry(deliver);
  }

  /** Sends one message. */
  carry(deliver: () => void): void {
    const { loss, repeat, delayMs, cut } = this.#weather;
    if (cut) {
      if (this.#dice.chance(0.5)) this.#held.push(deliver);
      return;
    }
    if (this.#dice.chance(loss)) return;
    this.#time.after(this.#dice.below(delayMs + 1), deliver);
    if (this.#dice.chance(repeat)) this.#time.after(this.#dice.below(4 * delayMs + 1), deliver);
  }

  /**
   * Asks, and waits for the answer; `serve` may run never, once or twice, whatever is answered here. `undefined` from it is no answer.
   *
   * @throws {DelegationError} `store_unavailable` when none came in time
   */
  ask<T>(serve: () => Promise<T> | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const noAnswer = () =>
        reject(new DelegationError("store_unavailable", "no answer came", { rule: "link" }));
      const giveUp = this.#time.after(ANSWER_MS, noAnswer);
      const back = (settle: () => void) =>
        this.carry(() => {
          giveUp();
          settle();
        });
      this.carry(() => {
        serve()?.then(
          (answer) => back(() => resolve(answer)),
          (thrown) => back(() => reject(thrown)),
        );
      });
    });
  }
}
