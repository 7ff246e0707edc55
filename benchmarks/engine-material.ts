/** An embedded engine, and holders in it who go by session: what is measured end to end. @module */
import { canonicalDigest } from "../src/base/canonical.js";
import { systemRandom } from "../src/base/random.js";
import type { Presented } from "../src/coordinator/present.js";
import type { Call } from "../src/guard/decision.js";
import type { Guard } from "../src/guard/guard.js";
import { type Embedded, openEmbedded } from "../src/memory/embedded.js";
import type { EmbeddedHop } from "../src/memory/embedded-hop.js";
import { makeAatProof } from "../src/token/aat-proof.js";
import { generateSigningKey, type SigningKey } from "../src/token/key.js";
import { offerSession, type SessionClient } from "../src/token/session.js";
import type { GrantInput } from "../src/wire/grant.js";
import type { Subject } from "./harness.js";
import { AUDIENCE, at, TEAM_TOOLS } from "./material.js";

export type { Embedded } from "../src/memory/embedded.js";
export { openEmbedded };

/** Holder keys are made where agents act, so they are made beforehand here. */
export function keyPool(count = 64): readonly SigningKey[] {
  return Array.from({ length: count }, () => generateSigningKey());
}

/** The grant of every hop; equal ones are kept once. */
export function teamInput(limits: GrantInput["limits"] = {}): GrantInput {
  return { tools: TEAM_TOOLS, audience: [AUDIENCE], limits: { depth: 8, ...limits } };
}

/** Opens a tree. */
export function openTree(
  engine: Embedded,
  index: number,
  limits: GrantInput["limits"] = {},
  bearer = false,
): Promise<EmbeddedHop> {
  return engine.open({
    principal: { issuer: "https://idp.example.com", subject: `person-${index}` },
    agent: "spiffe://example.com/agent/planner",
    trigger: `task-${index}`,
    grant: teamInput(bearer ? { ...limits, depth: 0 } : limits),
    ...(bearer ? { bearer } : {}),
  });
}

/** A hop `below` hops under the root of a new tree. */
export async function deepHop(
  engine: Embedded,
  index: number,
  below: number,
  limits: GrantInput["limits"] = {},
): Promise<EmbeddedHop> {
  let hop = await openTree(engine, index, limits);
  for (let depth = 1; depth <= below; depth++) {
    const { depth: _, ...kept } = teamInput(limits).limits ?? {};
    hop = await hop.delegate({
      agent: `spiffe://example.com/agent/${depth}`,
      grant: { ...teamInput(), limits: kept },
    });
  }
  return hop;
}

/** Delegates below one hop, as a holder that has a session with the coordinator. */
export interface Delegator {
  /** A request to delegate to the `index`th key, with its MAC. Good once, and among the next thousand. */
  ask(index: number): Asking;
  /** What the coordinator does with it. */
  delegate(asking: Asking): Promise<void>;
}

/** A request as it arrives. */
export type Asking = readonly [presented: Presented, request: object];

/** Opens the session by a first delegation with a signed proof. */
export async function delegatorOf(
  engine: Embedded,
  hop: EmbeddedHop,
  keys: readonly SigningKey[],
  toolsFor: (index: number) => GrantInput["tools"] = () => TEAM_TOOLS,
): Promise<Delegator> {
  const { key, tokens, chain } = hop.holder;
  const { coordinator, issuer } = engine;
  const { depth: _, ...limits } = teamInput().limits ?? {};
  const grant: GrantInput = { ...teamInput(), limits };
  const requestFor = (index: number): object => ({
    agent: `spiffe://example.com/agent/${index % 100}`,
    holderKey: at(keys, index).jwk,
    grant: { ...grant, tools: toolsFor(index) },
  });
  const offer = offerSession();
  const first = requestFor(0);
  const proof = makeAatProof({
    key,
    tokenId: chain.tokenId,
    tool: "legate.delegate",
    arguments: first,
    audience: issuer,
    accessToken: tokens.at(-1) ?? "",
    nowMs: Date.now(),
    random: systemRandom,
    epk: offer.epk,
  });
  const { session } = await coordinator.delegate(
    { tokens, possession: { kind: "aat", proof } },
    first,
  );
  if (session === undefined) throw new Error("no session");
  const client = offer.accept(session, { holder: chain.holder, audience: issuer });
  return {
    ask(index) {
      const request = requestFor(index);
      const possession = client.prove({
        leafDigest: chain.digest,
        tool: "legate.delegate",
        argumentsDigest: canonicalDigest(request),
      });
      return [{ tokens, possession }, request];
    },
    async delegate([presented, request]) {
      const made = await coordinator.delegate(presented, request);
      if (made.status !== "active") throw new Error("hop is pending");
    },
  };
}

