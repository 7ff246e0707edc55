/** A verified parent, as a minter judges under it. @module */
import type { ToolMap } from "../wire/grant.js";
import { isSharedToolMap, sharedToolMap } from "../wire/shared-tool-map.js";
import type { ChainToken } from "./chain-token.js";

/**
 * The parent with its tools as the very object that `tools` is, where both say the same: what is the same object lies inside
 * itself, so handing on what one has compares nothing.
 */
export function parentSharing(parent: ChainToken, tools: ToolMap): ChainToken {
  if (parent.grant.tools === tools || !isSharedToolMap(tools)) return parent;
  const twin = twinOf(parent);
  return twin.grant.tools === tools ? twin : parent;
}

/** The same token in all but the identity of its tools. */
function twinOf(token: ChainToken): ChainToken {
  const known = TWINS.get(token);
  if (known !== undefined) return known;
  const tools = sharedToolMap(token.grant.tools) ?? token.grant.tools;
  const twin: ChainToken = { ...token, grant: { ...token.grant, tools } };
  TWINS.set(token, twin);
  return twin;
}

const TWINS = new WeakMap<ChainToken, ChainToken>();
