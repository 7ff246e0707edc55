/** A verified chain as the SDK's `AuthInfo`: who asks, for whom, until when. @module */
import type { VerifiedChain } from "../chain/verified-chain.js";

/** What handlers and transports of the SDK are told of a request's token; the SDK's `AuthInfo`, by its structure. */
export interface AuthInfo {
  /** The chain as text, its tokens joined with `~`. Holds no secret that possession would not be asked for besides. */
  token: string;
  /** The acting agent. */
  clientId: string;
  scopes: string[];
  /** Whole seconds. */
  expiresAt: number;
  /** The audience that the chain is good for here; absent when it is no URL. */
  resource?: URL;
  extra: Record<string, unknown>;
}

/** Member of {@link AuthInfo.extra} that tells of the chain. */
export const CHAIN_EXTRA = "dev.legate/chain";

/** What {@link CHAIN_EXTRA} holds: ids and names, no tokens and no keys. */
export interface ChainExtra {
  readonly tenant: string;
  readonly principal: VerifiedChain["principal"];
  readonly tree: string;
  /** Root first; the acting hop is last. */
  readonly hops: readonly { readonly id: string; readonly agent: string }[];
}

/** @param extra More members of {@link AuthInfo.extra} */
export function authInfoOf(
  chain: VerifiedChain,
  tokens: readonly string[],
  audience: string,
  extra: Readonly<Record<string, unknown>> = {},
): AuthInfo {
  const { tenant, principal, tree, hops } = chain;
  const told: ChainExtra = {
    tenant,
    principal: { ...principal },
    tree,
    hops: hops.map(({ id, agent }) => ({ id, agent })),
  };
  const resource = urlOf(audience);
  return {
    token: tokens.join(TOKEN_SEPARATOR),
    clientId: hops.at(-1)?.agent ?? "",
    scopes: [...chain.grant.scopes],
    expiresAt: Math.floor(chain.expiresAt / 1_000),
    ...(resource === undefined ? {} : { resource }),
    extra: { [CHAIN_EXTRA]: told, ...extra },
  };
}

/** A new one each time: whoever is told may change it. */
function urlOf(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

/** The tokens of a chain as one text, as headers carry it. */
export const TOKEN_SEPARATOR = "~";
