/** Grants: what may be done, as a person writes it, as tokens carry it, and as the engine reads it. @module */
import { z } from "zod";
import { DelegationError } from "../base/error.js";
import type { Json, JsonObject } from "../base/json-value.js";
import {
  AUDIENCES_MAX,
  LIFETIME_MS_DEFAULT,
  LIFETIME_MS_MAX,
  NAME_CHARS_MAX,
  TOOLS_MAX,
} from "../base/limits.js";
import { type Ceiling, ceilingsSchema } from "./ceiling.js";
import type { Constraint } from "./constraint.js";
import {
  constraintMapSchema,
  type Limits,
  limitsSchema,
  nameSchema,
  withoutPrototype,
} from "./grant-limits.js";
import { isPlainAuthority } from "./plain-authority.js";
import { plainGrantRest } from "./plain-request.js";
import { scopesSchema } from "./scope.js";
import { parseShape } from "./shape.js";
import { isSharedToolMap, sharedToolMap } from "./shared-tool-map.js";
import { copyPlainToolMap, isPlainToolMap } from "./tool-map-form.js";

/** Type of the AAT draft's authorization detail. */
export const AAT_DETAIL_TYPE = "attenuating_agent_token";
/** Type of the agent-delegation draft's authorization detail. */
const AGENT_DELEGATION_DETAIL_TYPE = "agent_delegation";

/** Tool to argument to constraint; an empty inner map leaves arguments free. Without prototype, on both levels. */
export type ToolMap = Readonly<Record<string, Readonly<Record<string, Constraint>>>>;

/** What may be done, without times: many hops can share one. */
export interface Authority {
  readonly tools: ToolMap;
  readonly scopes: readonly string[];
  readonly ceilings: readonly Ceiling[];
  /** Resources where the grant holds. Empty: not stated; a child then has its parent's, and a root is not bound to any. */
  readonly audience: readonly string[];
  readonly limits: Limits;
}

