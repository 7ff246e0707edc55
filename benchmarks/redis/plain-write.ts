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
  /** New fields and entries each time, as new hops have. */
  argumentsOf(index: number): string[];
  /** Bytes that it writes: keys, fields and values. */
  readonly bytes: number;
}

const WRITES =
  /^(?:[HLRZ]?(?:SET|ADD|PUSH)|XADD|S?PUBLISH|HINCRBY|HDEL|DEL|PEXPIREAT|EXPIREAT|SADD)$/i;

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

/** @param writes Of one hop. */
export function plainWrite(writes: readonly Command[]): PlainWrite {
  if (writes.length === 0) throw new Error("the script wrote nothing");
  let at = 1;
  const text = `${writes
    .map(([name, key = Buffer.alloc(0), ...rest]) => {
      const places = rest.map(() => `ARGV[${at++}]`);
      const suffix = key.subarray(key.indexOf("}:") + 2).toString();
      return `redis.call(${[`'${name}'`, `KEYS[1] .. '${suffix}'`, ...places].join(", ")})`;
    })
    .join("\n")}\nreturn { 'ok' }\n`;
  const sha1 = createHash("sha1").update(text).digest("hex");
  return {
    script: { name: "plain-write", version: 1, sha1, text },
    argumentsOf: (index) => writes.flatMap((write) => argumentsOf(write, index)),
    bytes: writes.flat().reduce((sum, { length }) => sum + length, 0),
  };
}

/** Bytes of what stands in a value do not matter, only how many they are; fields that grow in number must be new. */
function argumentsOf([name, key, ...rest]: Command, index: number): string[] {
  const command = String(name).toUpperCase();
  const suffix = String(key).split("}:")[1] ?? "";
  const isGrowing = command === "XADD" || command === "RPUSH" || /^[ihl]/.test(suffix);
  return rest.map((word, place) => {
    const value = word.toString("latin1");
    // An id or a field, never the value behind it.
    if (!isGrowing || place > 0) return value.replaceAll(/[^\x20-\x7e]/g, "~");
    if (command === "XADD") return `${10_000_000 + index}-1`;
    const grown = String(10_000_000 + index);
    return /^\d+$/.test(value) || value.length < grown.length
      ? grown
      : value.slice(0, -grown.length) + grown;
  });
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
