/**
 * What a delegation nearly always looks like, read by hand: the quick half of its schemas.
 *
 * INVARIANT: gives exactly what the schema would give, or undefined, which means nothing but: ask the schema.
 *
 * @module
 */
import { AUDIENCES_MAX, HOPS_MAX, NAME_CHARS_MAX, TOKENS_MAX } from "../base/limits.js";
import { sharedToolMap } from "./shared-tool-map.js";

/** What is asked of `delegate`, without proof of identity and without approval. */
interface PlainRequest {
  agent: string;
  holderKey: unknown;
  grant: unknown;
  idempotencyKey?: string;
  bearer?: boolean;
}

/** A request to delegate without proof of identity and without approval. */
export function plainDelegateRequest(input: unknown): PlainRequest | undefined {
  if (!isPlain(input)) return undefined;
  const { agent, holderKey, grant, idempotencyKey, bearer } = input;
  if (!isName(agent) || holderKey === undefined || grant === undefined) return undefined;
  let found = 3;
  const request: PlainRequest = { agent, holderKey, grant };
  if (idempotencyKey !== undefined) {
    if (!isName(idempotencyKey)) return undefined;
    request.idempotencyKey = idempotencyKey;
    found += 1;
  }
  if (bearer !== undefined) {
    if (typeof bearer !== "boolean") return undefined;
    request.bearer = bearer;
    found += 1;
  }
  return Object.keys(input).length === found ? request : undefined;
}

/**
 * The request with the shared object for its grant's tools, which needs no second look: what gave it was found right, and
 * nobody can change it. The request as it is where its tools are not of the plain forms, or anything around them is not.
 */
export function sharingTools(request: unknown): { request: unknown; tools?: object } {
  if (!isPlain(request) || !isPlain(request.grant)) return { request };
  const tools = sharedToolMap(request.grant.tools);
  return tools === undefined
    ? { request }
    : { request: { ...request, grant: { ...request.grant, tools } }, tools };
}

/** Limits that are counts. */
interface PlainLimits {
  calls?: number;
  children?: number;
  depth?: number;
  descendants?: number;
}

/** What a grant says besides its tools. */
export interface PlainRest {
  audience?: string[];
  limits?: PlainLimits;
  expiresAt?: number;
}

/** Audience, counts and expiry, whatever the tools; scopes, ceilings, budgets and rights are the schema's. */
export function plainGrantRest(input: unknown): PlainRest | undefined {
  if (!isPlain(input)) return undefined;
  const { audience, limits, expiresAt } = input;
  let found = Object.hasOwn(input, "tools") ? 1 : 0;
  const rest: PlainRest = {};
  if (audience !== undefined) {
    if (!isAudience(audience)) return undefined;
    rest.audience = [...audience];
    found += 1;
  }
  if (limits !== undefined) {
    const counts = plainLimits(limits);
    if (counts === undefined) return undefined;
    rest.limits = counts;
    found += 1;
  }
  if (expiresAt !== undefined) {
    if (!isCount(expiresAt) || expiresAt === 0) return undefined;
    rest.expiresAt = expiresAt;
    found += 1;
  }
  return Object.keys(input).length === found ? rest : undefined;
}

/** Tokens of a chain. */
export function plainChain(input: unknown): string[] | undefined {
  if (!isList(input, TOKENS_MAX) || input.length === 0) return undefined;
  for (const token of input) if (typeof token !== "string") return undefined;
  return [...(input as string[])];
}

function plainLimits(input: unknown): PlainLimits | undefined {
  if (!isPlain(input)) return undefined;
  const limits: PlainLimits = {};
  for (const name of Object.keys(input)) {
    const value = input[name];
    if (!isCount(value)) return undefined;
    if (name === "calls" || name === "children" || name === "descendants") limits[name] = value;
    else if (name === "depth" && value <= HOPS_MAX) limits.depth = value;
    else return undefined;
  }
  return limits;
}

function isAudience(value: unknown): value is string[] {
  if (!isList(value, AUDIENCES_MAX)) return false;
  for (let i = 0; i < value.length; i++) {
    if (!isName(value[i]) || value.indexOf(value[i]) !== i) return false;
  }
  return true;
}

/** An object with nothing behind it, so that reading a member reads its own. */
function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function isList(value: unknown, max: number): value is unknown[] {
  return Array.isArray(value) && value.length <= max;
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= NAME_CHARS_MAX;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
