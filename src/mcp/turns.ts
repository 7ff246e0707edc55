/** Order: messages are decided side by side, and take effect in the order in which they came. @module */

/** The place of one message in the order. */
export interface Turn {
  /** What it does, once that is known. */
  go: (() => void) | undefined;
}

/** The messages of one connection that have not taken effect. */
export class Turns {
  readonly #waiting: Turn[] = [];

  /** The next place. */
  take(): Turn {
    const turn: Turn = { go: undefined };
    this.#waiting.push(turn);
    return turn;
  }

  /** Says what a message does, and lets all go whose turn it is. */
  ready(turn: Turn, go: () => void): void {
    const waiting = this.#waiting;
    // Mostly nobody else waits.
    if (waiting.length === 1 && waiting[0] === turn) {
      waiting.pop();
      go();
      return;
    }
    turn.go = go;
    for (;;) {
      const next = waiting[0]?.go;
      if (next === undefined) return;
      waiting.shift();
      next();
    }
  }
}
