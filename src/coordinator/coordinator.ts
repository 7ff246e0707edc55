/** The coordinator: all verbs over one store, one set of keys and one clock. @module */
import { type Clock, systemClock } from "../base/clock.js";
import { exposed } from "../base/error.js";
import { pooled, type RandomBytes, systemRandom } from "../base/random.js";
import { silent, type Telemetry } from "../base/telemetry.js";
import { ChainCache } from "../chain/cache.js";
import { Trust } from "../chain/trust.js";
import { systemTimers, type Timers } from "../lifecycle/timers.js";
import type { PolicyEngine } from "../policy/engine.js";
import { type KeyRing, publicJwks } from "../token/jwks.js";
import type { ReplayStore } from "../token/replay.js";
import { type Sessions, SessionTable } from "../token/session.js";
import { type CoordinatorConfigInput, parseCoordinatorConfig } from "../wire/config.js";
import { type AgentDirectory, AgentRegistry } from "./agents.js";
import { approve } from "./approve.js";
import { claim } from "./claim.js";
import { complete } from "./complete.js";
import { type Context, Horizon } from "./context.js";
import { delegate } from "./delegate.js";
import { deny } from "./deny.js";
import { exchange } from "./exchange.js";
import type { GuardReports } from "./guard-reports.js";
import { inspectChain, inspectNode, inspectTree, inspectTrees } from "./inspect.js";
import { introspect } from "./introspect.js";
import { startKeeper } from "./keeper.js";
import { renewLease } from "./lease.js";
import { narrow } from "./narrow.js";
import { open } from "./open.js";
import { preview } from "./preview.js";
import { renew } from "./renew.js";
import { resume } from "./resume.js";
import { revoke } from "./revoke.js";
import type { DelegationStore } from "./store.js";
import { suspend } from "./suspend.js";
import { ask } from "./ticket.js";
import type { Coordinator } from "./verbs.js";

/** What a coordinator is made of. */
export interface CoordinatorOptions {
  readonly store: DelegationStore;
  readonly keys: KeyRing;
  /** `iss` of every anchor, and the audience of proofs made for the coordinator. */
  readonly issuer: string;
  /** Tenant of requests that name none; `default` unless told. */
  readonly tenant?: string;
  /** Must remember for all coordinators of one issuer, or each promises single use for itself alone. */
  readonly replay: ReplayStore;
  readonly sessions?: Sessions;
  readonly clock?: Clock;
  readonly random?: RandomBytes;
  /** Identity keys of agents; without any, every agent is asserted. */
  readonly agents?: AgentDirectory;
  readonly cache?: ChainCache;
  readonly defaults?: Omit<CoordinatorConfigInput, "issuer" | "tenant">;
  readonly telemetry?: Telemetry;
  /** The second gate, where the coordinator knows it: it says which approvals a call needs. */
  readonly policy?: PolicyEngine;
  /** Who has read how far, where guards report here. */
  readonly guards?: GuardReports;
}

/**
 * Makes a coordinator.
 *
 * @throws {DelegationError} `config_invalid`
 */
export function createCoordinator(options: CoordinatorOptions): Coordinator {
  const ctx = contextOf(options);
  return {
    open: bind(ctx, "open", open),
    delegate: bind(ctx, "delegate", delegate),
    renew: bind(ctx, "renew", renew),
    renewLease: bind(ctx, "renewLease", renewLease),
    claim: bind(ctx, "claim", claim),
    exchange: bind(ctx, "exchange", exchange),
    narrow: bind(ctx, "narrow", narrow),
    complete: bind(ctx, "complete", complete),
    suspend: bind(ctx, "suspend", suspend),
    resume: bind(ctx, "resume", resume),
    revoke: bind(ctx, "revoke", revoke),
    preview: bind(ctx, "preview", preview),
    ask: bind(ctx, "ask", ask),
    approve: bind(ctx, "approve", approve),
    deny: bind(ctx, "deny", deny),
    introspect: bind(ctx, "introspect", introspect),
    inspectNode: bind(ctx, "inspectNode", inspectNode),
    inspectChain: bind(ctx, "inspectChain", inspectChain),
    inspectTree: bind(ctx, "inspectTree", inspectTree),
    inspectTrees: bind(ctx, "inspectTrees", inspectTrees),
    jwks: () => publicJwks(ctx.keys.verification),
    useKeys: (keys: KeyRing) => {
      ctx.trust.change(trustSettings(keys, ctx.config.issuer));
      ctx.keys = keys;
    },
    keep: (timers: Timers = systemTimers) => startKeeper(ctx, timers),
  };
}

function contextOf(options: CoordinatorOptions): Context {
  const { issuer, tenant, keys, store } = options;
  const config = parseCoordinatorConfig({
    issuer,
    ...(tenant === undefined ? {} : { tenant }),
    ...options.defaults,
  });
  const agents = options.agents ?? new AgentRegistry();
  const random = options.random ?? systemRandom;
  return {
    config,
    store,
    keys,
    trust: new Trust(trustSettings(keys, issuer)),
    cache: options.cache ?? new ChainCache(),
    clock: options.clock ?? systemClock,
    random: pooled(random),
    agents,
    agentKeys: (agent) => agents.keysOf(agent),
    replay: options.replay,
    sessions: options.sessions ?? new SessionTable({ random }),
    telemetry: options.telemetry ?? silent,
    horizon: new Horizon(store),
    policy: options.policy,
    guards: options.guards,
  };
}

function trustSettings(keys: KeyRing, issuer: string) {
  const trusted = [...keys.verification].map(([kid, key]) => ({ kid, key }));
  return { keys: trusted, issuers: [issuer] };
}

/** A verb with its context filled in, inside a span; a refusal to make a hop is counted by its code. */
function bind<A extends readonly unknown[], R>(
  ctx: Context,
  name: string,
  verb: (ctx: Context, ...rest: A) => Promise<R>,
): (...rest: A) => Promise<R> {
  const counted = MAKERS.has(name);
  return (...rest) =>
    ctx.telemetry.span(`legate.${name}`, {}, async () => {
      try {
        return await verb(ctx, ...rest);
      } catch (thrown) {
        if (counted) ctx.telemetry.count("legate_hops_denied_total", { reason: reasonOf(thrown) });
        throw thrown;
      }
    });
}

const MAKERS: ReadonlySet<string> = new Set(["open", "delegate", "exchange", "narrow"]);

function reasonOf(thrown: unknown): string {
  return exposed(thrown).code;
}