/** Delegations until one costs what it will cost from then on. */
const WARM_UP = 12_000;

/** Delegations one after the other or `batch` at once, by these holders in turn. */
export function delegating(name: string, delegators: readonly Delegator[], batch: number): Subject {
  let made = 0;
  let asked: [Delegator, Asking][] = [];
  return {
    name,
    batch,
    warmUp: WARM_UP,
    before: (calls) => {
      asked = Array.from({ length: calls * batch }, () => {
        const delegator = at(delegators, made);
        return [delegator, delegator.ask(made++)];
      });
    },
    run: () => {
      const next = asked.splice(-batch);
      return Promise.all(next.map(([delegator, asking]) => delegator.delegate(asking)));
    },
  };
}

/** Makes calls of one hop, as a holder that has a session with a guard. */
export interface Caller {
  readonly hop: EmbeddedHop;
  /** A call with a MAC. */
  bySession(index: number): Call;
  /** A call with a signature. */
  bySignature(index: number): Call;
  /** A call without proof, for bearer anchors. */
  bare(index: number): Call;
}

/** Opens the session by a first call with a signed proof. */
export async function callerOf(guard: Guard, hop: EmbeddedHop): Promise<Caller> {
  const { chain, tokens } = hop.holder;
  const session = chain.bearer ? undefined : await sessionOf(guard, hop);
  const argumentsOf = (index: number) => ({ path: `/reports/${index % 997}/q${index % 4}.csv` });
  return {
    hop,
    bySession(index) {
      const args = argumentsOf(index);
      if (session === undefined) throw new Error("no session");
      const possession = session.prove({
        leafDigest: chain.digest,
        tool: "files.read",
        argumentsDigest: canonicalDigest(args),
      });
      return { tokens, possession, tool: "files.read", arguments: args, audience: AUDIENCE };
    },
    bySignature: (index) => hop.call("files.read", argumentsOf(index), { audience: AUDIENCE }),
    bare: (index) => ({
      tokens,
      possession: { kind: "none" },
      tool: "files.read",
      arguments: argumentsOf(index),
      audience: AUDIENCE,
    }),
  };
}

/** Decides a call and ends it at once. */
export async function decide(guard: Guard, call: Call): Promise<void> {
  const decision = await guard.authorize(call);
  if (decision.effect !== "allow") throw new Error(`refused: ${decision.code}`);
  decision.end();
}

async function sessionOf(guard: Guard, hop: EmbeddedHop): Promise<SessionClient> {
  const { key, tokens, chain } = hop.holder;
  const offer = offerSession();
  const args = { path: "/reports/first.csv" };
  const proof = makeAatProof({
    key,
    tokenId: chain.tokenId,
    tool: "files.read",
    arguments: args,
    audience: AUDIENCE,
    accessToken: tokens.at(-1) ?? "",
    nowMs: Date.now(),
    random: systemRandom,
    epk: offer.epk,
  });
  const decision = await guard.authorize({
    tokens,
    possession: { kind: "aat", proof },
    tool: "files.read",
    arguments: args,
    audience: AUDIENCE,
  });
  if (decision.effect !== "allow" || decision.session === undefined) throw new Error("no session");
  decision.end();
  return offer.accept(decision.session, { holder: chain.holder, audience: AUDIENCE });
}
