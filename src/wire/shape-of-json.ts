/** JSON that is expected to come again, told apart into lists, so that a value is compared with it quickly. @module */
import type { Json } from "../base/json-value.js";

/** A value that is no list and no object; or the members of one, in order. */
export type Shape = Members | Exclude<Json, object> | null;

class Members {
  /** Absent in a list. */
  readonly names: readonly string[] | undefined;
  readonly values: readonly Shape[];

  constructor(names: readonly string[] | undefined, values: readonly Shape[]) {
    this.names = names;
    this.values = values;
  }
}

export function shapeOf(value: Json): Shape {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return new Members(undefined, value.map(shapeOf));
  return new Members(Object.keys(value), Object.values(value).map(shapeOf));
}

/**
 * Whether native serialization of `value` would give the same text as that of the value that the shape is of: plain objects and
 * lists, the same members in the same order. Reads each member once.
 */
export function isOfShape(value: unknown, shape: Shape): boolean {
  if (!(shape instanceof Members)) return value === shape;
  if (typeof value !== "object" || value === null) return false;
  const { names, values } = shape;
  return names === undefined ? isList(value, values) : isObject(value, names, values);
}

function isList(list: object, values: readonly Shape[]): boolean {
  if (!Array.isArray(list) || list.length !== values.length) return false;
  if (Object.getPrototypeOf(list) !== Array.prototype) return false;
  for (let at = 0; at < values.length; at++) {
    if (!isOfShape(list[at], values[at] ?? null)) return false;
  }
  return true;
}

function isObject(object: object, names: readonly string[], values: readonly Shape[]): boolean {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null) return false;
  let at = 0;
  for (const name in object) {
    if (name !== names[at]) return false;
    const value: unknown = (object as Readonly<Record<string, unknown>>)[name];
    if (!isOfShape(value, values[at] ?? null)) return false;
    at += 1;
  }
  return at === names.length;
}
