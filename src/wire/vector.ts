/** The format of conformance vectors: one file, one profile, many cases. Loose: what a case does not need is not looked at. @module */
import { z } from "zod";

const text = z.string();
const keys = z.array(z.record(text, z.unknown()));

/** Times are whole seconds; `tokens` are judged as they are, so anything may stand there. */
export const chainVectorSchema = z.looseObject({
  name: text,
  now: z.number(),
  tokens: z.array(z.unknown()),
  trust: z.looseObject({
    keys,
    algs: z.unknown(),
    childSigner: z.enum(["delegator", "issuer"]).optional(),
  }),
  audience: text.optional(),
  request: z.looseObject({ tool: z.unknown(), arguments: z.unknown() }).optional(),
  pop: text.optional(),
  dpop: z.looseObject({ proof: text, htm: text, htu: text }).optional(),
  expect: text,
});
export type ChainVector = z.infer<typeof chainVectorSchema>;

export const dpopVectorSchema = z.looseObject({
  name: text,
  jkt: text,
  access_token: text,
  ath: text,
  proof_token_endpoint: text,
  proof_resource: text,
});
export type DpopVector = z.infer<typeof dpopVectorSchema>;

export const statusListVectorSchema = z.looseObject({
  name: text,
  bits: z.union([z.literal(1), z.literal(2), z.literal(4), z.literal(8)]),
  lst: text,
  values: z.array(z.number()).optional(),
  entries: z.number().optional(),
  /** Index to value, or pairs of them. */
  nonzero: z
    .union([z.record(text, z.number()), z.array(z.tuple([z.number(), z.number()]))])
    .optional(),
  expect: text,
});
export type StatusListVector = z.infer<typeof statusListVectorSchema>;

const note = text.optional();
export const vectorFileSchema = z.discriminatedUnion("profile", [
  z.object({
    profile: z.enum(["agent-delegation", "attenuating-agent-token", "legate"]),
    note,
    vectors: z.array(chainVectorSchema),
  }),
  z.object({ profile: z.literal("dpop"), note, vectors: z.array(dpopVectorSchema) }),
  z.object({ profile: z.literal("status-list"), note, vectors: z.array(statusListVectorSchema) }),
]);
