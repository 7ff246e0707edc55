/**
 * The audit log in memory: a line is held as what it says, and sealed when it is first read. What a line says and which one it
 * follows on is settled with its change; its text and its hash follow from that, whenever they are asked for.
 *
 * @module
 */
import { setImmediate } from "node:timers/promises";
import { encodeEvent, hashEncoded } from "../audit/chain.js";
import { settled } from "../audit/event-frame.js";
import { DelegationError } from "../base/error.js";
import { parseJson } from "../base/json.js";
import type { AuditDraft, AuditLine } from "../wire/event.js";
import { Digests, Numbers } from "./columns.js";
import { HeldCalls } from "./held-calls.js";
import { checkLength, type LineLog, type Prepared } from "./line-log.js";
import type { Trail } from "./model.js";
import { Texts } from "./texts.js";

/** Lines that are sealed at a time, in a millisecond or so: whoever reads far ahead does not hold up all others. */
const SEALED_TOGETHER = 256;

/** How a line is held. */
const AS_TEXT = 0;
const AS_CALL = 1;
const AS_EVENT = 2;

/**
 * INVARIANT: lines are sealed in their order, each once. Sealing reads only what was settled when the line was appended, so that it
 * gives the same whenever it is done.
 */
export class MemoryLog implements LineLog {
  readonly #at = new Numbers();
  /** Number of the line in its tree. */
  readonly #n = new Numbers();
  /** Sequence number of the tree's line before; 0 for none. */
  readonly #before = new Numbers();
  /** How it is held, and its number among those held so: `4 × number + how`. */
  readonly #held = new Numbers();
  readonly #texts = new Texts();
  readonly #calls = new HeldCalls();
  readonly #events: AuditDraft[] = [];
  /** Of the lines that are sealed. */
  readonly #hashes = new Digests();

  get length(): number {
    return this.#at.length;
  }

  prepare(event: AuditDraft): Prepared {
    const call = this.#calls.read(event);
    if (call !== undefined) return { call };
    const own = settled(event);
    if (own !== undefined) return { event: own };
    const text = encodeEvent(event);
    checkLength(text.length);
    return { text };
  }

  append(at: number, line: Prepared, trail: Trail | undefined): number {
    this.#held.push(this.#hold(line));
    this.#at.push(at);
    const seq = this.#at.length;
    if (trail === undefined) {
      this.#n.push(0);
      this.#before.push(0);
      return seq;
    }
    trail.n += 1;
    this.#n.push(trail.n);
    this.#before.push(trail.lines.at(-1) ?? 0);
    trail.lines.push(seq);
    return seq;
  }

  ready(seq: number): Promise<void> | undefined {
    return seq - this.#hashes.length <= SEALED_TOGETHER ? undefined : this.#sealSlowly(seq);
  }

  read(seq: number): AuditLine {
    this.#seal(seq);
    const { at, event, n, prev, up } = this.#encoded(seq);
    const said = parseJson(event) as unknown as AuditDraft;
    return { at, event: said, hash: this.#hashOf(seq), n, prev, seq, up };
  }

  #hold(line: Prepared): number {
    if ("call" in line) return 4 * this.#calls.push(line.call) + AS_CALL;
    if ("event" in line) return 4 * (this.#events.push(line.event) - 1) + AS_EVENT;
    return 4 * this.#texts.push(line.text) + AS_TEXT;
  }

  /** Others get their turn in between. */
  async #sealSlowly(seq: number): Promise<void> {
    while (this.#hashes.length < seq) {
      this.#seal(Math.min(seq, this.#hashes.length + SEALED_TOGETHER));
      await setImmediate();
    }
  }

  /** Chains all lines up to this one. */
  #seal(last: number): void {
    for (let seq = this.#hashes.length + 1; seq <= last; seq++) {
      this.#hashes.push(hashEncoded(this.#encoded(seq)));
    }
  }

  #encoded(seq: number) {
    return {
      at: this.#at.at(seq - 1),
      event: this.#textOf(this.#held.at(seq - 1)),
      n: this.#n.at(seq - 1),
      prev: this.#hashOf(seq - 1),
      seq,
      up: this.#hashOf(this.#before.at(seq - 1)),
    };
  }

  #hashOf(seq: number): string {
    return seq === 0 ? "" : this.#hashes.at(seq - 1);
  }

  #textOf(held: number): string {
    const how = held % 4;
    const number = (held - how) / 4;
    if (how === AS_CALL) return this.#calls.textAt(number);
    if (how === AS_TEXT) return this.#texts.at(number);
    const event = this.#events[number];
    if (event === undefined) throw new DelegationError("store_unavailable", "no such event");
    return encodeEvent(event);
  }
}
