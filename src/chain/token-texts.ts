/** Texts of tokens and their digests: comparing a text costs a twentieth of hashing it. @module */

/** Characters at the end of a token, all of them its signature's. */
const TAIL = 32;

interface Known {
  readonly text: string;
  readonly digest: string;
}

/**
 * Remembers digests by the whole text.
 *
 * Looked up by the text's end, because V8 hashes long strings by their length alone; found only when all of it is equal. A
 * forged text with a known end is not found, and cannot put anything in: only what was verified is kept.
 */
export class TokenTexts {
  readonly #max: number;
  #known = new Map<string, Known>();

  constructor(max: number) {
    this.#max = max;
  }

  /** The digest of this very text, if it is remembered. */
  find(text: string): string | undefined {
    const known = this.#known.get(text.slice(-TAIL));
    return known?.text === text ? known.digest : undefined;
  }

  keep(text: string, digest: string): void {
    if (this.#known.size >= this.#max) this.#known = new Map();
    this.#known.set(text.slice(-TAIL), { text, digest });
  }
}
