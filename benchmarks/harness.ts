/**
 * Measures subjects side by side: all of them in every round, in short samples, so that a slow moment of the machine
 * slows all alike and their ratio stands.
 * @module
 */
import { performance } from "node:perf_hooks";
import { setImmediate } from "node:timers/promises";

/** One piece of work. `index` counts up without end: take material from a pool with it, so that no two calls are alike. */
export interface Subject {
  readonly name: string;
  /** A promise is awaited before the next call. */
  readonly run: (index: number) => unknown;
  /** Pieces of work that one call does; 1 unless told. */
  readonly batch?: number;
  /**
   * Pieces of work until the compiler has seen enough, where the effort's time is too short for them: code that is as long as
   * a whole request's is still half interpreted after a thousand of them.
   */
  readonly warmUp?: number;
  /** Makes what the next calls need, `calls` of them, while no clock runs. */
  readonly before?: (calls: number) => void;
}

/** How long to measure. */
export interface Effort {
  /** Groups of rounds; each gives one value, and their spread is what is shown. */
  readonly blocks: number;
  readonly rounds: number;
  readonly sampleMs: number;
  readonly warmUpMs: number;
}

/** Enough for three digits on a quiet machine. */
export const FULL: Effort = { blocks: 7, rounds: 12, sampleMs: 5, warmUpMs: 3_000 };
/** Enough to see a structural regression. */
export const QUICK: Effort = { blocks: 3, rounds: 6, sampleMs: 3, warmUpMs: 500 };

/** How a section is measured. */
export interface Run {
  readonly effort: Effort;
  readonly quick: boolean;
}

/** `cpu`: of the whole process, blind to what else runs here. `wall`: for work that waits for a disk. */
export type Clock = "cpu" | "wall";

/** Microseconds for one piece of work, block by block. */
export type Timings = ReadonlyMap<string, readonly number[]>;

/** A quantity with its spread over blocks. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/**
 * Runs all subjects interleaved. Within a block a subject's value is the lower quartile of its samples: what else runs on
 * the machine can only add to a sample, and adds more to code that needs its caches warm than to bare cryptography.
 */
export async function measure(
  subjects: readonly Subject[],
  effort: Effort,
  clock: Clock = "cpu",
): Promise<Timings> {
  const runners = subjects.map((subject) => new Runner(subject, clock));
  for (const runner of runners) await runner.warmUp(effort);
  const blocks = new Map<string, number[]>(subjects.map(({ name }) => [name, []]));
  for (let block = 0; block < effort.blocks; block++) {
    const samples = runners.map((): number[] => []);
    for (let round = 0; round < effort.rounds; round++) {
      for (let turn = 0; turn < runners.length; turn++) {
        // Another one goes first each time: who follows whom matters to caches.
        const who = (turn + round) % runners.length;
        const runner = runners[who];
        if (runner !== undefined) samples[who]?.push(await runner.sample());
      }
    }
    for (const [who, { name }] of subjects.entries()) {
      blocks.get(name)?.push(quantileOf(samples[who] ?? [], 0.25));
    }
  }
  return blocks;
}

/** `numerator ÷ (times × denominator)`, both of the same block. */
export function ratioOf(
  timings: Timings,
  numerator: string,
  denominator: string,
  times = 1,
): Spread {
  const above = valuesOf(timings, numerator);
  const below = valuesOf(timings, denominator);
  return spreadOf(above.map((value, block) => value / (times * (below[block] ?? Number.NaN))));
}

/** The same in hundredths. */
export function percentOf(timings: Timings, numerator: string, denominator: string): Spread {
  const { median, min, max } = ratioOf(timings, numerator, denominator);
  return { median: 100 * median, min: 100 * min, max: 100 * max };
}

/** Microseconds of one subject. */
export function timeOf(timings: Timings, name: string): Spread {
  return spreadOf(valuesOf(timings, name));
}

/** Median, smallest and largest. */
export function spreadOf(values: readonly number[]): Spread {
  return { median: medianOf(values), min: Math.min(...values), max: Math.max(...values) };
}

/** A quantity that was not timed and has no spread. */
export function exactly(value: number): Spread {
  return { median: value, min: value, max: value };
}

/** Collects garbage when Node was started so that it can be asked to. */
export function collectGarbage(): void {
  for (let i = 0; i < 3; i++) globalThis.gc?.();
}

class Runner {
  readonly #subject: Subject;
  readonly #clock: Clock;
  #index = 0;
  #calls = 1;

  constructor(subject: Subject, clock: Clock) {
    this.#subject = subject;
    this.#clock = clock;
  }

  /** Runs until the compiler has seen enough, then sets how many calls make one sample. */
  async warmUp({ warmUpMs, sampleMs }: Effort): Promise<void> {
    const { batch = 1, warmUp = 0 } = this.#subject;
    // Time of its own, or another program's would count.
    const end = now(this.#clock) + warmUpMs * 1_000;
    let last = await this.sample();
    while (now(this.#clock) < end || this.#index * batch < warmUp) {
      last = await this.sample();
      const wanted = (sampleMs * 1_000) / Math.max(last * batch, 0.001);
      this.#calls = Math.max(1, Math.min(Math.round(wanted), this.#calls * 2));
    }
  }

  async sample(): Promise<number> {
    const { run, before, batch = 1 } = this.#subject;
    const calls = this.#calls;
    before?.(calls);
    // Timers get their turn here: a feed's heartbeat, a buffer's alarm.
    await setImmediate();
    const start = now(this.#clock);
    for (let call = 0; call < calls; call++) {
      const result = run(this.#index++);
      if (result instanceof Promise) await result;
    }
    return (now(this.#clock) - start) / (calls * batch);
  }
}

/** Microseconds. */
function now(clock: Clock): number {
  if (clock === "wall") return performance.now() * 1_000;
  const { user, system } = process.cpuUsage();
  return user + system;
}

function valuesOf(timings: Timings, name: string): readonly number[] {
  const values = timings.get(name);
  if (values === undefined) throw new RangeError(`nothing measured as ${name}`);
  return values;
}

function medianOf(values: readonly number[]): number {
  return quantileOf(values, 0.5);
}

/** Between two neighbours, in proportion. */
function quantileOf(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const lower = sorted[Math.floor(place)] ?? Number.NaN;
  const upper = sorted[Math.ceil(place)] ?? Number.NaN;
  return lower + (upper - lower) * (place - Math.floor(place));
}
