/** Chains of the agent-delegation draft, right in everything but what a case changes. @module */
import {
  type Change,
  canonical,
  compact,
  digest,
  ed25519,
  hs256,
  type Members,
  parentHash,
  type Signer,
  stated,
} from "./maker.js";

export const ROOT = ed25519("edges: root");
export const HOLDERS = ["a", "b", "c", "d"].map((name) => ed25519(`edges: holder ${name}`));
export const SHARED = hs256("edges: a secret that everybody may know", "shared");
export const CRM = "https://crm.example.com";
const PLACE = `${CRM}/tools/read`;
const SCOPES = [["crm.*", "User.Read"], ["crm.*", "User.Read"], ["crm.read"]];

/** How a chain differs from the base: three tokens, signed under a shared secret by one issuer. */
export interface ChainPlan {
  readonly tokens?: number;
  readonly changes?: Readonly<Record<number, Change>>;
  /** Applied to every token before its own change. */
  readonly each?: (claims: Members, at: number) => Members;
  readonly by?: "issuer" | "delegator";
  readonly confirm?: "jwk" | "jkt";
  readonly root?: Signer;
  readonly holders?: readonly Signer[];
  readonly present?: (tokens: readonly string[]) => readonly unknown[];
  readonly trust?: Members;
  readonly now?: number;
  readonly audience?: string | undefined;
  readonly dpop?: DpopPlan;
}

/** How a DPoP proof differs from the leaf holder's right one. */
export interface DpopPlan {
  readonly claims?: (claims: Members, tokens: readonly string[]) => Members;
  readonly header?: Members;
  readonly signer?: Signer;
  readonly htu?: string;
}

export function holder(at: number, holders: readonly Signer[] = HOLDERS): Signer {
  return holders[at % holders.length] ?? ROOT;
}

/** A case without name and outcome. */
export function chainCase(plan: ChainPlan): Members {
  const tokens: string[] = [];
  for (let at = 0; at < (plan.tokens ?? 3); at += 1) tokens.push(tokenAt(at, tokens, plan));
  const { now = 0, by = "issuer" } = plan;
  const algs = by === "issuer" ? ["HS256"] : ["EdDSA", "Ed25519", "ES256"];
  return stated({
    now,
    tokens: plan.present?.(tokens) ?? tokens,
    trust: plan.trust ?? { keys: [rootOf(plan).jwk], algs, childSigner: by },
    audience: "audience" in plan ? plan.audience : CRM,
    dpop: plan.dpop && proofFor(tokens, plan.dpop, plan),
  });
}

function rootOf({ root, by }: ChainPlan): Signer {
  return root ?? (by === "delegator" ? ROOT : SHARED);
}

function tokenAt(at: number, before: readonly string[], plan: ChainPlan): string {
  const change = plan.changes?.[at] ?? {};
  const { by = "issuer", confirm = by === "issuer" ? "jkt" : "jwk", holders } = plan;
  const own = holder(at, holders);
  const delegator = holder(at - 1, holders);
  const parent = before.at(-1);
  const base: Members = {
    aud: CRM,
    authorization_details: [
      {
        type: "agent_delegation",
        scopes: SCOPES[at] ?? ["crm.read"],
        constraints: [{ key: "rows", max: 100 - at }],
      },
    ],
    client_id: `agent-${at}`,
    cnf: confirm === "jkt" ? { jkt: own.jkt } : { jwk: own.jwk },
    del_depth: at,
    del_max_depth: at === 0 ? 4 : undefined,
    exp: 300,
    iat: 0,
    iss: "https://as.example.com",
    jti: `t${at}`,
    par_hash: parent && parentHash(parent),
    sub: "acct:alice@example.com",
  };
  const claims = plan.each?.(base, at) ?? base;
  const signer = change.signer ?? (at === 0 || by === "issuer" ? rootOf(plan) : delegator);
  const shown = at > 0 && by === "delegator" && confirm === "jkt" ? delegator.jwk : undefined;
  const header = { alg: signer.alg, jwk: shown, kid: signer.kid, typ: "at+jwt" };
  return compact(header, canonical(change.claims?.(claims) ?? claims), signer, change);
}

function proofFor(tokens: readonly string[], dpop: DpopPlan, plan: ChainPlan): Members {
  const leaf = tokens.at(-1) ?? "";
  const signer = dpop.signer ?? holder(tokens.length - 1, plan.holders);
  const claims = { jti: "p", htm: "POST", htu: PLACE, iat: plan.now ?? 0, ath: digest(leaf) };
  const payload = canonical(dpop.claims?.(claims, tokens) ?? claims);
  const header = stated({ alg: signer.alg, jwk: signer.jwk, typ: "dpop+jwt", ...dpop.header });
  const signature = header.alg === "none" ? () => "" : undefined;
  const proof = compact(header, payload, signer, signature && { signature });
  return { proof, htm: "POST", htu: dpop.htu ?? PLACE };
}

/** The detail of a token, for a change of claims. */
export function detail(change: Members): (claims: Members) => Members {
  return (claims) => {
    const [first] = claims.authorization_details as Members[];
    return { ...claims, authorization_details: [stated({ ...first, ...change })] };
  };
}

/** Claims with other values; undefined ones go. */
export function put(change: Members): (claims: Members) => Members {
  return (claims) => ({ ...claims, ...change });
}

/** The text with one part of it replaced; the part has to be there. */
export function swap(part: string, by: string): (text: string) => string {
  return (text) => {
    if (!text.includes(part)) throw new Error(`no such text: ${part}`);
    return text.replace(part, by);
  };
}

/** Two tokens, of which each states one set of constraints. */
export function constrained(parent: unknown, child: unknown): ChainPlan {
  const one = (constraints: unknown): Change => ({ claims: detail({ constraints }) });
  return { tokens: 2, changes: { 0: one(parent), 1: one(child) } };
}

/** Two tokens, of which each states one set of scopes and nothing else. */
export function scoped(parent: unknown, child: unknown): ChainPlan {
  const one = (scopes: unknown): Change => ({ claims: detail({ constraints: undefined, scopes }) });
  return { tokens: 2, changes: { 0: one(parent), 1: one(child) } };
}

/** An HMAC under the bytes of somebody's public key. */
export function confused({ jwk }: Signer): Signer {
  const { kid: _, ...signer } = hs256(Buffer.from(String(jwk.x), "base64url"), "");
  return signer;
}
