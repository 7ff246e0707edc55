/** Boundaries and cuts: where a tree can be cut, the act, and the log of them that guards follow. @module */
import { z } from "zod";
import { NAME_CHARS_MAX } from "../base/limits.js";

const name = z.string().min(1).max(NAME_CHARS_MAX);

/**
 * A place where authority can be cut.
 *
 * `hop`, `below`, `tree` stand for good. `agent`, `principal` and `epoch` cover what was minted so far, judged by feed
 * position. `key` and `ban` are standing: past and future.
 */
export const boundarySchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("hop"), tree: name, hop: name }),
  z.strictObject({ kind: z.literal("below"), tree: name, hop: name }),
  z.strictObject({ kind: z.literal("tree"), tree: name }),
  z.strictObject({ kind: z.literal("agent"), agent: name }),
  z.strictObject({ kind: z.literal("principal"), issuer: name, subject: name }),
  z.strictObject({ kind: z.literal("epoch") }),
  z.strictObject({ kind: z.literal("key"), thumbprint: name }),
  z.strictObject({ kind: z.literal("ban"), agent: name }),
]);
/** A place where a tree, or much more, can be cut. */
export type Boundary = z.infer<typeof boundarySchema>;

/** Position in a partition's log of cuts: a counter that only grows. The embedded store has one partition. */
export type Position = number;

/**
 * One entry of the log of cuts. Both sets, cuts and lifts, only grow.
 *
 * `until` is when no token that the entry could cover is alive any more (epoch ms, tolerance included); absent: standing.
 */
export const cutEntrySchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("cut"),
    id: name,
    tenant: name,
    position: z.int().positive(),
    boundary: boundarySchema,
    at: z.int(),
    until: z.int().optional(),
  }),
  z.strictObject({
    kind: z.literal("suspend"),
    /** Names this suspension; `lift` names it again. */
    id: name,
    tenant: name,
    position: z.int().positive(),
    tree: name,
    hop: name,
    at: z.int(),
    until: z.int().optional(),
  }),
  z.strictObject({
    kind: z.literal("lift"),
    /** The suspension that is lifted. */
    id: name,
    tenant: name,
    position: z.int().positive(),
    tree: name,
    hop: name,
    at: z.int(),
    until: z.int().optional(),
  }),
]);
export type CutEntry = z.infer<typeof cutEntrySchema>;

/** Boundaries that name who acts or who asked: trees can be looked up by them. */
export type NamedBoundary = Extract<Boundary, { kind: "agent" | "principal" }>;