/** An authority until a point in time. */
export interface Grant extends Authority {
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

const toolsSchema = z
  .record(nameSchema, constraintMapSchema)
  .refine((tools) => Object.keys(tools).length <= TOOLS_MAX)
  .transform(withoutPrototype);
const audienceSchema = z
  .array(z.string().min(1).max(NAME_CHARS_MAX))
  .max(AUDIENCES_MAX)
  .refine((names) => new Set(names).size === names.length);

const withoutTools = z.strictObject({
  scopes: scopesSchema.optional(),
  ceilings: ceilingsSchema.optional(),
  audience: audienceSchema.optional(),
  limits: limitsSchema.optional(),
  /** Whole seconds since the epoch. */
  expiresAt: z.int().positive().optional(),
});
const grantInputSchema = z
  .strictObject({ tools: toolsSchema.optional(), ...withoutTools.shape })
  .refine(({ tools, scopes }) => tools !== undefined || scopes !== undefined);

/** A grant as a person writes it: `tools` or `scopes`, the rest optional; `expiresAt` in whole seconds. */
export type GrantInput = z.input<typeof grantInputSchema>;

/** What a grant gets when it does not say. */
export interface GrantDefaults {
  readonly lifetimeMs?: number;
  /** `limits.depth`, for a root. A child's is counted from its parent's. */
  readonly depth?: number | undefined;
}

/**
 * Parses a grant that somebody asks for.
 *
 * @param at.now Epoch milliseconds.
 * @throws {DelegationError} `invalid_grant_shape` or `unknown_constraint`, with the dotted place as rule: unknown
 *   members, limits on tools that the grant does not hold, a ceiling per action on what is counted over calls
 *   (`max` on `max_calls…`); `lifetime_invalid` for an expiry that is past or beyond `LIFETIME_MS_MAX`.
 */
export function parseGrant(
  input: unknown,
  at: { readonly now: number; readonly defaults?: GrantDefaults },
): Grant {
  const parsed = readGrantInput(input);
  const limits = (parsed.limits ?? {}) as Limits;
  const depth = limits.depth ?? at.defaults?.depth;
  const expiresAt =
    parsed.expiresAt === undefined
      ? at.now + (at.defaults?.lifetimeMs ?? LIFETIME_MS_DEFAULT)
      : parsed.expiresAt * 1_000;
  if (expiresAt <= at.now || expiresAt > at.now + LIFETIME_MS_MAX) {
    throw new DelegationError("lifetime_invalid", "grant ends in the past or too far ahead", {
      rule: "expiresAt",
    });
  }
  const tools = parsed.tools ?? withoutPrototype({});
  checkTools(tools, limits);
  checkCeilings(parsed.ceilings ?? []);
  return {
    audience: parsed.audience ?? [],
    ceilings: parsed.ceilings ?? [],
    expiresAt,
    limits: depth === undefined ? limits : { ...limits, depth },
    scopes: parsed.scopes ?? [],
    tools,
  };
}

/** The schema's work, but for tools of the plain form: these are most of it. */
function readGrantInput(input: unknown): z.output<typeof grantInputSchema> {
  const stated = typeof input === "object" && input !== null ? input : {};
  const { tools } = stated as { readonly tools?: unknown };
  const plain = sharedToolMap(tools) ?? copyPlainToolMap(tools);
  if (plain === undefined) return parseShape(grantInputSchema, input, "invalid_grant_shape");
  const quick = plainGrantRest(stated);
  if (quick !== undefined) {
    return {
      tools: plain,
      audience: quick.audience,
      limits: quick.limits,
      expiresAt: quick.expiresAt,
    };
  }
  const { tools: _, ...rest } = stated as { readonly tools?: unknown };
  return { ...parseShape(withoutTools, rest, "invalid_grant_shape"), tools: plain };
}

const authoritySchema = z.strictObject({
  tools: toolsSchema,
  scopes: scopesSchema,
  ceilings: ceilingsSchema,
  audience: audienceSchema,
  limits: limitsSchema,
});

/**
 * Reads an authority back from the JSON of itself, as the store keeps it.
 *
 * @throws {DelegationError} `invalid_grant_shape`, `unknown_constraint`
 */
export function parseAuthority(json: unknown): Authority {
  if (isPlainAuthority(json)) return json as Authority;
  return parseShape(authoritySchema, json, "invalid_grant_shape") as Authority;
}

const aatDetailSchema = z.strictObject({ type: z.literal(AAT_DETAIL_TYPE), tools: toolsSchema });

/**
 * Reads one `attenuating_agent_token` detail (draft-niyikiza-oauth-attenuating-agent-tokens-01). Closed.
 *
 * What is plainly right is handed back as it is, the same object: `detail` must not change afterwards.
 *
 * @throws {DelegationError} `malformed`, `unknown_constraint`
 */
export function parseAatDetail(detail: JsonObject): ToolMap {
  const { type, tools } = detail;
  const closed = type === AAT_DETAIL_TYPE && Object.keys(detail).length === 2;
  if (closed && (isSharedToolMap(tools) || isPlainToolMap(tools))) return tools;
  return parseShape(aatDetailSchema, detail, "malformed", [AAT_DETAIL_TYPE]).tools;
}

/** The detail that {@link parseAatDetail} reads back. */
export function toAatDetail({ tools }: Pick<Authority, "tools">): JsonObject {
  return { tools: tools as unknown as JsonObject, type: AAT_DETAIL_TYPE };
}

const agentDelegationDetailSchema = z.strictObject({
  type: z.literal(AGENT_DELEGATION_DETAIL_TYPE),
  scopes: scopesSchema,
  constraints: ceilingsSchema.optional(),
});

/**
 * Reads one `agent_delegation` detail (draft-asor-wimse-agent-delegation-chain). Closed.
 *
 * @throws {DelegationError} `malformed`
 */
export function parseAgentDelegationDetail(detail: Json): Pick<Authority, "scopes" | "ceilings"> {
  const { scopes, constraints = [] } = parseShape(
    agentDelegationDetailSchema,
    detail,
    "malformed",
    [AGENT_DELEGATION_DETAIL_TYPE],
  );
  return { scopes, ceilings: constraints };
}

/** The detail that {@link parseAgentDelegationDetail} reads back. */
export function toAgentDelegationDetail({
  scopes,
  ceilings,
}: Pick<Authority, "scopes" | "ceilings">): JsonObject {
  const constraints = ceilings.length === 0 ? {} : { constraints: ceilings as unknown as Json };
  return { type: AGENT_DELEGATION_DETAIL_TYPE, scopes: [...scopes], ...constraints };
}

/** A limit on a tool that the grant does not hold is a slip of the pen that would leave the tool meant without it. */
function checkTools(tools: ToolMap, limits: Limits): void {
  const named: readonly (readonly [string, readonly string[]])[] = [
    ["delegateOnly", limits.delegateOnly ?? []],
    ["useOnly", limits.useOnly ?? []],
    ["approval", Object.keys(limits.approval ?? {})],
  ];
  for (const [member, names] of named) {
    if (names.every((name) => Object.hasOwn(tools, name))) continue;
    throw new DelegationError("invalid_grant_shape", "a limit names a tool that is not granted", {
      rule: `limits.${member}`,
    });
  }
}

function checkCeilings(ceilings: readonly Ceiling[]): void {
  if (!ceilings.some((ceiling) => "max" in ceiling && ceiling.key.startsWith("max_calls"))) return;
  throw new DelegationError("invalid_grant_shape", "calls are counted, not bounded per action", {
    rule: "ceilings",
  });
}

export type { Ceiling } from "./ceiling.js";
export type { Constraint } from "./constraint.js";
export type { Gate, Limits } from "./grant-limits.js";
export {
  hasLimits,
  LIMITS_DETAIL_TYPE,
  parseLimitsDetail,
  toLimitsDetail,
} from "./grant-limits.js";
