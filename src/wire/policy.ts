/** Static policy rules as operators write them in JSON: closed objects, so that a misspelt condition refuses to load. @module */
import { z } from "zod";
import { APPROVERS_MAX, HOPS_MAX, NAME_CHARS_MAX, POLICY_RULES_MAX } from "../base/limits.js";
import { constraintMapSchema } from "./grant-limits.js";
import { parseShape } from "./shape.js";

const name = z.string().min(1).max(NAME_CHARS_MAX);
/** A name, or a prefix followed by `*`. */
const pattern = name.regex(/^[^*]*\*?$/);
const patterns = z.array(pattern).min(1).max(256);

/** All members that are there must hold. A rule without conditions applies to every call. */
const whenSchema = z.strictObject({
  tenants: patterns.optional(),
  tools: patterns.optional(),
  audiences: patterns.optional(),
  /** The acting agent. */
  agents: patterns.optional(),
  /** Any agent of the chain, the acting one included. */
  anyAgent: patterns.optional(),
  principals: z
    .array(z.strictObject({ issuer: pattern, subject: pattern }))
    .min(1)
    .optional(),
  /** `proven`: every agent of the chain is; `asserted`: at least one is. */
  identity: z.enum(["proven", "asserted"]).optional(),
  /** Hops in the chain, the root included. */
  hops: z
    .strictObject({
      min: z.int().min(1).max(HOPS_MAX).optional(),
      max: z.int().min(1).max(HOPS_MAX).optional(),
    })
    .optional(),
  /** Constraints on arguments. */
  arguments: constraintMapSchema.optional(),
  /** Constraints on facts that the guard knows. A fact that is missing makes the whole decision fail. */
  context: constraintMapSchema.optional(),
});

const approval = z
  .strictObject({
    approvers: z.int().min(1).max(APPROVERS_MAX),
    from: z.array(name).min(1).max(256).optional(),
  })
  .refine(({ approvers, from }) => from === undefined || new Set(from).size >= approvers);

const ruleSchema = z
  .strictObject({
    id: name,
    effect: z.enum(["allow", "deny", "require_approval"]),
    when: whenSchema.default({}),
    /** Who has to agree; only with `require_approval`. One person unless told. */
    approval: approval.optional(),
  })
  .refine((rule) => rule.effect === "require_approval" || rule.approval === undefined);

const policySchema = z
  .strictObject({
    /** Names this set of rules; approvals are bound to it. */
    version: name,
    /** What holds where no rule allows or denies. */
    default: z.enum(["allow", "deny"]).default("deny"),
    rules: z.array(ruleSchema).max(POLICY_RULES_MAX),
  })
  .refine(({ rules }) => new Set(rules.map(({ id }) => id)).size === rules.length);

/** A set of static rules; order does not matter. */
export type StaticPolicy = z.infer<typeof policySchema>;
export type StaticRule = StaticPolicy["rules"][number];

/** @throws {DelegationError} `config_invalid` with the dotted place as rule; `unknown_constraint` */
export function parsePolicy(input: unknown): StaticPolicy {
  return parseShape(policySchema, input, "config_invalid");
}
