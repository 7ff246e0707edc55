/**
 * Maps of tools that are asked for again and again: one frozen object for one text, so that parsing, digesting and writing
 * it is done once.
 *
 * @module
 */
import { canonicalize, nativeText } from "../base/canonical.js";
import { DelegationError } from "../base/error.js";
import type { Json } from "../base/json-value.js";
import { SHARED_TEXT_CHARS_MAX, SHARED_TOOL_MAPS_MAX } from "../base/limits.js";
import type { Constraint } from "./constraint.js";
import { isOfShape, type Shape, shapeOf } from "./shape-of-json.js";
import { copyPlainToolMap } from "./tool-map-form.js";

type Maps = Readonly<Record<string, Readonly<Record<string, Constraint>>>>;

/** By the text as it came, and by the canonical one. Only what was found right is kept. */
let known = new Map<string, Maps>();
/** By the name of the first tool, in the order in which it came. */
let likelies = new Map<string, { readonly tools: Maps; readonly shape: Shape | undefined }>();
/** Canonical texts of the maps that are shared. */
const TEXTS = new WeakMap<object, string>();

/**
 * The one map of tools for this value, deeply frozen; undefined when the schema has to look, which knows why.
 *
 * What is parsed is the text of the value, not the value: what was digested is what is granted.
 */
export function sharedToolMap(value: unknown): Maps | undefined {
  if (isSharedToolMap(value)) return value;
  const likely = likelyOne(value);
  if (likely !== undefined) return likely;
  const text = textOf(value);
  if (text === undefined) return undefined;
  const shared = known.get(text);
  if (shared !== undefined) return expecting(shared, text, value);
  // A member that no map has: whoever reads the value itself refuses it by name.
  if (text.includes('"__proto__"')) return undefined;
  const copy = copyPlainToolMap(JSON.parse(text));
  if (copy === undefined) return undefined;
  const canonical = canonicalize(copy);
  const first = known.get(canonical) ?? share(copy, canonical);
  keep(text, first);
  return expecting(first, text, value);
}

/** The last map of those that begin with the same tool, if the value is the same, member by member and in that order. */
function likelyOne(value: unknown): Maps | undefined {
  const likely = likelies.get(firstName(value));
  if (likely?.shape === undefined) return undefined;
  return isOfShape(value, likely.shape) ? likely.tools : undefined;
}

/** What comes twice in a row is expected to come again: comparing costs a tenth of what reading and writing out does. */
function expecting(tools: Maps, text: string, value: unknown): Maps {
  const name = firstName(value);
  const isAgain = likelies.get(name)?.tools === tools;
  if (likelies.size >= SHARED_TOOL_MAPS_MAX && !likelies.has(name)) likelies = new Map();
  likelies.set(name, { tools, shape: isAgain ? shapeOf(JSON.parse(text)) : undefined });
  return tools;
}

function firstName(value: unknown): string {
  for (const name in value as object) return name;
  return "";
}

/** The copy is in canonical order already, so its native text is the canonical one. */
function share(copy: Maps, canonical: string): Maps {
  TEXTS.set(copy, canonical);
  freeze(copy);
  keep(canonical, copy);
  return copy;
}

function keep(text: string, tools: Maps): void {
  if (known.size >= SHARED_TOOL_MAPS_MAX && !known.has(text)) known = new Map();
  known.set(text, tools);
}

/** Whether it is such a map: it was found right once, and nobody can have changed it since. */
export function isSharedToolMap(value: unknown): value is Json & Maps {
  return typeof value === "object" && value !== null && TEXTS.has(value);
}

/** Canonical text (RFC 8785) of a map that {@link sharedToolMap} gave; undefined for any other. */
export function sharedTextOf(tools: object): string | undefined {
  return TEXTS.get(tools);
}

function textOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  try {
    const text = nativeText(value);
    return text.length <= SHARED_TEXT_CHARS_MAX ? text : undefined;
  } catch (thrown) {
    if (thrown instanceof DelegationError) return undefined;
    throw thrown;
  }
}

function freeze(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  Object.freeze(value);
  for (const member of Object.values(value)) freeze(member);
}
