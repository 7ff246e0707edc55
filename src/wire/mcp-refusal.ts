/** Refusals in MCP: the `data` of a JSON-RPC error, as a client reads it. @module */
import { z } from "zod";
import { CODES, type Code } from "../base/codes.js";
import { APPROVERS_MAX, CHALLENGE_CHARS_MAX, NAME_CHARS_MAX } from "../base/limits.js";

const name = z.string().min(1).max(NAME_CHARS_MAX);

/** Members that are not of their form are left out: what is known of a refusal is worth more than nothing. */
const refusalDataSchema = z.object({
  code: z.string().refine((text): text is Code => Object.hasOwn(CODES, text)),
  hop: name.optional().catch(undefined),
  rule: name.optional().catch(undefined),
  required: z.string().min(1).max(CHALLENGE_CHARS_MAX).optional().catch(undefined),
  retry: z.boolean().optional().catch(undefined),
  approvals: z
    .array(z.object({ approvers: z.int().positive(), from: z.array(name).optional() }))
    .max(APPROVERS_MAX)
    .optional()
    .catch(undefined),
});
export type RefusalData = z.infer<typeof refusalDataSchema>;

/** Reads a JSON-RPC error's `code` and `data`; undefined for an error that is no refusal of a guard. Never throws. */
export function parseRefusal(error: unknown): RefusalData | undefined {
  const { code, data } = (typeof error === "object" && error !== null ? error : {}) as {
    readonly code?: unknown;
    readonly data?: unknown;
  };
  const parsed = refusalDataSchema.safeParse(data);
  return parsed.success && CODES[parsed.data.code].mcp === code ? parsed.data : undefined;
}
