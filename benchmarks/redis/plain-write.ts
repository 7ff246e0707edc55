/**
 * The script that delegation is measured against: it writes what `create` writes, byte for byte as much, and does nothing else. What
 * that is, the server tells (`MONITOR`), so a script that came to write more or less is never measured against an old list.
 * @module
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { RedisServer } from "../../test/redis/servers.js";

/** One command as a script gave it. */
export type Command = readonly Buffer[];

/** The plain script and its arguments. */
export interface PlainWrite {
  readonly script: {
    readonly name: string;
    readonly version: number;
    readonly sha1: string;
    readonly text: string;
  };
  /** New fields and entries each time, as new hops have; `index` counts runs. */
  argumentsOf(index: number): string[];
  /** Bytes that it writes: keys, fields and values. */
  readonly bytes: number;
}

const WRITES =
  /^(?:[HLRZ]?(?:SET|ADD|PUSH)|XADD|S?PUBLISH|HSETNX|HINCRBY|HDEL|DEL|PEXPIREAT|EXPIREAT|SADD)$/i;

/** What `run` made scripts write, on a server where nobody else is. */
export async function writesOf(
  server: RedisServer,
  run: () => Promise<unknown>,
): Promise<readonly Command[]> {
  const socket = connect(server.port, server.host);
  const heard: Buffer[] = [];
  socket.on("data", (data: Buffer) => heard.push(data));
  await once(socket, "connect");
  await told(socket, heard, "MONITOR\r\n", "+OK");
  await run();
  const mark = `mark-${process.pid}-${Date.now()}`;
  await server.ask("ECHO", mark);
  await told(socket, heard, "", mark);
  socket.destroy();
  return Buffer.concat(heard)
    .toString("latin1")
    .split("\r\n")
    .filter((line) => /^\+[\d.]+ \[\d+ lua\] /.test(line))
    .map(wordsIn)
    .filter(([name]) => name !== undefined && WRITES.test(name.toString()));
}

/** @param writes Of one script. */
export function plainWrite(writes: readonly Command[]): PlainWrite {
  if (writes.length === 0) throw new Error("the script wrote nothing");
  let at = 1;
  const text = `${writes
    .map(([name, key = Buffer.alloc(0), ...rest]) => {
      const suffix = suffixOf(key);
      const place = () => `ARGV[${at++}]`;
      const where = isBucket(suffix) ? place() : `'${suffix}'`;
      return `redis.call(${[`'${name}'`, `KEYS[1] .. ${where}`, ...rest.map(place)].join(", ")})`;
    })
    .join("\n")}\nreturn { 'ok' }\n`;
  const sha1 = createHash("sha1").update(text).digest("hex");
  const words = writes.flatMap(wordsOf);
  const growing = words.filter(({ grows }) => grows !== undefined).length;
  return {
    script: { name: "plain-write", version: 1, sha1, text },
    argumentsOf: (index) => {
      let next = 10_000_000 + index * growing;
      return words.map(({ text, grows }) => (grows === undefined ? text : grows(next++, index)));
    },
    bytes: writes.flat().reduce((sum, { length }) => sum + length, 0),
  };
}

/** An argument, and how it becomes another one each time. */
interface Word {
  readonly text: string;
  readonly grows?: (number: number, index: number) => string;
}

/** Records of so many hops share a key, and plain ones do, too. */
const BUCKET = 64;

function suffixOf(key: Buffer): string {
  return key.subarray(key.indexOf("}:") + 2).toString();
}

function isBucket(suffix: string): boolean {
  return /^[hl]\d+:/.test(suffix);
}

/** Bytes of what stands in a value do not matter, only how many they are; fields that grow in number must be new. */
function wordsOf([name, key = Buffer.alloc(0), ...rest]: Command): Word[] {
  const command = String(name).toUpperCase();
  const suffix = suffixOf(key);
  const words = rest.map((word, place): Word => {
    const text = word.toString("latin1").replaceAll(/[^\x20-\x7e]/g, "~");
    if (command === "XADD") return place > 0 ? { text } : { text, grows: (n) => `${n}-1` };
    // An id or a field, never the value behind it.
    const isNew = command === "RPUSH" || (/^[ihl]/.test(suffix) && place % 2 === 0);
    if (!isNew) return { text };
    const head = /^\d+$/.test(text) ? "" : text.slice(0, Math.max(0, text.length - 8));
    return { text, grows: (n) => head + n };
  });
  if (!isBucket(suffix)) return words;
  const [letter = "", rest_ = ""] = [suffix.slice(0, 1), suffix.slice(suffix.indexOf(":"))];
  return [
    { text: suffix, grows: (_, index) => `${letter}${Math.floor(index / BUCKET)}${rest_}` },
    ...words,
  ];
}

async function told(socket: Socket, heard: readonly Buffer[], say: string, until: string) {
  if (say !== "") socket.write(say);
  while (!Buffer.concat(heard).includes(until)) await once(socket, "data");
}

/** `"HSET" "key" "\x01b"` as bytes. */
function wordsIn(line: string): Command {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word = ""]) =>
    Buffer.from(word.replaceAll(/\\(?:x([0-9a-f]{2})|(.))/g, unescaped), "latin1"),
  );
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", a: "\x07", b: "\b" };

function unescaped(_: string, hex: string | undefined, other = ""): string {
  return hex === undefined
    ? (ESCAPES[other] ?? other)
    : String.fromCharCode(Number.parseInt(hex, 16));
}
