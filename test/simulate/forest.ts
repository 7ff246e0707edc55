/** Trees that holders of a simulation open and hand on, and what operators cut of them, over a link that may fail. @module */
import type { RandomBytes } from "../../src/base/random.js";
import { seededRandom } from "../../src/base/random.js";
import { ChainCache } from "../../src/chain/cache.js";
import type { Trust } from "../../src/chain/trust.js";
import type { Coordinator } from "../../src/coordinator/verbs.js";
import { EmbeddedHop } from "../../src/memory/embedded-hop.js";
import type { HolderKit } from "../../src/memory/hand-over.js";
import { generateSigningKey, type SigningKey } from "../../src/token/key.js";
import type { Boundary } from "../../src/wire/cut.js";
import type { GrantInput } from "../../src/wire/grant.js";
import { type Host, ISSUER } from "./host.js";
import type { Link } from "./link.js";
import type { Dice, ProcessClock } from "./time.js";
import { AUDIENCE } from "./watcher.js";

const GRANT: GrantInput = { tools: { read: {} }, audience: [AUDIENCE] };
const OPERATOR = { operator: "operator" };
const AGENTS = ["reader", "writer", "courier"];
const SUBJECTS = ["ana", "ben"];
/** Uses of a hop that is counted. */
export const CALLS_MAX = 2;

/** Made once: keys cost more than all else that a run does. No two hops of a run share one. */
const keyBytes = seededRandom(1);
const KEYS = Array.from({ length: 40 }, () => generateSigningKey("EdDSA", keyBytes));

export interface ForestOptions {
  readonly host: Host;
  readonly link: Link;
  readonly dice: Dice;
  readonly clock: ProcessClock;
  readonly random: RandomBytes;
  readonly trust: Trust;
  /** Told of what an operator was promised: the ids of cuts that are applied. */
  readonly onPromise: (id: string) => void;
  /** Told when the same request was answered by two hops. */
  readonly onTwice: (what: string) => void;
}

export class Forest {
  readonly hops: EmbeddedHop[] = [];
  readonly #suspensions: { hop: string; suspension: string }[] = [];
  readonly #options: ForestOptions;
  readonly #kit: HolderKit;
  #keysUsed = 0;
  #requests = 0;

  constructor(options: ForestOptions) {
    this.#options = options;
    const { clock, random, trust } = options;
    const coordinator = this.#coordinatorOverLink();
    const agentKeys = () => [];
    const cache = new ChainCache();
    this.#kit = { coordinator, issuer: ISSUER, trust, cache, agentKeys, clock, random };
  }

  /** Opens a tree: a root, a child that delegates, and a leaf below it. */
  async plant(): Promise<void> {
    const root = await this.#open();
    if (root === undefined) return;
    const child = await this.#delegate(root, {});
    if (child !== undefined) await this.#delegate(child, { bearer: true });
  }

  /** Hands on what some hop has: through the coordinator, or offline. */
  async grow(): Promise<void> {
    const { dice } = this.#options;
    const parents = this.hops.filter(({ holder }) => holder.chain.hopsLeft > 0);
    if (parents.length === 0 || this.#keysUsed >= KEYS.length) return;
    const parent = dice.pick(parents);
    if (dice.chance(0.3)) {
      const key = this.#key();
      this.hops.push(
        parent.link({ agent: dice.pick(AGENTS), grant: { tools: { read: {} } }, key }),
      );
    } else {
      await this.#delegate(parent, dice.pick([{ bearer: true }, { counted: true }, {}]));
    }
  }

  /** Cuts anything, as an operator; says it again while no answer comes. */
  async cut(): Promise<void> {
    const { dice, onPromise } = this.#options;
    if (this.hops.length === 0) return;
    const boundary = this.#boundary(dice.pick(this.hops));
    const cut = await this.#insist((coordinator) => coordinator.revoke(OPERATOR, { boundary }));
    if (cut !== undefined) onPromise(cut.entry.id);
  }

  async suspend(): Promise<void> {
    const { dice, onPromise } = this.#options;
    const registered = this.hops.filter(({ holder }) => holder.chain.offline.length === 0);
    if (registered.length === 0) return;
    const hop = dice.pick(registered).id;
    const made = await this.#insist((coordinator) => coordinator.suspend(OPERATOR, { hop }), 1);
    if (made === undefined) return;
    onPromise(made.entry.id);
    this.#suspensions.push({ hop, suspension: made.entry.id });
  }

  async resume(): Promise<void> {
    const [oldest] = this.#suspensions.splice(0, 1);
    if (oldest !== undefined) {
      await this.#insist((coordinator) => coordinator.resume(OPERATOR, oldest));
    }
  }

  async #open(): Promise<EmbeddedHop | undefined> {
    if (this.#keysUsed >= KEYS.length) return undefined;
    const { dice } = this.#options;
    const key = this.#key();
    const issued = await this.#insist((coordinator) =>
      coordinator.open({
        principal: { issuer: "https://id.example.com", subject: dice.pick(SUBJECTS) },
        trigger: "task",
        agent: dice.pick(AGENTS),
        grant: GRANT,
        holderKey: key.jwk,
      }),
    );
    return issued && this.#keep(EmbeddedHop.hold(this.#kit, key, [issued.token]));
  }

