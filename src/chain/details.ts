/** Authorization details (RFC 9396) of one token: what each profile reads from them, and what it writes. @module */
import { canonicalize, canonicalizeWith } from "../base/canonical.js";
import { DelegationError } from "../base/error.js";
import type { Json, JsonObject } from "../base/json-value.js";
import { isObject } from "../wire/claim-value.js";
import type { TokenClaims } from "../wire/claims.js";
import { isAatConstraint } from "../wire/constraint.js";
import {
  AAT_DETAIL_TYPE,
  type Authority,
  type Constraint,
  hasLimits,
  LIMITS_DETAIL_TYPE,
  type Limits,
  parseAatDetail,
  parseAgentDelegationDetail,
  parseLimitsDetail,
  type ToolMap,
  toAatDetail,
  toAgentDelegationDetail,
  toLimitsDetail,
} from "../wire/grant.js";
import { parseScopeClaim } from "../wire/scope.js";
import { sharedTextOf } from "../wire/shared-tool-map.js";
import type { Profile } from "./profile.js";

/** What a token states of its authority by itself. */
export interface Stated extends Pick<Authority, "tools" | "scopes" | "ceilings"> {
  /** Absent: the parent's. */
  readonly limits: Limits | undefined;
  /** Whether there was a detail of the profile at all. */
  readonly capable: boolean;
}

const NO_TOOLS: ToolMap = Object.freeze(Object.create(null) as Record<string, never>);

/** Details that were read before, and the tools that they give. */
export interface KnownDetails {
  readonly details: readonly JsonObject[];
  readonly tools: ToolMap;
}

/**
 * Reads what a token states.
 *
 * @param known The parent's: a child whose detail is the very object gets the very tools.
 * @throws {DelegationError} `malformed`, `unknown_constraint`
 */
export function statedBy(
  claims: Pick<TokenClaims, "details" | "scope">,
  profile: Profile,
  known?: KnownDetails,
): Stated {
  if (profile.claims === "agent-delegation") return statedByAgentDelegation(claims.details);
  const detail = only(claims.details, AAT_DETAIL_TYPE);
  const tools = detail === undefined ? NO_TOOLS : toolsOf(detail, known);
  if (!profile.extensions) {
    refuseExtensions(tools, "unknown_constraint");
    return { tools, scopes: [], ceilings: [], limits: undefined, capable: detail !== undefined };
  }
  const limits = only(claims.details, LIMITS_DETAIL_TYPE);
  return {
    tools,
    scopes: parseScopeClaim(claims.scope ?? ""),
    ceilings: [],
    limits: limits === undefined ? undefined : parseLimitsDetail(limits),
    capable: detail !== undefined,
  };
}

/** Of one type there is one detail, so that what is in both is in both what the tools were read from. */
function toolsOf(detail: JsonObject, known: KnownDetails | undefined): ToolMap {
  return known?.details.includes(detail) === true ? known.tools : parseAatDetail(detail);
}

/** What is written into a token: details, and a `scope` where the profile has one. */
export interface Written {
  readonly details: readonly JsonObject[];
  readonly scope: readonly string[];
}

/**
 * Writes an authority as details of the profile. Audience and times are claims of their own; `limits.depth` is
 * `del_max_depth`.
 *
 * @throws {DelegationError} `profile_cannot_carry`, with the member as rule.
 */
export function writeDetails(authority: Authority, profile: Profile): Written {
  const { depth: _, ...limits } = authority.limits;
  if (profile.claims === "agent-delegation") {
    if (Object.keys(authority.tools).length > 0) throw cannotCarry("tools");
    if (hasLimits(limits)) throw cannotCarry("limits");
    return { details: [toAgentDelegationDetail(authority)], scope: [] };
  }
  if (authority.ceilings.length > 0) throw cannotCarry("ceilings");
  if (profile.extensions) {
    const own = hasLimits(limits) ? [toLimitsDetail(limits)] : [];
    return {
      details: [toAatDetail({ tools: withoutPrototypes(authority.tools) }), ...own],
      scope: authority.scopes,
    };
  }
  if (authority.scopes.length > 0) throw cannotCarry("scopes");
  if (hasLimits(limits)) throw cannotCarry("limits");
  refuseExtensions(authority.tools, "profile_cannot_carry");
  return { details: [toAatDetail({ tools: withoutPrototypes(authority.tools) })], scope: [] };
}

/** Canonical text of authorization details, those of a map of tools with a known text not looked at again. */
export function detailsTextOf(details: Json | undefined): string {
  if (!Array.isArray(details)) return canonicalize(details);
  return `[${details.map(detailText).join(",")}]`;
}

function detailText(detail: Json): string {
  if (!isObject(detail) || !isObject(detail.tools)) return canonicalize(detail);
  const text = sharedTextOf(detail.tools);
  return text === undefined
    ? canonicalize(detail)
    : canonicalizeWith(detail, new Map([["tools", text]]));
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

/** @returns The refusal to mint what a verifier of the profile could not read. */
export function cannotCarry(rule: string): DelegationError {
  return new DelegationError("profile_cannot_carry", "the profile has no room for this", { rule });
}

function statedByAgentDelegation(details: readonly JsonObject[]): Stated {
  const [detail] = details;
  if (detail === undefined) throw malformed();
  const { scopes, ceilings } = parseAgentDelegationDetail(detail);
  return { tools: NO_TOOLS, scopes, ceilings, limits: undefined, capable: true };
}

/** The one entry of that type; entries of other types are others' business (RFC 9396 §2, AAT draft). */
function only(details: readonly JsonObject[], type: string): JsonObject | undefined {
  let found: JsonObject | undefined;
  for (const detail of details) {
    if (detail.type !== type) continue;
    if (found !== undefined) throw malformed();
    found = detail;
  }
  return found;
}

function refuseExtensions(
  tools: ToolMap,
  code: "unknown_constraint" | "profile_cannot_carry",
): void {
  for (const tool of Object.values(tools)) {
    for (const constraint of Object.values(tool)) {
      if (isAatConstraint(constraint)) continue;
      throw new DelegationError(code, "constraint type is not one of the draft's", {
        rule: "tools",
      });
    }
  }
}

function malformed(): DelegationError {
  return new DelegationError("malformed", "not the details that the profile asks for", {
    rule: "authorization_details",
  });
}
