/** Authorization details (RFC 9396) of a token to be: what each profile writes, and its canonical text. @module */
import { canonicalize } from "../base/canonical.js";
import type { Json, JsonObject } from "../base/json-value.js";
import { isObject } from "../wire/claim-value.js";
import {
  type Authority,
  type Constraint,
  hasLimits,
  type Limits,
  type ToolMap,
  toAatDetail,
  toAgentDelegationDetail,
  toLimitsDetail,
} from "../wire/grant.js";
import { sharedTextOf } from "../wire/shared-tool-map.js";
import { cannotCarry, refuseExtensions } from "./details.js";
import type { Profile } from "./profile.js";

/** What is written into a token: details, and a `scope` where the profile has one. */
export interface Written {
  readonly details: JsonObject[];
  readonly scope: readonly string[];
}

/**
 * Writes an authority as details of the profile. Audience and times are claims of their own; `limits.depth` is
 * `del_max_depth`.
 *
 * @throws {DelegationError} `profile_cannot_carry`, with the member as rule.
 */
export function writeDetails(authority: Authority, profile: Profile): Written {
  const limits = withoutDepth(authority.limits);
  if (profile.claims === "agent-delegation") {
    if (Object.keys(authority.tools).length > 0) throw cannotCarry("tools");
    if (hasLimits(limits)) throw cannotCarry("limits");
    return { details: [toAgentDelegationDetail(authority)], scope: [] };
  }
  if (authority.ceilings.length > 0) throw cannotCarry("ceilings");
  if (profile.extensions) {
    const details = [toAatDetail({ tools: withoutPrototypes(authority.tools) })];
    if (hasLimits(limits)) details.push(toLimitsDetail(limits));
    return { details, scope: authority.scopes };
  }
  if (authority.scopes.length > 0) throw cannotCarry("scopes");
  if (hasLimits(limits)) throw cannotCarry("limits");
  refuseExtensions(authority.tools, "profile_cannot_carry");
  return { details: [toAatDetail({ tools: withoutPrototypes(authority.tools) })], scope: [] };
}

/** Most hops are limited in nothing else; then there is nothing to copy. */
function withoutDepth(limits: Limits): Limits {
  for (const member in limits) {
    if (member === "depth") continue;
    const { depth: _, ...rest } = limits;
    return rest;
  }
  return NO_LIMITS;
}

const NO_LIMITS: Limits = Object.freeze({});

/** Canonical text of authorization details, those of a map of tools with a known text not looked at again. */
export function detailsTextOf(details: Json | undefined): string {
  if (!Array.isArray(details)) return canonicalize(details);
  let text = "";
  for (const detail of details) text += `${text === "" ? "" : ","}${detailText(detail)}`;
  return `[${text}]`;
}

function detailText(detail: Json): string {
  if (!isObject(detail) || !isObject(detail.tools)) return canonicalize(detail);
  const text = sharedTextOf(detail.tools);
  if (text === undefined || Object.keys(detail).length !== 2) return canonicalize(detail);
  return `{"tools":${text},"type":${canonicalize(detail.type)}}`;
}

/** A copy as the parser makes maps, which is what readers are quick at; a caller's literal has prototypes, and can change. */
function withoutPrototypes(tools: ToolMap): ToolMap {
  if (sharedTextOf(tools) !== undefined) return tools;
  const bare: Record<string, ToolMap[string]> = Object.create(null);
  for (const [name, tool] of Object.entries(tools)) {
    bare[name] = Object.assign(Object.create(null) as Record<string, Constraint>, tool);
  }
  return bare;
}