  async #delegate(
    parent: EmbeddedHop,
    { bearer = false, counted = false }: { bearer?: boolean; counted?: boolean },
  ): Promise<EmbeddedHop | undefined> {
    if (this.#keysUsed >= KEYS.length) return undefined;
    const limits = counted ? { limits: { calls: CALLS_MAX } } : {};
    this.#requests += 1;
    const request = {
      agent: this.#options.dice.pick(AGENTS),
      grant: { tools: { read: {} }, ...limits },
      key: this.#key(),
      idempotencyKey: `request-${this.#requests}`,
      ...(bearer ? { bearer } : {}),
    };
    const made = await this.#insist(() => parent.delegate(request));
    if (made === undefined) return undefined;
    // Said once more, as by a caller that lost the answer: it must be the same hop.
    if (this.#options.dice.chance(0.1)) {
      const again = await this.#insist(() => parent.delegate(request), 1);
      if (again !== undefined && again.id !== made.id) this.#options.onTwice("delegate");
    }
    return this.#keep(made);
  }

  #keep(hop: EmbeddedHop): EmbeddedHop {
    this.hops.push(hop);
    return hop;
  }

  #key(): SigningKey {
    const key = KEYS[this.#keysUsed];
    if (key === undefined) throw new RangeError("all keys are used");
    this.#keysUsed += 1;
    return key;
  }

  /** Asks until there is an answer; a refusal is one, and so is giving up. */
  async #insist<T>(
    ask: (coordinator: Coordinator) => Promise<T>,
    times = 3,
  ): Promise<T | undefined> {
    for (let left = times; left > 0; left -= 1) {
      try {
        return await ask(this.#kit.coordinator);
      } catch {
        // Refused or unanswered: what was done all the same is in the log, where it is judged.
      }
    }
    return undefined;
  }

  #boundary({ tree, id, agent, holder }: EmbeddedHop): Boundary {
    const { dice } = this.#options;
    const kinds = [
      "hop",
      "hop",
      "hop",
      "below",
      "below",
      "tree",
      "agent",
      "principal",
      "key",
      "ban",
    ];
    const kind = dice.chance(0.05) ? "epoch" : dice.pick(kinds as Boundary["kind"][]);
    switch (kind) {
      case "hop":
      case "below":
        return { kind, tree, hop: id };
      case "tree":
        return { kind, tree };
      case "agent":
      case "ban":
        return { kind, agent };
      case "principal":
        return { kind, ...holder.chain.principal };
      case "key":
        return { kind, thumbprint: holder.chain.holder };
      case "epoch":
        return { kind };
      default:
        return kind satisfies never;
    }
  }

  #coordinatorOverLink(): Coordinator {
    const { host, link } = this.#options;
    const verbs = new Proxy({} as Coordinator, {
      get:
        (_, verb) =>
        (...given: unknown[]) =>
          link.ask(
            host.serve((_store, coordinator) =>
              // Any verb, with what it was given.
              Promise.resolve(Reflect.apply(Reflect.get(coordinator, verb), coordinator, given)),
            ),
          ),
    });
    return verbs;
  }
}
