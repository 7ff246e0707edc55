/** One run of the simulation: real guards, store and coordinator, a schedule drawn from a seed, and what must hold throughout. @module */
import { CLOCK_SKEW_MS_DEFAULT, HEARTBEAT_MS } from "../../src/base/limits.js";
import { seededRandom } from "../../src/base/random.js";
import { Trust } from "../../src/chain/trust.js";
import type { EmbeddedHop } from "../../src/memory/embedded-hop.js";
import type { MemoryStore } from "../../src/memory/store.js";
import { keyRing } from "../../src/token/jwks.js";
import { generateSigningKey } from "../../src/token/key.js";
import { CALLS_MAX, Forest } from "./forest.js";
import { Host, ISSUER } from "./host.js";
import type { Lag } from "./laggard.js";
import { ANSWER_MS, anyWeather, FAIR, Link } from "./link.js";
import { judgeLog, type Promised } from "./log.js";
import { type Dice, dice, VirtualTime } from "./time.js";
import { Truth, type Violation } from "./truth.js";
import { Watcher, type WrapFeed } from "./watcher.js";

const KEYS = keyRing(generateSigningKey("EdDSA", seededRandom(2)));
const TRUST = {
  keys: [...KEYS.verification].map(([kid, key]) => ({ kid, key })),
  issuers: [ISSUER],
};
const GUARDS = 2;
/** Far from the seeds that anybody names. */
const LAGS = 1_000_000_007;
const STEPS = 24;
/** Mean time between two steps, ms. */
const STEP_MS = 260;
/** Calls to each guard when all is quiet again. */
const QUIET_CALLS = 4;

/** Bugs to put in, for those who test the simulation. */
export interface Plant {
  readonly feed?: WrapFeed;
  readonly store?: (store: MemoryStore) => MemoryStore;
  /** Running calls never hear that they were cut. */
  readonly deaf?: boolean;
  /** A copy that was promoted beats before what it lacks was said again. */
  readonly hasty?: boolean;
}

export interface RunOptions {
  readonly seed: number;
  readonly plant?: Plant;
  /** Where a journal may be kept; runs that would have one go without otherwise. */
  readonly journal?: string;
}

export interface Report {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly allowed: number;
  readonly denied: number;
  readonly cuts: number;
}

/** Runs one seed to its end. */
export async function simulate(options: RunOptions): Promise<Report> {
  const world = new World(options);
  try {
    await world.run();
  } catch (thrown) {
    world.truth.fail("hung", thrown instanceof Error ? `${thrown.message}` : String(thrown));
  }
  const { truth, allowed, denied } = world;
  const { violations, made } = truth;
  return { seed: options.seed, violations, allowed, denied, cuts: made.length };
}

class World {
  readonly truth: Truth;
  allowed = 0;
  denied = 0;
  readonly #seed: number;
  readonly #plant: Plant;
  readonly #time = new VirtualTime();
  readonly #dice: Dice;
  /** Of their own, so that what else happens under a seed does not hang on them. */
  readonly #lags: Dice;
  readonly #skewMs: number;
  readonly #maxStalenessMs: number;
  readonly #trust = new Trust(TRUST);
  readonly #host: Host;
  readonly #office: Link;
  readonly #links: Link[] = [];
  readonly #watchers: Watcher[] = [];
  readonly #forest: Forest;
  readonly #promised: Promised[] = [];
  readonly #uses = new Map<string, number>();
  #made = 0;

