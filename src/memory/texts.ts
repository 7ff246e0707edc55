/** Texts by number, in memory, many to a buffer: a million strings would be a burden on every collection. @module */
import { DelegationError } from "../base/error.js";
import { AUDIT_LINE_BYTES_MAX } from "../base/limits.js";
import { Numbers } from "./columns.js";

/** More than one text can be. */
const SEGMENT_BYTES = 2 * AUDIT_LINE_BYTES_MAX;

/** A list of texts of at most {@link SEGMENT_BYTES} each. */
export class Texts {
  readonly #segments: Buffer[] = [];
  readonly #starts = new Numbers();
  readonly #lengths = new Numbers();
  #used = SEGMENT_BYTES;

  /** @returns Its number, from 0. */
  push(text: string): number {
    const bytes = Buffer.byteLength(text);
    let segment = this.#segments.at(-1);
    if (segment === undefined || this.#used + bytes > SEGMENT_BYTES) {
      segment = Buffer.allocUnsafeSlow(SEGMENT_BYTES);
      this.#segments.push(segment);
      this.#used = 0;
    }
    segment.write(text, this.#used, bytes === text.length ? "latin1" : "utf8");
    this.#starts.push((this.#segments.length - 1) * SEGMENT_BYTES + this.#used);
    this.#lengths.push(bytes);
    this.#used += bytes;
    return this.#starts.length - 1;
  }

  /** @throws {DelegationError} `store_unavailable` when there is none. */
  at(index: number): string {
    const offset = this.#starts.at(index);
    const start = offset % SEGMENT_BYTES;
    const segment = this.#segments[Math.floor(offset / SEGMENT_BYTES)];
    if (segment === undefined) throw new DelegationError("store_unavailable", "no such text");
    return segment.toString("utf8", start, start + this.#lengths.at(index));
  }
}
