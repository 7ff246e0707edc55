/** Keeps secrets out of what a server behind the gateway says: in answers, errors, notifications and its log. @module */
import { JSON_DEPTH_MAX } from "../base/limits.js";

/** What stands where a secret stood. */
export const REDACTED = "[secret]";

/** Takes known secrets out of texts, and out of all texts of a message. */
export interface Redactor {
  text(text: string): string;
  /** The message itself when nothing is in it; what nests too deeply is taken out whole. */
  message<T>(message: T): T;
}

/**
 * Looks for each secret as it is, and as JSON, URLs, hexadecimal and base64 (at any place in what was encoded) write it. What a server
 * hides on purpose (compressed, encrypted, one character at a time) is not found.
 */
export function createRedactor(secrets: readonly string[]): Redactor {
  const forms = new Set(secrets.flatMap(formsOf));
  if (forms.size === 0) return { text: (text) => text, message: (message) => message };
  // The longest first, so that a form that begins with another is taken out whole.
  const longestFirst = [...forms].sort((a, b) => b.length - a.length);
  const pattern = longestFirst.map(escaped).join("|");
  const anywhere = new RegExp(pattern);
  const everywhere = new RegExp(pattern, "g");
  const text = (from: string) => from.replace(everywhere, REDACTED);
  const within = (value: unknown, depth: number): unknown => {
    if (typeof value === "string") return text(value);
    if (typeof value !== "object" || value === null) return value;
    if (depth === 0) return REDACTED;
    if (Array.isArray(value)) return value.map((item) => within(item, depth - 1));
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [text(name), within(member, depth - 1)]),
    );
  };
  return {
    text,
    message<T>(message: T): T {
      if (!anywhere.test(JSON.stringify(message))) return message;
      // Texts and names become other texts and names; the rest stays what it was.
      return within(message, JSON_DEPTH_MAX) as T;
    },
  };
}

/** A line of this length says something by itself: keys in PEM are shown line by line. */
const LINE_CHARS_MIN = 16;

function formsOf(secret: string): string[] {
  const lines = secret.split(/\r?\n/).filter((line) => line.length >= LINE_CHARS_MIN);
  return [secret, ...lines].flatMap((text) => {
    const bytes = Buffer.from(text);
    const once = asJson(text);
    const twice = asJson(once);
    const hex = bytes.toString("hex");
    return [
      text,
      once,
      twice,
      asJson(twice),
      encodeURIComponent(text),
      hex,
      hex.toUpperCase(),
    ].concat(base64Forms(bytes));
  });
}

function asJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** Base64 of a text that stands in another depends on how many bytes are before it; the characters at its ends also on its neighbours. */
function base64Forms(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((before) => {
    const padded = Buffer.concat([Buffer.alloc(before), bytes]);
    const first = Math.ceil((before * 8) / 6);
    const last = Math.floor((padded.length * 8) / 6);
    const form = padded.toString("base64").slice(first, last);
    return [form, form.replaceAll("+", "-").replaceAll("/", "_")];
  });
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}
