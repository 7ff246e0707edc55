/**
 * What each kind of process may do on the servers: users of Redis' access control with the fewest commands and keys that its work needs.
 *
 * A script runs with the rights of whoever calls it, so what stands here holds inside scripts, and for a script that somebody else wrote,
 * too. A coordinator may run every script of the room. A guard admits calls, writes audit lines and reports; it reads the log of cuts, and
 * can neither add to it, take from it nor tell other guards anything: it has no right to the keys of cuts, and none to publish.
 * A guard that is turned against its deployment can therefore still spoil counters and audit lines of what is to come, but cut nobody and
 * bring nobody back.
 *
 * @module
 */
import { sha256 } from "../base/digest.js";
import { DelegationError } from "../base/error.js";
import { checkPartitions, checkPrefix, PARTITIONS_DEFAULT, PREFIX_DEFAULT } from "./layout.js";
import { SCRIPTS } from "./scripts.generated.js";

/** Kinds of processes that log in. `replica`: a server that follows another one. */
export const ACL_ROLES = ["coordinator", "guard", "replica"] as const;
/** Name of one of them. */
export type AclRole = (typeof ACL_ROLES)[number];

/** For which deployment. */
export interface AclOptions {
  /** Name of the deployment; `legate` unless told. */
  readonly prefix?: string;
  /** Its partitions; 64 unless told. */
  readonly partitions?: number;
  /** Kept as their digests alone; a user without one cannot log in until it is given one. */
  readonly passwords?: Readonly<Partial<Record<AclRole, string>>>;
}

/** Commands of connections of every process: to find the owners, to run a script, to wait for replicas, to hear the doorbell. */
const CONNECTED = ["info", "cluster|slots", "eval", "evalsha", "set", "wait", "ssubscribe"];

/**
 * Commands within the scripts that a guard runs: `admit`, `admit-known`, `record`, `report`, `tail`, `snapshot`, `beat`, `beaten`, `start`,
 * `take-over`, `come-forward`, `restore-use`.
 */
const GUARDED = [
  ...["exists", "hdel", "hget", "hgetall", "hlen", "hmget", "hset", "lrange", "ltrim", "pexpire"],
  ...["rpush", "sadd", "scard", "sismember", "time", "xadd", "xrange", "zadd", "zrangebyscore"],
  "zrem",
];

/** What a guard writes: the partition's own record, the audit log, trees' counters, what is used once, shown proofs, and reports. */
const WRITTEN_BY_GUARDS = [
  ...["", "[afoqtuv][0-9]*", "m", "log", "mark", "z*", "guards", "heard", "held", "lives"],
];
/** What it reads besides: records of trees and hops, marks of tenants, the log of cuts and its heartbeats. */
const READ_BY_GUARDS = ["[hix][0-9]*", "S*", "feed", "cuts", "hb", "lease", "run"];

/** Commands that a role may give, in order; `config|get` and `hmget` are for reading settings and finding a deployment. */
export function commandsOf(role: AclRole): readonly string[] {
  const commands = {
    coordinator: () => [...CONNECTED, "config|get", "hmget", ...commandsIn(Object.values(SCRIPTS))],
    guard: () => [...CONNECTED, ...GUARDED],
    replica: () => ["psync", "replconf", "ping"],
  };
  return [...new Set(commands[role]())].sort();
}

/**
 * The users as lines of an ACL file (`aclfile`), which are the words of `ACL SETUSER` as well.
 *
 * @throws {DelegationError} `config_invalid` for a deployment that cannot be called so
 */
export function aclLines(options: AclOptions = {}): readonly string[] {
  const prefix = checkPrefix(options.prefix ?? PREFIX_DEFAULT);
  const partitions = checkPartitions(options.partitions ?? PARTITIONS_DEFAULT);
  return ACL_ROLES.map((role) => {
    const password = options.passwords?.[role];
    const words = [
      `user legate-${role} reset on`,
      ...(password === undefined ? [] : [digestOf(password)]),
      ...keysOf(role, tagsOf(prefix, partitions)),
      ...commandsOf(role).map((command) => `+${command}`),
    ];
    return words.join(" ");
  });
}

/** Patterns of the tags of all partitions, digit by digit: a star would let names that others chose pass for the end of a tag. */
function tagsOf(prefix: string, partitions: number): string[] {
  const digits = String(partitions - 1).length;
  return Array.from({ length: digits }, (_, n) => `{${prefix}:p${"[0-9]".repeat(n + 1)}}:`);
}

function keysOf(role: AclRole, tags: readonly string[]): string[] {
  const all = (mark: string, names: readonly string[]) =>
    names.flatMap((name) => tags.map((tag) => `${mark}${tag}${name}`));
  switch (role) {
    case "coordinator":
      return [...all("~", ["*"]), ...all("&", ["bell"])];
    case "guard":
      return [...all("~", WRITTEN_BY_GUARDS), ...all("%R~", READ_BY_GUARDS), ...all("&", ["bell"])];
    case "replica":
      return [];
  }
}

function commandsIn(scripts: readonly { readonly text: string }[]): string[] {
  return scripts.flatMap(({ text }) =>
    [...text.matchAll(/\bcall\('([A-Z]+)'/g)].map(([, name = ""]) => name.toLowerCase()),
  );
}

function digestOf(password: string): string {
  if (password === "") throw new DelegationError("config_invalid", "password is empty");
  return `#${Buffer.from(sha256(password)).toString("hex")}`;
}