  constructor({ seed, plant = {}, journal }: RunOptions) {
    this.#seed = seed;
    this.#plant = plant;
    this.#dice = dice(seed);
    this.#lags = dice(seed + LAGS);
    this.#skewMs = this.#dice.pick([0, 20, 200, CLOCK_SKEW_MS_DEFAULT]);
    this.#maxStalenessMs = this.#dice.pick([600, 1_000]);
    const allowMs = this.#maxStalenessMs + this.#skewMs + 1;
    // Blind is four times stale; then the store is asked once more.
    const runMs = 4 * this.#maxStalenessMs + this.#skewMs + 2 * ANSWER_MS + 1;
    this.truth = new Truth({ allowMs, runMs });
    const random = seededRandom(seed);
    const common = { time: this.#time, dice: this.#dice, skewMs: this.#skewMs, random };
    this.#host = new Host({
      ...common,
      keys: KEYS,
      ...(journal === undefined ? {} : { journal }),
      ...(plant.store === undefined ? {} : { wrapStore: plant.store }),
      hasty: plant.hasty === true,
      onMade: (made) => {
        this.truth.made.push(made);
        this.#time.after(runMs + 1, () => this.#judgeRunning());
      },
    });
    this.#office = new Link(this.#time, this.#dice);
    this.#forest = new Forest({
      ...common,
      host: this.#host,
      link: this.#office,
      clock: this.#host.clock,
      trust: this.#trust,
      onPromise: (id) => this.#promised.push({ id, generation: this.#host.generation }),
      onTwice: (what) => this.truth.fail("applied_twice", what),
    });
  }

  async run(): Promise<void> {
    for (let n = 0; n < GUARDS; n++) {
      this.#links.push(new Link(this.#time, this.#dice));
      this.#watchers.push(this.#watcher(n));
    }
    await this.#time.until(this.#forest.plant());
    await this.#time.until(this.#forest.plant());
    for (let step = 0; step < STEPS; step++) {
      await this.#time.pass(this.#dice.below(2 * STEP_MS));
      await this.#step();
    }
    await this.#end();
  }

  async #step(): Promise<void> {
    const chance = this.#dice;
    const roll = chance.below(100);
    if (roll < 40) for (let n = 0; n < 2; n++) void this.#call();
    else if (roll < 55) void this.#forest.cut();
    else if (roll < 60) void this.#forest.suspend();
    else if (roll < 65) void this.#forest.resume();
    else if (roll < 70) void this.#forest.grow();
    else if (roll < 82) chance.pick([...this.#links, this.#office]).set(anyWeather(chance));
    else if (roll < 88) chance.pick(this.#links).set(FAIR);
    else if (roll < 91) this.#restartGuard(chance.below(GUARDS));
    else if (roll < 94) chance.pick([this.#host, ...this.#watchers]).clock.set(chance);
    else if (roll < 99) {
      this.#host.crash();
      const lag = this.#lag();
      const restart = () => void this.#time.holdFor(this.#host.restart(lag));
      this.#time.after(chance.below(2_500), restart);
    } else await this.#replace();
    for (const watcher of this.#watchers) this.truth.judgeLive(watcher);
  }

  /** Half of all that come back do so as copies that lag. */
  #lag(): Lag | undefined {
    const chance = this.#lags;
    const lag = { lagMs: chance.below(2_000), repairMs: chance.below(1_500) };
    return chance.chance(0.5) ? { ...lag, isTold: () => chance.chance(0.5) } : undefined;
  }

  async #call(of?: EmbeddedHop, by?: Watcher): Promise<string> {
    const { hops } = this.#forest;
    // Bearers mostly: a proof of possession costs two signatures.
    const bearers = hops.filter(({ holder }) => holder.chain.bearer);
    const among = bearers.length > 0 && this.#dice.chance(0.85) ? bearers : hops;
    const hop = of ?? (among.length === 0 ? undefined : this.#dice.pick(among));
    if (hop === undefined) return "";
    const watcher = by ?? this.#dice.pick(this.#watchers);
    const decision = await watcher.guard.authorize(hop.call("read", {}));
    if (watcher.isDead) return "dead";
    const { now } = this.#time;
    const { chain } = hop.holder;
    this.truth.judge(decision, chain, now, this.#host.replacedAt.get(chain.generation));
    if (decision.effect !== "allow") {
      this.denied += 1;
      return decision.code;
    }
    this.allowed += 1;
    if (chain.grant.limits.calls !== undefined) this.#count(hop.id);
    if (this.#dice.chance(0.4)) decision.end();
    else {
      const { chain: its } = decision;
      const signal = this.#plant.deaf === true ? new AbortController().signal : decision.signal;
      watcher.running.add({ allowed: { ...decision, chain: its, signal }, since: now });
    }
    return "allow";
  }

  #count(hop: string): void {
    const uses = (this.#uses.get(hop) ?? 0) + 1;
    this.#uses.set(hop, uses);
    if (uses > CALLS_MAX) this.truth.fail("overspent", `${uses} calls of ${CALLS_MAX}`);
  }

  #watcher(n: number): Watcher {
    const link = this.#links[n];
    if (link === undefined) throw new RangeError("no such guard");
    this.#made += 1;
    return new Watcher({
      name: `guard-${this.#made}`,
      seed: this.#seed + this.#made,
      time: this.#time,
      dice: this.#dice,
      skewMs: this.#skewMs,
      maxStalenessMs: this.#maxStalenessMs,
      trust: this.#trust,
      host: this.#host,
      link,
      ...(this.#plant.feed === undefined ? {} : { wrapFeed: this.#plant.feed }),
    });
  }

  #restartGuard(n: number): void {
    this.#watchers[n]?.crash();
    this.#watchers[n] = this.#watcher(n);
  }

  async #replace(): Promise<void> {
    this.truth.replaced();
    await judgeLog(this.truth, this.#host, this.#promised);
    await this.#time.until(this.#time.holdFor(this.#host.replace()));
    void this.#forest.plant();
  }

  #judgeRunning(): void {
    for (const watcher of this.#watchers) this.truth.judgeRunning(watcher, this.#time.now);
  }

  /** All is well again: everyone is live, and every call is judged by what was cut and by nothing else. */
  async #end(): Promise<void> {
    for (const link of [...this.#links, this.#office]) link.set(FAIR);
    await this.#time.pass(2_600);
    await this.#time.until(this.#time.holdFor(this.#host.restart()));
    await this.#time.pass(3_000);
    for (const watcher of this.#watchers) await this.#judgeQuiet(watcher);
    this.#judgeRunning();
    await judgeLog(this.truth, this.#host, this.#promised);
  }

  async #judgeQuiet(watcher: Watcher): Promise<void> {
    this.truth.judgeLive(watcher);
    const { feed } = watcher.guard.status();
    // A clock that is ahead makes the newest heartbeat old before the next one comes: such a guard asks the store in between.
    const asksBetween = this.#skewMs + HEARTBEAT_MS + 2 * FAIR.delayMs >= this.#maxStalenessMs;
    if (feed !== "live" && !(feed === "stale" && asksBetween)) {
      this.truth.fail("not_live_again", `${watcher.name} is ${feed}`);
    }
    const { hops } = this.#forest;
    for (let n = 0; n < QUIET_CALLS && hops.length > 0; n++) {
      const hop = this.#dice.pick(hops);
      const { chain } = hop.holder;
      const told = await this.#time.until(this.#call(hop, watcher));
      const isCut = this.truth.covering(chain).length > 0;
      const isOver = chain.generation !== this.#host.generation;
      const isCounted = chain.grant.limits.calls !== undefined;
      if (told !== "allow" && !isCut && !isOver && !isCounted) {
        this.truth.fail("denied_beside_cut", `${told} when all was quiet`);
      }
    }
  }
}
