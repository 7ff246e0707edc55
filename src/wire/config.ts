/** The coordinator's configuration as operators write it: strict, and every number inside its ceiling. @module */
import { z } from "zod";
import {
  HOPS_DEFAULT,
  HOPS_MAX,
  LIFETIME_MS_DEFAULT,
  LIFETIME_MS_MAX,
  NAME_CHARS_MAX,
  TICKET_MS_DEFAULT,
} from "../base/limits.js";
import { parseShape } from "./shape.js";

const name = z.string().min(1).max(NAME_CHARS_MAX);

const coordinatorConfigSchema = z.strictObject({
  /** Who signs: the `iss` of every anchor, and the audience of proofs made for the coordinator. */
  issuer: z.url().max(NAME_CHARS_MAX),
  /** Tenant of requests that name none. */
  tenant: name.default("default"),
  /** Life of a hop when neither its grant nor its parent ends it sooner. */
  lifetimeMs: z.int().positive().max(LIFETIME_MS_MAX).default(LIFETIME_MS_DEFAULT),
  /** Longest life that a root may ask for. */
  lifetimeMsMax: z.int().positive().max(LIFETIME_MS_MAX).default(LIFETIME_MS_MAX),
  /** Hops that may follow a root that does not say. */
  depth: z
    .int()
    .min(0)
    .max(HOPS_MAX - 1)
    .default(HOPS_DEFAULT),
  /** How long a person may take to decide. */
  ticketMs: z.int().positive().max(86_400_000).default(TICKET_MS_DEFAULT),
  /** Whether a tree's own principal may approve what its agents ask for. */
  principalApproves: z.boolean().default(true),
  /** How often due leases are looked for. */
  sweepMs: z.int().min(10).max(60_000).default(100),
});

/** What the coordinator runs with; every field set. */
export type CoordinatorConfig = Readonly<z.infer<typeof coordinatorConfigSchema>>;
/** What has to be said; the rest has defaults. */
export type CoordinatorConfigInput = z.input<typeof coordinatorConfigSchema>;

/** @throws {DelegationError} `config_invalid`, naming the place */
export function parseCoordinatorConfig(input: unknown): CoordinatorConfig {
  return parseShape(coordinatorConfigSchema, input, "config_invalid");
}
