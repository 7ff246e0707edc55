/** The notation of `pattern` constraints. @module */
import { PATTERN_CHARS_MAX } from "../base/limits.js";

/** One step of a pattern. `segment` is any run within a segment, `many` any run at all, `one` one character of a segment. */
export type GlobToken =
  | { readonly kind: "literal"; readonly char: string }
  | { readonly kind: "one" | "segment" | "many" };

/**
 * Reads a pattern: `*` any run without the separator, `**` any run, `?` one character but the separator, `\` before
 * `*`, `?` or `\` takes it literally. Characters are code points. Undefined for three stars in a row, another or a
 * dangling back-slash, or more than `PATTERN_CHARS_MAX` characters.
 */
export function parseGlob(text: string): readonly GlobToken[] | undefined {
  const chars = [...text];
  if (chars.length > PATTERN_CHARS_MAX) return undefined;
  const tokens: GlobToken[] = [];
  for (let i = 0; i < chars.length; i += 1) {
    const char = chars[i] ?? "";
    if (char === "?") tokens.push({ kind: "one" });
    else if (char === "*") {
      const double = chars[i + 1] === "*";
      if (double && chars[i + 2] === "*") return undefined;
      tokens.push({ kind: double ? "many" : "segment" });
      if (double) i += 1;
    } else if (char === "\\") {
      const next = chars[i + 1] ?? "";
      if (next === "" || !"*?\\".includes(next)) return undefined;
      tokens.push({ kind: "literal", char: next });
      i += 1;
    } else tokens.push({ kind: "literal", char });
  }
  return tokens;
}

/** Whether `text` is one code point that the notation does not use. */
export function isSeparator(text: string): boolean {
  return [...text].length === 1 && !"*?\\".includes(text);
}
