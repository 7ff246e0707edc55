/** Processes beside this one, and what is said between them. @module */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Jwks } from "../../src/token/jwks.js";
import type { TreeRecord } from "../../src/wire/record.js";

/** What a process is to be. */
export type Order =
  | { readonly role: "guard"; readonly url: string; readonly name: string; readonly jwks: Jwks }
  | { readonly role: "cutter"; readonly url: string; readonly each: number }
  | {
      readonly role: "coordinator";
      readonly url: string;
      readonly partitions: number;
      readonly trees: readonly TreeRecord[];
      readonly forMs: number;
    };

/** What it is asked to do next. */
export type Request =
  | { readonly watch: readonly string[] }
  | { readonly go: true }
  | { readonly stop: true };

/** What it answers: that it can begin, when a call that was allowed is denied, or how much it did. */
export type Answer =
  | { readonly ready: true }
  | { readonly deniedAt: number }
  | { readonly made: number; readonly seconds: number };

/** Partitions where guards and cuts are measured. */
export const PARTITIONS = 4;

/** Milliseconds by a clock that all processes of this machine share. */
export function sharedMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}

/** One process, asked one thing at a time. */
export class Mate {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Starts it, and waits until it can begin. */
  static async start(order: Order): Promise<Mate> {
    const child = fork(fileURLToPath(new URL("./mate.js", import.meta.url)));
    const mate = new Mate(child);
    child.send(order);
    await mate.#answer();
    return mate;
  }

  async ask(request: Request): Promise<Answer> {
    this.#child.send(request);
    return this.#answer();
  }

  /** Waits for what it says by itself. */
  next(): Promise<Answer> {
    return this.#answer();
  }

  end(): void {
    this.#child.disconnect();
  }

  async #answer(): Promise<Answer> {
    const gone = new AbortController();
    const [answer] = await Promise.race([
      once(this.#child, "message", { signal: gone.signal }),
      once(this.#child, "exit", { signal: gone.signal }).then(() => {
        throw new Error("a process ended before it answered");
      }),
    ]).finally(() => gone.abort());
    return answer as Answer;
  }
}
