/** What a parent hands on to a delegatee: its own grant at most, and what was asked of it. @module */
import { DelegationError } from "../base/error.js";
import type { VerifiedChain } from "../chain/verified-chain.js";
import { attenuate } from "../grant/attenuate.js";
import type { Grant } from "../wire/grant.js";
import { sharedToolMap } from "../wire/shared-tool-map.js";
import type { Context } from "./context.js";
import { type Delegatee, endingAt } from "./delegatee.js";
import { actingHop } from "./present.js";

/**
 * What the parent may hand on. A token can end before its hop does (the root's lease ends it); a child that asks for longer is
 * measured by the hop, whose record is looked up then and only then.
 */
export async function parentGrant(
  ctx: Context,
  chain: VerifiedChain,
  delegatee: Delegatee,
): Promise<Grant> {
  const grant = grantOf(chain);
  if (delegatee.grant.expiresAt <= grant.expiresAt || chain.offline.length > 0) return grant;
  const until = HOP_ENDS.get(chain) ?? (await hopEnd(ctx, chain));
  return endingAt(grant, Math.max(grant.expiresAt, until));
}

/** When the acting hop ends by its record, which never changes. */
async function hopEnd(ctx: Context, chain: VerifiedChain): Promise<number> {
  const record = await ctx.store.hop(chain.tenant, actingHop(chain).id, chain.tree);
  if (record === undefined) return 0;
  HOP_ENDS.set(chain, record.expiresAt);
  return record.expiresAt;
}

const HOP_ENDS = new WeakMap<VerifiedChain, number>();

/** The chain's grant, its tools being the object that a request for the very same tools gives: what is the same is not compared. */
function grantOf(chain: VerifiedChain): Grant {
  const known = GRANTS.get(chain);
  if (known !== undefined) return known;
  const { grant } = chain;
  const grantWithTools: Grant = { ...grant, tools: sharedToolMap(grant.tools) ?? grant.tools };
  GRANTS.set(chain, grantWithTools);
  return grantWithTools;
}

const GRANTS = new WeakMap<VerifiedChain, Grant>();

/** A refusal names the hop that would have handed on more than it has. */
export function handedOn(hop: string, ...narrowing: Parameters<typeof attenuate>): Grant {
  try {
    return attenuate(...narrowing);
  } catch (thrown) {
    throw thrown instanceof DelegationError ? thrown.at(hop) : thrown;
  }
}

/** A delegatee that named no expiry gets what there is; one that did is judged by it. */
export function clipped(outer: Grant, { grant, expiryStated }: Delegatee): Grant {
  if (expiryStated || grant.expiresAt <= outer.expiresAt) return grant;
  return endingAt(grant, outer.expiresAt);
}
