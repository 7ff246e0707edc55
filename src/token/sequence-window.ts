/** Sequence numbers that may come out of order, each once. @module */
import { SESSION_WINDOW } from "../base/limits.js";

const WORD_BITS = 32;

/** Remembers which of the last `SESSION_WINDOW` numbers were claimed. Constant time and space. */
export class SequenceWindow {
  readonly #bits = new Uint32Array(SESSION_WINDOW / WORD_BITS);
  #highest = 0;

  /**
   * Claims `sequence`; false when it was claimed before, or is too far behind the highest one to know.
   *
   * @param sequence A safe integer from 1.
   */
  claim(sequence: number): boolean {
    if (!Number.isSafeInteger(sequence) || sequence < 1) return false;
    if (sequence <= this.#highest - SESSION_WINDOW) return false;
    if (sequence > this.#highest) this.#advance(sequence);
    const [word, bit] = place(sequence);
    const before = this.#bits[word] ?? 0;
    this.#bits[word] = before | bit;
    return (before & bit) === 0;
  }

  /** Forgets the numbers that fall out of the window, in whose places the new ones stand. */
  #advance(sequence: number): void {
    if (sequence - this.#highest >= SESSION_WINDOW) {
      this.#bits.fill(0);
    } else {
      for (let freed = this.#highest + 1; freed <= sequence; freed++) {
        const [word, bit] = place(freed);
        this.#bits[word] = (this.#bits[word] ?? 0) & ~bit;
      }
    }
    this.#highest = sequence;
  }
}

function place(sequence: number): readonly [word: number, bit: number] {
  const at = sequence % SESSION_WINDOW;
  return [Math.floor(at / WORD_BITS), 1 << (at % WORD_BITS)];
}
