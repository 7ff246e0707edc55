/** Normalised absolute POSIX paths. @module */

/** Control characters, back-slash and `%`: what another reader may take for something else. */
// biome keeps control characters out of expressions, so the class is built from code points.
const UNSAFE = new RegExp(`[${String.fromCharCode(0)}-${String.fromCharCode(0x1f)}\\x7f\\\\%]`);
/** One pass for what nearly all paths are: printable ASCII segments, none of them `.` or `..`. */
const PLAIN = /^(?:\/(?!\.{1,2}(?:\/|$))[ -$&-.0-[\]-~]+)+$/;
const ASCII = /^[ -~]*$/;

/**
 * Whether `text` is an absolute path in normal form: `/`, or segments that are neither empty, `.` nor `..`, without a
 * trailing slash. Nothing is repaired: percent-encoding, back-slashes, control characters, and text whose Unicode
 * compatibility form is not such a path as well, are refused.
 */
export function isNormalPath(text: string): boolean {
  if (PLAIN.test(text) || text === "/") return true;
  if (ASCII.test(text) || !isPlainPath(text)) return false;
  return text.normalize("NFC") === text && isPlainPath(text.normalize("NFKC")) && sameSlashes(text);
}

/** Whether `path` is `root` or below it; both in normal form. `/database` is not below `/data`. */
export function isWithin(path: string, root: string): boolean {
  return root === "/" || path === root || (path.startsWith(root) && path[root.length] === "/");
}

function isPlainPath(text: string): boolean {
  if (text === "/") return true;
  if (!text.startsWith("/") || text.endsWith("/") || UNSAFE.test(text)) return false;
  return !/\/(?:\.{0,2})(?:\/|$)/.test(text);
}

/** No character turns into a slash. */
function sameSlashes(text: string): boolean {
  return text.normalize("NFKC").split("/").length === text.split("/").length;
}
