/** Whether a string is text at all: UTF-16 without lone surrogates. @module */

/**
 * Whether `text` holds no lone surrogate. What does cannot be written as UTF-8: every lone surrogate would become
 * U+FFFD, and two different strings would have one digest.
 */
export function isWellFormed(text: string): boolean {
  return (text as WellFormable).isWellFormed();
}

/** ES2024, in every Node that we support; the ES2023 types do not know it yet. */
type WellFormable = string & { isWellFormed(): boolean };
