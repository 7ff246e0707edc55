/** Authorization details (RFC 9396) of one token: what each profile reads from them. @module */
import { DelegationError } from "../base/error.js";
import type { JsonObject } from "../base/json-value.js";
import type { TokenClaims } from "../wire/claims.js";
import { isAatConstraint } from "../wire/constraint.js";
import {
  AAT_DETAIL_TYPE,
  type Authority,
  LIMITS_DETAIL_TYPE,
  type Limits,
  parseAatDetail,
  parseAgentDelegationDetail,
  parseLimitsDetail,
  type ToolMap,
} from "../wire/grant.js";
import { parseScopeClaim } from "../wire/scope.js";
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

/** Refuses constraint types that the drafts do not have. @throws {DelegationError} `code` */
export function refuseExtensions(
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
