/**
 * Door `legate/embedded`: coordinator, store and guards in one process.
 *
 * @module
 */
import { DelegationError } from "../base/error.js";
import type { Trust } from "../chain/trust.js";
import type { CutPreview } from "../coordinator/preview.js";
import type { Revoked } from "../coordinator/revoke.js";
import type { Coordinator } from "../coordinator/verbs.js";
import { Guard, type GuardOptions } from "../guard/guard.js";
import type { Boundary } from "../wire/cut.js";
import { EmbeddedHop } from "./embedded-hop.js";
import { type EmbeddedOptions, type Parts, partsOf } from "./embedded-parts.js";
import { delegateeOf, type HandOver } from "./hand-over.js";
import { startHeart } from "./heart.js";
import type { Torn } from "./recover.js";
import type { MemoryStore } from "./store.js";

export {
  type Checkpoint,
  type NoteKey,
  type NoteSigner,
  type NoteVerifier,
  openCheckpoint,
  signCheckpoint,
} from "../audit/checkpoint.js";
export { toOcsf } from "../audit/ocsf.js";
export type { StoryFault } from "../audit/story.js";
export { type LogFault, type LogVerdict, type VerifyOptions, verifyLog } from "../audit/verify.js";
export { AgentRegistry } from "../coordinator/agents.js";
export type { Allowed, ApprovalNeed, Asked, Call, Decision, Denied } from "../guard/decision.js";
export { Guard } from "../guard/guard.js";
export { type StaticEngine, staticRules } from "../policy/static-rules.js";
export { EmbeddedHop, type PendingHop } from "./embedded-hop.js";
export type { EmbeddedOptions } from "./embedded-parts.js";
export type {
  CallOptions,
  DelegateOptions,
  HandOver,
  HolderKit,
  HolderSide,
  HolderVerbs,
  HopApproval,
} from "./hand-over.js";

/** A root to be opened. */
export interface OpenOptions extends HandOver {
  readonly principal: { readonly issuer: string; readonly subject: string };
  /** What set it going: a task or request id. */
  readonly trigger: string;
  readonly tenant?: string;
  /** The tree ends when nobody renews its lease for so long. */
  readonly leaseSeconds?: number;
  /** Hops that may follow. */
  readonly depth?: number;
  readonly bearer?: boolean;
}

/** A guard of this process; what it does not say comes from the engine. */
export interface EmbeddedGuardOptions
  extends Pick<GuardOptions, "policy" | "costOf" | "strict" | "maxStalenessMs" | "auditBufferMax"> {
  readonly name?: string;
  readonly audience: string | readonly string[];
}

/** An engine: coordinator, store and guards. */
export interface Embedded {
  readonly issuer: string;
  readonly tenant: string;
  readonly coordinator: Coordinator;
  readonly store: MemoryStore;
  /** Whose signatures begin a chain here. */
  readonly trust: Trust;
  /** What was cut off a journal's end at start, if anything. */
  readonly recovered: Torn | undefined;
  /** Opens a tree, with a fresh holder key in this process. @throws {DelegationError} as `coordinator.open` */
  open(request: OpenOptions): Promise<EmbeddedHop>;
  /** Starts a guard. @throws {DelegationError} `config_invalid`, `store_unavailable` */
  guard(options: EmbeddedGuardOptions): Promise<Guard>;
  /** Cuts, as an operator. @throws {DelegationError} as `coordinator.revoke` */
  revoke(
    boundary: Boundary,
    options?: { readonly reason?: string; readonly by?: string; readonly wait?: "guards" },
  ): Promise<Revoked>;
  /** What a cut would stop. @throws {DelegationError} as `coordinator.preview` */
  preview(boundary: Boundary): Promise<CutPreview>;
  /** Closes the guards, writes what waits, and lets go of the journal. Idempotent. */
  close(): Promise<void>;
}

/**
 * Opens an engine. Its timers keep no process alive; `close` ends them.
 *
 * @throws {DelegationError} `store_locked`, `journal_damaged`, `store_unavailable`; `config_invalid`
 */
export async function openEmbedded(options: EmbeddedOptions = {}): Promise<Embedded> {
  const parts = partsOf(options);
  const { coordinator, store, trust, telemetry, tenant, issuer } = parts;
  const guards = new Set<Guard>();
  const stopBeating =
    options.readonly === true ? () => {} : startHeart(store, parts.timers, telemetry);
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    stopBeating();
    const closed = await Promise.allSettled([...guards].map((guard) => guard.close()));
    await store.close();
    for (const end of closed) if (end.status === "rejected") throw end.reason;
  };
  return {
    issuer,
    tenant,
    coordinator,
    store,
    trust,
    recovered: store.recovered,
    open: (request) => openRoot(parts, request),
    async guard(wanted) {
      if (closing !== undefined) throw closedError();
      const guard = new Guard(guardOptionsOf(parts, wanted, `guard-${guards.size + 1}`));
      guards.add(guard);
      await guard.start();
      return guard;
    },
    revoke: (boundary, { by = "operator", ...how } = {}) =>
      coordinator.revoke({ operator: by, tenant }, { boundary, ...how }),
    preview: (boundary) => coordinator.preview({ operator: "operator", tenant }, { boundary }),
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

async function openRoot(parts: Parts, request: OpenOptions): Promise<EmbeddedHop> {
  const { principal, trigger, tenant, leaseSeconds, depth, bearer } = request;
  const place = { parent: "", audience: parts.issuer };
  const { agent, grant, key, agentProof } = delegateeOf(parts, request, place);
  const { token } = await parts.coordinator.open({
    principal,
    trigger,
    agent,
    grant,
    holderKey: key.jwk,
    ...(agentProof === undefined ? {} : { agentProof }),
    ...(tenant === undefined ? {} : { tenant }),
    ...(leaseSeconds === undefined ? {} : { leaseSeconds }),
    ...(depth === undefined ? {} : { depth }),
    ...(bearer === undefined ? {} : { bearer }),
  });
  return EmbeddedHop.hold(parts, key, [token]);
}

function guardOptionsOf(
  parts: Parts,
  { audience, name, policy = parts.options.policy, ...rest }: EmbeddedGuardOptions,
  fallback: string,
): GuardOptions {
  const { trust, store, replay, agentKeys, clock, timers, random, telemetry } = parts;
  return {
    ...rest,
    name: name ?? fallback,
    audience: typeof audience === "string" ? [audience] : audience,
    trust,
    feed: store,
    admission: store,
    replay,
    agentKeys,
    clock,
    timers,
    random,
    telemetry,
    ...(policy === undefined ? {} : { policy }),
  };
}

function closedError(): DelegationError {
  return new DelegationError("store_unavailable", "the engine was closed");
}
