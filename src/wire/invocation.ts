/** Invocations: attempts to use a tool. @module */
import { DelegationError } from "../base/error.js";
import type { Json, JsonObject } from "../base/json-value.js";
import { ARGUMENTS_BYTES_MAX, JSON_DEPTH_MAX, NAME_CHARS_MAX } from "../base/limits.js";
import { isWellFormed } from "../base/unicode.js";
import { isName } from "./grant-limits.js";

/** An attempt to use `tool` with `arguments` at `audience`. */
export interface Invocation {
  readonly tool: string;
  /** Without prototype when {@link parseInvocation} made it; read own members only in any case. */
  readonly arguments: Readonly<Record<string, Json>>;
  /** The resource that is asked, byte for byte as it names itself. */
  readonly audience: string;
}

/**
 * Reads an invocation and copies its arguments, so that what is checked is what is used, whatever the sender does with
 * its own object meanwhile. Members that are `undefined` are absent.
 *
 * @throws {DelegationError} `invalid_request` for what is no invocation: a tool name with control characters, arguments
 *   that JSON cannot say; `non_finite` for NaN and infinities; `too_large` beyond `ARGUMENTS_BYTES_MAX`.
 */
export function parseInvocation(input: {
  readonly tool: unknown;
  readonly arguments?: unknown;
  readonly audience: unknown;
}): Invocation {
  const { tool, audience } = input;
  if (typeof tool !== "string" || !isName(tool)) throw invalid("tool");
  if (typeof audience !== "string" || audience === "" || audience.length > NAME_CHARS_MAX) {
    throw invalid("audience");
  }
  const given = input.arguments ?? {};
  if (typeof given !== "object" || Array.isArray(given)) throw invalid("arguments");
  const copied = copyObject(given, JSON_DEPTH_MAX, { chars: 0 });
  return { tool, arguments: copied, audience };
}

interface Size {
  /** A lower bound of the bytes of the JSON text. */
  chars: number;
}

function copy(value: unknown, depth: number, size: Size): Json {
  grow(size, 1);
  switch (typeof value) {
    case "string":
      grow(size, value.length);
      if (!isWellFormed(value)) throw invalid("arguments");
      return value;
    case "number":
      if (!Number.isFinite(value)) {
        throw new DelegationError("non_finite", "number is not finite", { rule: "arguments" });
      }
      if (Number.isInteger(value) && !Number.isSafeInteger(value)) throw invalid("arguments");
      return value;
    case "boolean":
      return value;
    case "object":
      if (value === null) return null;
      if (Array.isArray(value)) return copyArray(value, depth, size);
      return copyObject(value, depth, size);
    default:
      throw invalid("arguments");
  }
}

function copyArray(value: readonly unknown[], depth: number, size: Size): Json[] {
  if (depth === 0) throw invalid("arguments");
  const items: Json[] = [];
  for (const item of value) items.push(copy(item, depth - 1, size));
  return items;
}

function copyObject(value: object, depth: number, size: Size): JsonObject {
  const prototype: unknown = Object.getPrototypeOf(value);
  const plain = prototype === null || prototype === Object.prototype;
  if (depth === 0 || !plain) throw invalid("arguments");
  const members = Object.create(null) as JsonObject;
  for (const name of Object.keys(value)) {
    const member = (value as Readonly<Record<string, unknown>>)[name];
    if (member === undefined) continue;
    grow(size, name.length);
    if (!isWellFormed(name)) throw invalid("arguments");
    members[name] = copy(member, depth - 1, size);
  }
  return members;
}

function grow(size: Size, chars: number): void {
  size.chars += chars;
  if (size.chars <= ARGUMENTS_BYTES_MAX) return;
  throw new DelegationError("too_large", "arguments are too large", { rule: "arguments" });
}

function invalid(rule: string): DelegationError {
  return new DelegationError("invalid_request", "not an invocation", { rule });
}
