/**
 * How a delegation travels in MCP: what a request's `_meta` carries, and what each method is called in a grant.
 *
 * @module
 */
import { z } from "zod";
import { DelegationError } from "../base/error.js";
import { NAME_CHARS_MAX, TOKENS_MAX } from "../base/limits.js";

/** Member of a request's `params._meta` that carries chain, proof and tickets. */
export const PRESENT_META = "dev.legate/delegation";
/** Member of a result's `_meta`, or of an error's `data`, that answers an offered session key. */
export const SESSION_META = "dev.legate/session";

/** What begins the name that a grant gives to a method other than `tools/call`; no tool may be called by such a name. */
export const METHOD_PREFIX = "mcp:";

const name = z.string().min(1).max(NAME_CHARS_MAX);

/** The member {@link PRESENT_META}. The chain is in it or in the request's `Authorization` header; in both, it is the same one. */
export const presentMetaSchema = z.strictObject({
  /** Compact tokens, root first; the last one alone when the server has seen the chain before. */
  tokens: z.array(z.string().min(1)).min(1).max(TOKENS_MAX).optional(),
  /** An AAT proof of possession, good once. */
  proof: z.string().min(1).optional(),
  /** Instead of it, a MAC under a key that was agreed with an earlier proof. */
  session: z
    .strictObject({ id: name, sequence: z.int().positive(), mac: z.string().min(1) })
    .optional(),
  /** Tickets of granted approvals, in the order in which they were asked for. */
  tickets: z.array(z.string().min(1)).max(TOKENS_MAX).optional(),
});
export type PresentMeta = z.infer<typeof presentMetaSchema>;

/** The member {@link SESSION_META}: the verifier's half of the key agreement; `expiresAt` in epoch ms by its clock. */
export const sessionMetaSchema = z.strictObject({
  id: name,
  serverKey: z.string().length(43),
  expiresAt: z.int().positive(),
});
export type SessionMeta = z.infer<typeof sessionMetaSchema>;

/**
 * Reads the member {@link PRESENT_META}.
 *
 * @throws {DelegationError} `invalid_request` for what has another shape, or both kinds of proof
 */
export function parsePresentMeta(input: unknown): PresentMeta {
  const sent = asSent(input);
  if (sent !== undefined) return sent;
  const parsed = presentMetaSchema.safeParse(input);
  if (parsed.success && (parsed.data.proof === undefined || parsed.data.session === undefined)) {
    return parsed.data;
  }
  throw new DelegationError("invalid_request", "delegation in _meta is not of the required shape", {
    rule: PRESENT_META,
  });
}

/**
 * Reads the form that carriers send, at a fraction of what the schema takes: every call pays for it. Undefined for all else, the
 * schema's exceptions included; it says yes to nothing that the schema refuses.
 */
function asSent(input: unknown): PresentMeta | undefined {
  if (!isRecord(input)) return undefined;
  const { tokens, proof, session } = input;
  const others = (proof === undefined ? 0 : 1) + (session === undefined ? 0 : 1);
  if (others > 1 || Object.keys(input).length !== 1 + others) return undefined;
  if (!Array.isArray(tokens) || tokens.length === 0 || tokens.length > TOKENS_MAX) return undefined;
  for (const token of tokens) if (!isText(token)) return undefined;
  const meta = { tokens: tokens.slice() as string[] };
  if (others === 0) return meta;
  if (isText(proof)) return { ...meta, proof };
  if (!isRecord(session) || Object.keys(session).length !== 3) return undefined;
  const { id, sequence, mac } = session;
  if (!isText(id) || id.length > NAME_CHARS_MAX || !isText(mac)) return undefined;
  if (!Number.isSafeInteger(sequence) || Number(sequence) < 1) return undefined;
  return { ...meta, session: { id, sequence: Number(sequence), mac } };
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

/** A request of MCP in the words of a grant: proof of possession and constraints speak of these. */
export interface McpAct {
  readonly tool: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/**
 * Names a request as grants do.
 *
 * `tools/call` is the tool itself with its arguments; every other method is `mcp:` and its name, with its parameters (without `_meta`) as
 * arguments, so that a grant can allow `mcp:resources/read` with a constraint on `uri`. `resources/subscribe` and
 * `resources/unsubscribe` are named apart from reading.
 *
 * @throws {DelegationError} `invalid_request` for a tool call without a name, or by a name that stands for a method
 */
export function actOf(method: string, params: unknown): McpAct {
  const sent = isRecord(params) ? params : {};
  if (method !== "tools/call") {
    const { _meta, ...rest } = sent;
    void _meta;
    return { tool: `${METHOD_PREFIX}${method}`, arguments: rest };
  }
  const tool = ownMember(sent, "name");
  const told = ownMember(sent, "arguments");
  const given = told === undefined ? {} : told;
  if (typeof tool !== "string" || tool === "" || tool.startsWith(METHOD_PREFIX)) {
    throw new DelegationError("invalid_request", "not the name of a tool", { rule: "name" });
  }
  if (!isRecord(given)) {
    throw new DelegationError("invalid_request", "arguments of a tool are an object", {
      rule: "arguments",
    });
  }
  return { tool, arguments: given };
}

/**
 * Names an HTTP request that carries no request of MCP, and so no `_meta`: a stream that is opened, a session that is ended, an answer to
 * the server. A DPoP proof that comes with one is bound to this.
 */
export function httpActOf(method: string): McpAct {
  return { tool: `${METHOD_PREFIX}http/${method.toLowerCase()}`, arguments: {} };
}

/** The member {@link SESSION_META}, or undefined for what is none. Never throws. */
export function parseSessionMeta(input: unknown): SessionMeta | undefined {
  return sessionMetaSchema.safeParse(input).data;
}

function ownMember(holder: Readonly<Record<string, unknown>>, member: string): unknown {
  return Object.hasOwn(holder, member) ? holder[member] : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
