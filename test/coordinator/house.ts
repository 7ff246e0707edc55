/** A coordinator on a real store in memory, and holders that prove what they hold. Only the clock is made up. @module */
import { expect } from "vitest";
import { ManualClock } from "../../src/base/clock.js";
import { systemRandom } from "../../src/base/random.js";
import { ChainCache } from "../../src/chain/cache.js";
import { type LinkDraft, mintLink } from "../../src/chain/mint.js";
import { Trust } from "../../src/chain/trust.js";
import type { VerifiedChain } from "../../src/chain/verified-chain.js";
import { verifyChain } from "../../src/chain/verify.js";
import { AgentRegistry } from "../../src/coordinator/agents.js";
import { type CoordinatorOptions, createCoordinator } from "../../src/coordinator/coordinator.js";
import type { Issued } from "../../src/coordinator/issue.js";
import { type Presented, toolOf, type Verb } from "../../src/coordinator/present.js";
import type { Coordinator } from "../../src/coordinator/verbs.js";
import { MemoryReplayStore } from "../../src/memory/replay.js";
import { createMemoryStore } from "../../src/memory/store.js";
import { makeAatProof } from "../../src/token/aat-proof.js";
import { keyRing } from "../../src/token/jwks.js";
import { generateSigningKey, type SigningKey } from "../../src/token/key.js";
import type { GrantInput } from "../../src/wire/grant.js";

export const ISSUER = "https://legate.example";
export const START = 1_800_000_000_000;
export const GRANT: GrantInput = {
  tools: {
    "files.read": { path: { constraint_type: "path", under: "/reports" } },
    "web.search": {},
  },
  limits: { depth: 4 },
};
export const NARROW: GrantInput = {
  tools: { "files.read": { path: { constraint_type: "path", under: "/reports/2026" } } },
};

/** Someone who holds a hop: its tokens and its key. */
export interface Holder {
  readonly agent: string;
  readonly key: SigningKey;
  readonly tokens: readonly string[];
  /** Id of the hop. */
  readonly hop: string;
}

export type House = ReturnType<typeof house>;

export function house(options: Partial<CoordinatorOptions> = {}) {
  const clock = new ManualClock(START);
  const store = options.store ?? createMemoryStore({ clock });
  const keys = options.keys ?? keyRing(generateSigningKey());
  const agents = new AgentRegistry();
  const replay = new MemoryReplayStore();
  const coordinator: Coordinator = createCoordinator({
    store,
    keys,
    issuer: ISSUER,
    replay,
    clock,
    agents,
    ...options,
  });

  /** Proof of possession for exactly this request, by this key. */
  const prove = (
    tokens: readonly string[],
    key: SigningKey,
    verb: Verb,
    request: object,
  ): Presented => {
    const leaf = tokens.at(-1) ?? "";
    const proof = makeAatProof({
      key,
      tokenId: claimsOf(leaf).jti as string,
      tool: toolOf(verb),
      arguments: request,
      audience: ISSUER,
      accessToken: leaf,
      nowMs: clock.now(),
      random: systemRandom,
    });
    return { tokens, possession: { kind: "aat", proof } };
  };
  const present = (holder: Holder, verb: Verb, request: object): Presented =>
    prove(holder.tokens, holder.key, verb, request);

  const open = async (
    request: Record<string, unknown> = {},
    key = generateSigningKey(),
  ): Promise<Holder & { issued: Issued }> => {
    const issued = await coordinator.open({
      principal: { issuer: "https://id.example", subject: "ana" },
      agent: "planner",
      holderKey: key.jwk,
      grant: GRANT,
      trigger: "task-1",
      ...request,
    });
    return held(issued, key);
  };
  const delegate = async (
    parent: Holder,
    request: Record<string, unknown> = {},
    key = generateSigningKey(),
  ): Promise<Holder & { issued: Issued }> => {
    const asked = { agent: "reader", holderKey: key.jwk, grant: NARROW, ...request };
    const made = await coordinator.delegate(present(parent, "delegate", asked), asked);
    if (made.status !== "active") throw new Error("hop is pending");
    return held(made, key);
  };
  const verify = (tokens: readonly string[]): VerifiedChain => {
    const trusted = [...keys.verification].map(([kid, one]) => ({ kid, key: one }));
    return verifyChain(tokens, {
      trust: new Trust({ keys: trusted }),
      now: clock.now(),
      cache: new ChainCache(),
    });
  };
  /** A link below a holder, made offline. */
  const link = (
    parent: Holder,
    draft: Partial<LinkDraft> = {},
    key = generateSigningKey(),
  ): Holder => {
    const text = mintLink(
      verify(parent.tokens),
      { agent: "helper", holderKey: key, grant: toolsOf(NARROW), now: clock.now(), ...draft },
      parent.key,
    );
    const tokens = [...parent.tokens, text];
    return { agent: "helper", key, tokens, hop: verify(tokens).hops.at(-1)?.id ?? "" };
  };
  return {
    clock,
    store,
    keys,
    agents,
    replay,
    coordinator,
    prove,
    present,
    open,
    delegate,
    verify,
    link,
  };
}

export function held(issued: Issued, key: SigningKey): Holder & { issued: Issued } {
  return { agent: issued.hop.agent, key, tokens: [issued.token], hop: issued.hop.id, issued };
}

/** Tools of a grant as links want them: without prototype. */
export function toolsOf({ tools }: GrantInput): LinkDraft["grant"] {
  return { tools: Object.assign(Object.create(null), tools) };
}

/** Claims without verification, for tests that look at them. */
export function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
}

/** That the promise rejects with a refusal of this code. */
export async function refuses(
  code: string,
  run: Promise<unknown>,
  more: object = {},
): Promise<void> {
  await expect(run).rejects.toMatchObject({ name: "DelegationError", code, ...more });
}

/** All lines of the audit log, oldest first. */
export async function audit({ store }: House) {
  return store.audit({ limit: 1_000 });
}
