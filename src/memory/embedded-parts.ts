/** What an embedded engine is made of: one store, one coordinator over it, one trust in its keys. @module */
import { type Clock, systemClock } from "../base/clock.js";
import { type RandomBytes, systemRandom } from "../base/random.js";
import { silent, type Telemetry } from "../base/telemetry.js";
import { ChainCache } from "../chain/cache.js";
import { Trust } from "../chain/trust.js";
import { AgentRegistry } from "../coordinator/agents.js";
import { type CoordinatorOptions, createCoordinator } from "../coordinator/coordinator.js";
import { trustIn, trusting } from "../coordinator/trusting.js";
import { systemTimers, type Timers } from "../lifecycle/timers.js";
import type { PolicyEngine } from "../policy/engine.js";
import { type KeyRing, keyRing } from "../token/jwks.js";
import { generateSigningKey } from "../token/key.js";
import type { HolderKit } from "./hand-over.js";
import { openKeyFile } from "./key-file.js";
import { MemoryReplayStore } from "./replay.js";
import { createMemoryStore, type MemoryStore } from "./store.js";

/** How to open an engine; every field has a default. */
export interface EmbeddedOptions {
  /** `iss` of every anchor; `https://legate.localhost` unless told. */
  readonly issuer?: string;
  /** Tenant of requests that name none; `default` unless told. */
  readonly tenant?: string;
  /** Path of a journal; without one everything ends with the process. Keys are in `<journal>.keys.json`. */
  readonly journal?: string;
  /** Opens the journal for looking only. */
  readonly readonly?: boolean;
  /** Signing keys; those of the journal, or fresh ones, unless told. */
  readonly keys?: KeyRing;
  /** Identity keys of agents: who has none here is asserted, never proven. */
  readonly agents?: AgentRegistry;
  /** The second gate, of coordinator and guards alike. */
  readonly policy?: PolicyEngine;
  readonly clock?: Clock;
  readonly timers?: Timers;
  readonly random?: RandomBytes;
  readonly telemetry?: Telemetry;
  /** What requests get that do not say; see the coordinator's options. */
  readonly defaults?: NonNullable<CoordinatorOptions["defaults"]>;
}

/** The parts, put together; nothing runs yet. */
export interface Parts extends HolderKit {
  readonly options: EmbeddedOptions;
  readonly tenant: string;
  readonly store: MemoryStore;
  readonly timers: Timers;
  readonly telemetry: Telemetry;
  readonly replay: MemoryReplayStore;
}

/** @throws {DelegationError} as `openEmbedded` */
export function partsOf(options: EmbeddedOptions): Parts {
  const { issuer = "https://legate.localhost", tenant = "default", journal, readonly } = options;
  const { random = systemRandom, telemetry = silent } = options;
  const clock = options.clock ?? options.timers ?? systemClock;
  const { agents = new AgentRegistry(), policy, defaults } = options;
  const timers = options.timers ?? { ...systemTimers, now: () => clock.now() };
  const store = createMemoryStore({
    clock,
    random,
    ...(journal === undefined ? {} : { journal }),
    ...(readonly === undefined ? {} : { readonly }),
  });
  try {
    const keys = options.keys ?? keysOf(options);
    const trust = new Trust(trustIn(keys, issuer));
    const replay = new MemoryReplayStore();
    const inner = createCoordinator({
      store,
      keys,
      issuer,
      tenant,
      replay,
      clock,
      random,
      agents,
      telemetry,
      guards: { reports: () => store.guards() },
      ...(defaults === undefined ? {} : { defaults }),
      ...(policy === undefined ? {} : { policy }),
    });
    const coordinator = trusting(inner, trust, issuer);
    const agentKeys = (agent: string) => agents.keysOf(agent);
    const cache = new ChainCache();
    const kit: HolderKit = { coordinator, issuer, trust, cache, agentKeys, clock, random };
    return { ...kit, options, tenant, store, timers, telemetry, replay };
  } catch (thrown) {
    void store.close();
    throw thrown;
  }
}

/** After the journal is opened: whoever has no lock on it touches no keys. */
function keysOf({ journal, readonly }: EmbeddedOptions): KeyRing {
  if (journal === undefined) return keyRing(generateSigningKey());
  return openKeyFile(`${journal}.keys.json`, readonly);
}
