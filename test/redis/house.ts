/** Two processes of one deployment, as far as the servers can tell: one that coordinates, one that guards; and agents with their keys. @module */
import { systemClock } from "../../src/base/clock.js";
import { systemRandom } from "../../src/base/random.js";
import { ChainCache } from "../../src/chain/cache.js";
import { AgentRegistry } from "../../src/coordinator/agents.js";
import type { Guard } from "../../src/guard/guard.js";
import { EmbeddedHop } from "../../src/memory/embedded-hop.js";
import {
  openRedisEngine,
  openRedisGuards,
  type RedisEngine,
  type RedisGuards,
} from "../../src/redis/engine.js";
import type { RedisStoreOptions } from "../../src/redis/options.js";
import { CONCESSIONS } from "../../src/redis/settings.js";
import { keyRing } from "../../src/token/jwks.js";
import { generateSigningKey } from "../../src/token/key.js";
import { AUDIENCE, GRANT, PRINCIPAL } from "../guard/rig.js";
import { PATIENCE_MS, PATIENT } from "../patience.js";
import { waitForGood } from "./wait.js";

const ISSUER = "https://legate.example";

export interface House {
  readonly engine: RedisEngine;
  readonly guards: RedisGuards;
  /** Opens a tree. */
  root(words?: { readonly agent?: string; readonly subject?: string }): Promise<EmbeddedHop>;
  /** Starts a guard of the guarding process and waits until it is live. */
  watch(name: string): Promise<Guard>;
  close(): Promise<void>;
}

/** Opens both; `coordinator` and `guard` say what each does otherwise than the other. */
export async function openHouse(
  shared: RedisStoreOptions,
  own: {
    readonly coordinator?: Partial<RedisStoreOptions>;
    readonly guard?: Partial<RedisStoreOptions>;
  } = {},
): Promise<House> {
  const keys = keyRing(generateSigningKey());
  const engine = await openRedisEngine({
    accept: CONCESSIONS,
    patience: PATIENT,
    ...shared,
    ...own.coordinator,
    issuer: ISSUER,
    keys,
  });
  const { trust, coordinator } = engine;
  const guards = await openRedisGuards({ patience: PATIENT, ...shared, ...own.guard, trust }).catch(
    async (thrown) => {
      await engine.close();
      throw thrown;
    },
  );
  const agents = new AgentRegistry();
  const kit = {
    coordinator,
    issuer: ISSUER,
    trust,
    cache: new ChainCache(),
    agentKeys: (agent: string) => agents.keysOf(agent),
    clock: systemClock,
    random: systemRandom,
  };
  return {
    engine,
    guards,
    root: async ({ agent = "planner", subject = PRINCIPAL.subject } = {}) => {
      const key = generateSigningKey();
      const principal = { ...PRINCIPAL, subject };
      const asked = { principal, trigger: "task", agent, grant: GRANT, holderKey: key.jwk };
      const { token } = await coordinator.open(asked);
      return EmbeddedHop.hold(kit, key, [token]);
    },
    watch: async (name) => {
      const guard = await guards.guard({ name, audience: AUDIENCE });
      await waitForGood(
        "the guard is live",
        PATIENCE_MS,
        async () => guard.status().feed === "live",
      );
      return guard;
    },
    close: async () => {
      await guards.close();
      await engine.close();
    },
  };
}
