/** Judging a POST before its messages reach a transport: whose chains come with it, and whether they could allow what it asks. @module */
import { CODES } from "../base/codes.js";
import { DelegationError } from "../base/error.js";
import type { VerifiedChain } from "../chain/verified-chain.js";
import type { Examined } from "../guard/authenticate.js";
import type { Denied } from "../guard/decision.js";
import type { Guard } from "../guard/guard.js";
import { actOf, type McpAct, PRESENT_META } from "../wire/mcp.js";
import { type Credentials, credentialsOf } from "./credentials.js";
import { missingScope, needOf, type ScopesOf } from "./http-need.js";
import type { HttpRefusal } from "./http-refusal.js";
import { kindOf, metaOf } from "./message.js";
import { ruleOf } from "./methods.js";
import { deniedBy } from "./refusal.js";

/** What a POST brings, and where. */
export interface Post {
  readonly messages: readonly unknown[];
  /** The chain of the `Authorization` header, as text. */
  readonly token: string | undefined;
  /** Whether a DPoP proof came in the header. */
  readonly proved: boolean;
  readonly audience: string;
  readonly scopesOf: ScopesOf;
  /** @throws {DelegationError} `session_mismatch` */
  readonly checkSession: (chain: VerifiedChain) => void;
}

/** Let on, or not. */
export type Judged =
  | { readonly effect: "pass"; readonly chain: VerifiedChain | undefined; readonly opens: boolean }
  | { readonly effect: "refuse"; readonly refusal: HttpRefusal };

interface Seen {
  readonly chain: VerifiedChain;
  readonly denied?: Denied;
}

/**
 * Judges all messages of one POST. Consumes no proof, charges and writes nothing: calls are decided behind it.
 *
 * What a carrier mends by itself (tokens that the server has not seen, a proof of possession) is left to the guard behind, where it
 * was presented in `_meta`: the answer has to reach the carrier as an answer to its message.
 */
export async function judgePost(guard: Pick<Guard, "examine">, post: Post): Promise<Judged> {
  const acts: McpAct[] = [];
  let short: Required<Seen> | undefined;
  let last: VerifiedChain | undefined;
  let opens = false;
  for (const message of post.messages) {
    const asked = readMessage(message);
    const act = asked.method === undefined ? undefined : actOf(asked.method, asked.params);
    const granted = act !== undefined && !asked.free && ruleOf(asked.method ?? "") === "authorize";
    if (granted) acts.push(act);
    opens ||= asked.method === "initialize";
    const credentials = credentialsFor(asked, post.token);
    if (credentials === undefined) {
      if (asked.free) continue;
      return { effect: "refuse", refusal: {} };
    }
    const asks = granted ? act : undefined;
    const { tokens } = credentials;
    const examined = await guard.examine({ tokens, audience: post.audience, ...asks });
    const seen = seenBy(post, examined, asks);
    const carried = metaOf(asked.params)?.[PRESENT_META] !== undefined;
    const { denied } = seen;
    last = seen.chain ?? last;
    if (denied !== undefined) {
      const [status] = CODES[denied.code].resource;
      if (status === 403 && seen.chain !== undefined) {
        short ??= { chain: seen.chain, denied };
        continue;
      }
      if (status === 401 && denied.retry && carried) continue;
      return { effect: "refuse", refusal: { denied } };
    }
    if (!asked.free && !hasProof(seen.chain, credentials, post.proved)) {
      return { effect: "refuse", refusal: { denied: NO_PROOF } };
    }
  }
  if (short === undefined) return { effect: "pass", chain: last, opens };
  const need = needOf(short.chain, acts, post.audience, post.scopesOf);
  return { effect: "refuse", refusal: { denied: short.denied, need } };
}

interface Asked {
  /** Of a request; absent for notifications and answers. */
  readonly method: string | undefined;
  readonly params: unknown;
  /** Needs no chain here: notifications and answers are the guard's to drop behind. */
  readonly free: boolean;
}

function readMessage(message: unknown): Asked {
  const isObject = typeof message === "object" && message !== null;
  const kind = isObject ? kindOf(message) : undefined;
  const { method, params } = (isObject ? message : {}) as { method?: unknown; params?: unknown };
  if (kind === undefined) {
    throw new DelegationError("invalid_request", "not a message of JSON-RPC", { rule: "body" });
  }
  const request = kind === "request" && typeof method === "string" ? method : undefined;
  return { method: request, params, free: request === undefined || request === "ping" };
}

/** A notification and an answer present nothing in `_meta` that would be believed. */
function credentialsFor({ params }: Asked, token: string | undefined): Credentials | undefined {
  return credentialsOf(
    params,
    token === undefined ? undefined : { authInfo: { token } },
    undefined,
  );
}

function seenBy(
  { audience, scopesOf, checkSession }: Post,
  examined: Examined,
  act: McpAct | undefined,
): Partial<Seen> {
  const { chain } = examined;
  if (chain === undefined) return examined.effect === "deny" ? { denied: examined } : {};
  const refusal = refusedHere(
    chain,
    audience,
    act === undefined ? [] : scopesOf(act),
    checkSession,
  );
  if (refusal !== undefined) return { chain, denied: deniedBy(refusal) };
  return examined.effect === "deny" ? { chain, denied: examined } : { chain };
}

/** What is not the grant's: whose session it is, what the server asks for besides. */
function refusedHere(
  chain: VerifiedChain,
  audience: string,
  scopes: readonly string[],
  checkSession: Post["checkSession"],
): DelegationError | undefined {
  try {
    checkAudience(chain, audience);
    checkSession(chain);
  } catch (thrown) {
    if (thrown instanceof DelegationError) return thrown;
    throw thrown;
  }
  const missing = missingScope(chain, scopes);
  if (missing === undefined) return undefined;
  return new DelegationError("scope_not_granted", "the grant lacks a scope", {
    hop: missing.hop,
    rule: `scopes.${missing.scope}`,
  });
}

/** Also for what no grant speaks of: nobody lists tools with a token for another server. @throws {DelegationError} `audience_mismatch` */
export function checkAudience(chain: VerifiedChain, audience: string): void {
  if (chain.grant.audience.includes(audience)) return;
  throw new DelegationError("audience_mismatch", "the token is for another resource", {
    hop: chain.hops.at(-1)?.id ?? chain.tree,
    rule: "audience",
  });
}

const NO_PROOF: Denied = deniedBy(
  new DelegationError("proof_missing", "token is bound to a key, and no proof came", {
    rule: "possession",
  }),
);

function hasProof(
  chain: VerifiedChain | undefined,
  { possession }: Credentials,
  proved: boolean,
): boolean {
  return chain === undefined || chain.bearer || proved || possession.kind !== "none";
}
