/** Who works while things happen: agents with their keys and tokens, coordinators that sign, guards that decide as every guard does. @module */
import { systemClock } from "../../../src/base/clock.js";
import { DelegationError } from "../../../src/base/error.js";
import { systemRandom } from "../../../src/base/random.js";
import { ChainCache } from "../../../src/chain/cache.js";
import { Trust } from "../../../src/chain/trust.js";
import { createCoordinator } from "../../../src/coordinator/coordinator.js";
import type { PartitionedFeed } from "../../../src/guard/feed.js";
import { Guard } from "../../../src/guard/guard.js";
import { EmbeddedHop } from "../../../src/memory/embedded-hop.js";
import type { HolderKit } from "../../../src/memory/hand-over.js";
import { MemoryReplayStore } from "../../../src/memory/replay.js";
import type { PolicyEngine } from "../../../src/policy/engine.js";
import type { RedisStore } from "../../../src/redis/store.js";
import { type KeyRing, keyRing } from "../../../src/token/jwks.js";
import { generateSigningKey } from "../../../src/token/key.js";
import type { GrantInput } from "../../../src/wire/grant.js";
import type { Acting } from "../history.js";

export const TENANT = "default";
export const LIMIT_CENTS = 3_000;
export const PRICE_CENTS = 60;
const ISSUER = "https://legate.example";
const AUDIENCE = "https://tools.example.com";
const PRINCIPAL = { issuer: "https://idp.example", subject: "ada" };

/** Tools: `read` is free, `pay` costs, `sign` takes a person's approval. */
const GRANT: GrantInput = {
  tools: { read: {}, pay: {}, sign: {} },
  limits: { approval: { sign: { approvers: 1 } } },
  audience: [AUDIENCE],
};
const SPEND = (LIMIT_CENTS / 100).toFixed(2);

/** Writes the word that a call carries into its audit line, so that the line is known by it. */
const TELLING: PolicyEngine = {
  version: "1",
  decide: ({ arguments: { op } }) => ({
    effect: "allow",
    rules: typeof op === "string" ? [op] : [],
    obligations: [],
  }),
};

/** One that signs. */
export interface Clerk {
  readonly store: RedisStore;
  readonly kit: HolderKit;
}

/** One that decides. */
export interface Sentry {
  readonly name: string;
  readonly guard: Guard;
}

/** A tree, as far as the load needs it. */
export interface Grove {
  readonly tree: string;
  readonly root: EmbeddedHop;
  readonly payer: EmbeddedHop;
  readonly sibling: EmbeddedHop;
  readonly held: EmbeddedHop;
}

export class Crew {
  readonly #keys: KeyRing = keyRing(generateSigningKey());
  readonly #trust = new Trust({
    keys: [...this.#keys.verification].map(([kid, key]) => ({ kid, key })),
    issuers: [ISSUER],
  });

  clerk(store: RedisStore): Clerk {
    const coordinator = createCoordinator({
      store,
      keys: this.#keys,
      issuer: ISSUER,
      replay: new MemoryReplayStore(),
      guards: store,
      policy: TELLING,
    });
    const kit: HolderKit = {
      coordinator,
      issuer: ISSUER,
      trust: this.#trust,
      cache: new ChainCache(),
      agentKeys: () => [],
      clock: systemClock,
      random: systemRandom,
    };
    return { store, kit };
  }

  /** A guard on a store of its own; what it follows may be other than what the store says. */
  async sentry(name: string, store: RedisStore, feed: PartitionedFeed): Promise<Sentry> {
    const guard = new Guard({
      name,
      audience: [AUDIENCE],
      trust: this.#trust,
      feed,
      admission: store,
      replay: new MemoryReplayStore(),
      policy: TELLING,
      costOf: (tool) => ({ EUR: tool === "pay" ? (PRICE_CENTS / 100).toFixed(2) : "0" }),
    });
    await guard.start();
    return { name, guard };
  }
}

/** Opens trees until there are as many in each partition; to be called while all is well. */
export async function plant({ store, kit }: Clerk, each: number): Promise<readonly Grove[]> {
  const groves: Grove[][] = Array.from({ length: store.partitions }, () => []);
  while (groves.some((some) => some.length < each)) {
    const key = generateSigningKey();
    const asked = { principal: PRINCIPAL, trigger: "task", agent: "root", holderKey: key.jwk };
    const { token } = await kit.coordinator.open({ ...asked, grant: GRANT });
    const root = EmbeddedHop.hold(kit, key, [token]);
    const some = groves[store.partitionOf(root.tree)];
    if (some === undefined || some.length >= each) continue;
    some.push({
      tree: root.tree,
      root,
      payer: await root.delegate({
        agent: "payer",
        grant: { tools: { pay: {} }, limits: { spend: { EUR: SPEND } } },
      }),
      sibling: await root.delegate({
        agent: "sibling",
        grant: { tools: { read: {}, sign: {} } },
      }),
      held: await reader(root, "held"),
    });
  }
  return groves.flat();
}

/** A child that may read. */
export function reader(parent: EmbeddedHop, agent: string): Promise<EmbeddedHop> {
  return parent.delegate({ agent, grant: { tools: { read: {} } } });
}

/** The same hop in other hands. */
export function handTo({ kit }: Clerk, { holder }: EmbeddedHop): EmbeddedHop {
  return EmbeddedHop.hold(kit, holder.key, holder.tokens);
}

/** Asks one person, who agrees; the ticket to show. Undefined where something failed: whoever needs it asks again. */
export async function approved(
  { kit }: Clerk,
  hop: EmbeddedHop,
  args: object,
): Promise<string | undefined> {
  try {
    const [asked] = await hop.ask("sign", args);
    if (asked === undefined) return undefined;
    await kit.coordinator.approve({ approver: "bob", tenant: TENANT }, { ticket: asked.id });
    return asked.ticket;
  } catch (thrown) {
    if (thrown instanceof DelegationError) return undefined;
    throw thrown;
  }
}

export function actingOf(hop: EmbeddedHop): Acting {
  const { hops } = hop.holder.chain;
  return { tree: hop.tree, hops: hops.map(({ id }) => id), agents: hops.map(({ agent }) => agent) };
}
