/** Chains, requests and proofs of the AAT draft, right in everything but what a case changes. @module */
import {
  type Change,
  canonical,
  compact,
  ed25519,
  type Members,
  parentHash,
  type Signer,
  stated,
} from "./maker.js";

export const NOW = 1_800_000_000;
export const ROOT = ed25519("edges: aat root");
export const HOLDERS = ["a", "b", "c"].map((name) => ed25519(`edges: aat holder ${name}`));
const PLACE = "https://tools.example.com";
const ID = (at: number) => `0199a3f0-0000-7000-8000-00000000000${at}`;

/** How a chain, its request and its proof differ from the base: two tokens that hand one tool on. */
export interface AatPlan {
  readonly tokens?: number;
  readonly changes?: Readonly<Record<number, Change>>;
  /** By token; the last one counts for all that follow. */
  readonly tools?: readonly unknown[];
  readonly holders?: readonly Signer[];
  readonly present?: (tokens: readonly string[]) => readonly unknown[];
  readonly call?: { readonly tool: string; readonly arguments: unknown } | undefined;
  readonly proof?: Change;
  readonly algs?: readonly string[];
  readonly audience?: string | undefined;
}

export function holder(at: number, holders: readonly Signer[] = HOLDERS): Signer {
  return holders[at % holders.length] ?? ROOT;
}

export function thumbprintUri({ jkt }: Signer): string {
  return `urn:ietf:params:oauth:jwk-thumbprint:sha-256:${jkt}`;
}

/** The one detail of the draft. */
export function granting(tools: unknown): Members[] {
  return [{ type: "attenuating_agent_token", tools }];
}

/** A case without name and outcome. */
export function aatCase(plan: AatPlan): Members {
  const tokens: string[] = [];
  const { tokens: count = 2, algs = ["EdDSA", "Ed25519", "ES256"] } = plan;
  for (let at = 0; at < count; at += 1) tokens.push(tokenAt(at, tokens, plan));
  const call = plan.call ?? { tool: "read", arguments: { path: "/a" } };
  const asked = !("call" in plan) || plan.call !== undefined;
  const audience = "audience" in plan ? plan.audience : PLACE;
  return stated({
    now: NOW,
    tokens: plan.present?.(tokens) ?? tokens,
    trust: { keys: [ROOT.jwk], algs, childSigner: "delegator" },
    audience: asked ? audience : undefined,
    request: asked ? call : undefined,
    pop: asked ? proofFor(call, count, plan) : undefined,
  });
}

function tokenAt(at: number, before: readonly string[], plan: AatPlan): string {
  const change = plan.changes?.[at] ?? {};
  const { tools = [{ read: { path: { constraint_type: "exact", value: "/a" } } }] } = plan;
  const signer = change.signer ?? (at === 0 ? ROOT : holder(at - 1, plan.holders));
  const parent = before.at(-1);
  const claims: Members = {
    authorization_details: granting(tools[Math.min(at, tools.length - 1)]),
    cnf: { jwk: holder(at, plan.holders).jwk },
    del_depth: at,
    del_max_depth: 2,
    exp: NOW + 600,
    iat: NOW - 60,
    iss: at === 0 ? "https://as.example.com" : thumbprintUri(signer),
    jti: ID(at),
    par_hash: parent && parentHash(parent),
  };
  return compact({ alg: signer.alg }, canonical(change.claims?.(claims) ?? claims), signer, change);
}

function proofFor(
  { tool, arguments: hta }: NonNullable<AatPlan["call"]>,
  count: number,
  { proof = {}, holders }: AatPlan,
): string {
  const claims = { aat_aud: PLACE, aat_id: ID(count - 1), aat_tool: tool, hta, iat: NOW, jti: "p" };
  const signer = proof.signer ?? holder(count - 1, holders);
  return compact({ alg: signer.alg }, canonical(proof.claims?.(claims) ?? claims), signer, proof);
}
