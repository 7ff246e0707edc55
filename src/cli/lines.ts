/** The lines of a file, one after the other, however long the file is. @module */
import { closeSync, openSync, readSync } from "node:fs";
import { CommandError, EXIT } from "./exit.js";

const NEWLINE = 0x0a;
const CHUNK_BYTES = 1_048_576;
/** No line of a log is longer; what is, is told in pieces and found to be none. */
const LINE_BYTES_MAX = 16_777_216;

/** Without line ends. @throws {CommandError} `notFound` before the first line */
export function* linesOf(path: string): Generator<string> {
  const file = opened(path);
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    let rest: Buffer = Buffer.alloc(0);
    for (let read = readSync(file, chunk); read > 0; read = readSync(file, chunk)) {
      let start = 0;
      const bytes = Buffer.concat([rest, chunk.subarray(0, read)]);
      for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
        yield bytes.toString("utf8", start, end);
        start = end + 1;
      }
      rest = bytes.subarray(start);
      if (rest.length <= LINE_BYTES_MAX) continue;
      yield rest.toString("utf8");
      rest = Buffer.alloc(0);
    }
    if (rest.length > 0) yield rest.toString("utf8");
  } finally {
    closeSync(file);
  }
}

function opened(path: string): number {
  try {
    return openSync(path, "r");
  } catch {
    throw new CommandError(EXIT.notFound, `no such file: ${path}`);
  }
}
