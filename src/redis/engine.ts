/**
 * Coordinator, store and guards on one deployment, put together for one process. Every process of a deployment may open its own.
 *
 * @module
 */
import { DelegationError } from "../base/error.js";
import { HEARTBEAT_MS } from "../base/limits.js";
import { Trust } from "../chain/trust.js";
import { AgentRegistry } from "../coordinator/agents.js";
import { type CoordinatorOptions, createCoordinator } from "../coordinator/coordinator.js";
import { trustIn, trusting } from "../coordinator/trusting.js";
import type { Coordinator } from "../coordinator/verbs.js";
import { Guard, type GuardOptions } from "../guard/guard.js";
import type { PolicyEngine } from "../policy/engine.js";
import type { KeyRing } from "../token/jwks.js";
import type { ReplayStore } from "../token/replay.js";
import type { RedisStoreOptions } from "./options.js";
import { createRedisStore, type RedisStore } from "./store.js";

/** What coordinators and guards of one process share. */
interface Shared extends RedisStoreOptions {
  /** Identity keys of agents: who has none here is asserted, never proven. */
  readonly agents?: AgentRegistry;
  /** The second gate. */
  readonly policy?: PolicyEngine;
  /** Remembers which proofs were shown; the deployment itself unless told, so that a proof is good once and not once for each process. */
  readonly replay?: ReplayStore;
}

/** How to open a process that guards, and signs nothing. */
export interface RedisGuardsOptions extends Shared {
  /** Whose signatures begin a chain here. */
  readonly trust: Trust;
}

/** How to open a process that coordinates. */
export interface RedisEngineOptions extends Shared {
  /** `iss` of every anchor. */
  readonly issuer: string;
  /** The same for every coordinator of the issuer. */
  readonly keys: KeyRing;
  /** Tenant of requests that name none; `default` unless told. */
  readonly tenant?: string;
  /** What requests get that do not say; see the coordinator's options. */
  readonly defaults?: NonNullable<CoordinatorOptions["defaults"]>;
}

/** One guard; what it does not say comes from the process. */
export interface RedisGuardOptions
  extends Pick<GuardOptions, "policy" | "costOf" | "strict" | "maxStalenessMs" | "auditBufferMax"> {
  /** Unlike any other guard's of the deployment. */
  readonly name: string;
  readonly audience: string | readonly string[];
}

/** A process that guards. */
export interface RedisGuards {
  readonly store: RedisStore;
  readonly trust: Trust;
  /** Starts a guard. @throws {DelegationError} `config_invalid`, `store_unavailable` */
  guard(options: RedisGuardOptions): Promise<Guard>;
  /** Closes the guards, and lets go of the store. Idempotent. */
  close(): Promise<void>;
}

/** A process that coordinates, and guards where it is asked to. */
export interface RedisEngine extends RedisGuards {
  readonly issuer: string;
  readonly tenant: string;
  readonly coordinator: Coordinator;
}

/**
 * Opens the store for guards alone: heartbeats come from coordinators, so these deny until one runs.
 *
 * @throws {DelegationError} as `createRedisStore`
 */
export async function openRedisGuards(options: RedisGuardsOptions): Promise<RedisGuards> {
  const store = await createRedisStore({ heartbeats: false, ...options });
  return guardsOn(store, options);
}

/**
 * Opens the store, and a coordinator over it.
 *
 * @throws {DelegationError} as `createRedisStore`; `config_invalid`
 */
export async function openRedisEngine(options: RedisEngineOptions): Promise<RedisEngine> {
  const { issuer, keys, tenant = "default", agents = new AgentRegistry() } = options;
  const { policy, defaults, random, telemetry } = options;
  const store = await createRedisStore(options);
  try {
    const trust = new Trust(trustIn(keys, issuer));
    const inner = createCoordinator({
      store,
      keys,
      issuer,
      tenant,
      agents,
      replay: options.replay ?? store.replay,
      guards: store,
      ...(random === undefined ? {} : { random }),
      ...(telemetry === undefined ? {} : { telemetry }),
      ...(defaults === undefined ? {} : { defaults }),
      ...(policy === undefined ? {} : { policy }),
    });
    const coordinator = trusting(inner, trust, issuer);
    return { ...guardsOn(store, { ...options, agents, trust }), issuer, tenant, coordinator };
  } catch (thrown) {
    await store.close();
    throw thrown;
  }
}

function guardsOn(store: RedisStore, options: Shared & { readonly trust: Trust }): RedisGuards {
  const { trust, agents = new AgentRegistry() } = options;
  const guards = new Set<Guard>();
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    const closed = await Promise.allSettled([...guards].map((guard) => guard.close()));
    await store.close();
    for (const end of closed) if (end.status === "rejected") throw end.reason;
  };
  return {
    store,
    trust,
    async guard({ name, audience, policy = options.policy, ...rest }) {
      if (closing !== undefined) {
        throw new DelegationError("store_unavailable", "the engine was closed");
      }
      const guard = new Guard({
        ...rest,
        name,
        audience: typeof audience === "string" ? [audience] : audience,
        trust,
        feed: store,
        admission: store,
        replay: options.replay ?? store.replay,
        agentKeys: (agent) => agents.keysOf(agent),
        ...(options.random === undefined ? {} : { random: options.random }),
        ...(options.telemetry === undefined ? {} : { telemetry: options.telemetry }),
        ...(policy === undefined ? {} : { policy }),
      });
      guards.add(guard);
      await start(guard);
      return guard;
    },
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

/** Reads of the logs before a start is given up: a machine that is busy with starting is slow to answer. */
const STARTS_MAX = 3;

async function start(guard: Guard): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await guard.start();
    } catch (thrown) {
      const isTransient = thrown instanceof DelegationError && thrown.code === "store_unavailable";
      if (!isTransient || tries === STARTS_MAX) throw thrown;
    }
    await new Promise((resolve) => setTimeout(resolve, HEARTBEAT_MS));
  }
}
