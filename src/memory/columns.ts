/** Long lists of numbers and digests, outside the heap: a million objects would be a burden on every collection. @module */
import { DelegationError } from "../base/error.js";

const CHUNK_BITS = 12;
const CHUNK = 1 << CHUNK_BITS;

/** A list of numbers, eight bytes each. It grows without being copied. */
export class Numbers {
  readonly #chunks: Float64Array[] = [];
  #last = new Float64Array(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    const place = this.#length & (CHUNK - 1);
    if (place === 0) {
      this.#last = new Float64Array(CHUNK);
      this.#chunks.push(this.#last);
    }
    this.#last[place] = value;
    this.#length += 1;
  }

  /** @throws {DelegationError} `store_unavailable` beyond the end. */
  at(index: number): number {
    const value = index < this.#length ? this.#chunks[index >>> CHUNK_BITS] : undefined;
    if (value === undefined) throw noSuchLine();
    return value[index & (CHUNK - 1)] ?? 0;
  }
}

/** Characters of a SHA-256 in base64url. */
export const DIGEST_CHARS = 43;

/** A list of texts of {@link DIGEST_CHARS} ASCII characters, a byte each. */
export class Digests {
  readonly #chunks: Buffer[] = [];
  #last = Buffer.alloc(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(digest: string): void {
    const place = this.#length & (CHUNK - 1);
    if (place === 0) {
      this.#last = Buffer.allocUnsafeSlow(CHUNK * DIGEST_CHARS);
      this.#chunks.push(this.#last);
    }
    const bytes = this.#last;
    const start = place * DIGEST_CHARS;
    // So short a text is copied sooner than a native function is called.
    for (let i = 0; i < DIGEST_CHARS; i++) bytes[start + i] = digest.charCodeAt(i);
    this.#length += 1;
  }

  /** @throws {DelegationError} `store_unavailable` beyond the end. */
  at(index: number): string {
    const chunk = index < this.#length ? this.#chunks[index >>> CHUNK_BITS] : undefined;
    if (chunk === undefined) throw noSuchLine();
    const start = (index & (CHUNK - 1)) * DIGEST_CHARS;
    return chunk.toString("latin1", start, start + DIGEST_CHARS);
  }
}

function noSuchLine(): DelegationError {
  return new DelegationError("store_unavailable", "no such line");
}
