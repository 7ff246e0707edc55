/**
 * The format of conformance vectors: one file, one profile, many cases. Loose: what a case does not need is not looked at, and
 * what is to be judged may be anything.
 *
 * @module
 */
import { z } from "zod";
import { DelegationError } from "../base/error.js";
import { parseShape } from "./shape.js";

const text = z.string();
const anything = z.unknown().optional();

/** Times are whole seconds; `tokens` are judged as they are, so anything may stand there. */
const chainVectorSchema = z.looseObject({
  name: text,
  now: z.number(),
  tokens: z.array(z.unknown()),
  trust: z.looseObject({
    keys: z.array(z.record(text, z.unknown())),
    algs: anything,
    childSigner: z.enum(["delegator", "issuer"]).optional(),
  }),
  audience: text.optional(),
  request: z.looseObject({ tool: anything, arguments: anything }).optional(),
  pop: anything,
  dpop: z.looseObject({ proof: anything, htm: text, htu: text }).optional(),
  expect: text,
});
export type ChainVector = z.infer<typeof chainVectorSchema>;

/** Proofs, and what they must give; `access_token` goes with `ath`. */
const dpopVectorSchema = z.looseObject({
  name: text,
  jkt: text,
  access_token: text,
  ath: text,
  proof_token_endpoint: text,
  proof_resource: text,
  expect: text.optional(),
});
export type DpopVector = z.infer<typeof dpopVectorSchema>;

const statusListVectorSchema = z.looseObject({
  name: text,
  bits: anything,
  lst: anything,
  values: z.array(z.number()).optional(),
  entries: z.number().optional(),
  /** Index to value, or pairs of them. */
  nonzero: z
    .union([z.record(text, z.number()), z.array(z.tuple([z.number(), z.number()]))])
    .optional(),
  expect: text.optional(),
});
export type StatusListVector = z.infer<typeof statusListVectorSchema>;

/** One case. What it lacks to be run makes it unreadable, and hides no other case. */
export interface VectorCase<T> {
  readonly name: string;
  /** `accept` where the case does not say. */
  readonly expect: string;
  readonly vector: T | undefined;
}

/** A file, by what its cases are. */
export type VectorFile =
  | { readonly kind: "chain"; readonly profile: ChainProfile; readonly cases: Cases<ChainVector> }
  | { readonly kind: "dpop"; readonly cases: Cases<DpopVector> }
  | { readonly kind: "status-list"; readonly cases: Cases<StatusListVector> };
type Cases<T> = readonly VectorCase<T>[];

const chainProfile = z.enum(["agent-delegation", "attenuating-agent-token", "legate"]);
type ChainProfile = z.infer<typeof chainProfile>;

const fileSchema = z.looseObject({
  profile: z.union([chainProfile, z.enum(["dpop", "status-list"])]),
  vectors: z.array(z.unknown()),
});
const labelSchema = z.looseObject({
  name: text.catch("(without a name)"),
  expect: text.catch("accept"),
});
const UNLABELLED = { name: "(without a name)", expect: "accept" };

/**
 * Reads a vector file. Names of members are not looked at: a case may be about them.
 *
 * @throws {DelegationError} `invalid_request` when it is none, or of a profile that is not known.
 */
export function readVectorFile(file: unknown): VectorFile {
  const parsed = fileSchema.safeParse(file);
  if (!parsed.success) {
    const rule = String(parsed.error.issues[0]?.path[0] ?? "(whole)");
    throw new DelegationError("invalid_request", `not a vector file: see ${rule}`, { rule });
  }
  const { profile, vectors } = parsed.data;
  switch (profile) {
    case "dpop":
      return { kind: profile, cases: vectors.map((vector) => readCase(dpopVectorSchema, vector)) };
    case "status-list":
      return {
        kind: profile,
        cases: vectors.map((vector) => readCase(statusListVectorSchema, vector)),
      };
    default: {
      const cases = vectors.map((vector) => readCase(chainVectorSchema, vector));
      return { kind: "chain", profile, cases };
    }
  }
}

function readCase<T>(schema: z.ZodType<T>, vector: unknown): VectorCase<T> {
  const { name, expect } = labelSchema.safeParse(vector).data ?? UNLABELLED;
  return { name, expect, vector: schema.safeParse(vector).data };
}

const encodedListSchema = z.object({
  bits: z.union([z.literal(1), z.literal(2), z.literal(4), z.literal(8)]),
  lst: text,
});

/** A case's list as a status list token holds it. @throws {DelegationError} `malformed` */
export function readEncodedList({
  bits,
  lst,
}: StatusListVector): z.infer<typeof encodedListSchema> {
  return parseShape(encodedListSchema, { bits, lst }, "malformed");
}
