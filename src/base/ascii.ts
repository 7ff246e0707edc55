/** Bytes of texts that are known to be ASCII, without memory of their own. @module */
import { Buffer } from "node:buffer";
import { TOKEN_BYTES_MAX } from "./limits.js";

/** Written over by the next call: what is hashed, signed or verified synchronously needs no memory of its own. */
const SCRATCH = Buffer.allocUnsafeSlow(TOKEN_BYTES_MAX);

/** The bytes of an ASCII text, until the next call. One native copy; asking for UTF-8 would look at each character. */
export function asciiBytes(text: string): Uint8Array {
  if (text.length > SCRATCH.length) return Buffer.from(text, "latin1");
  SCRATCH.write(text, "latin1");
  return scratchOf(text.length);
}

/** Views of the scratch by their length: making one costs more than copying a short text into it. */
const VIEW_BYTES_MAX = 4_096;
const VIEWS = new Array<Uint8Array | undefined>(VIEW_BYTES_MAX + 1).fill(undefined);

function scratchOf(length: number): Uint8Array {
  if (length > VIEW_BYTES_MAX) return SCRATCH.subarray(0, length);
  const known = VIEWS[length];
  if (known !== undefined) return known;
  const view = SCRATCH.subarray(0, length);
  VIEWS[length] = view;
  return view;
}
