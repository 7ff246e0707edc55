/**
 * The servers' settings that the store's promises rest on, read from every owner.
 *
 * What would break the store is refused. What weakens a promise is refused too, unless the configuration says that it was chosen; then it
 * is reported.
 *
 * @module
 */
import { DelegationError } from "../base/error.js";
import { CLOCK_SKEW_MS_DEFAULT, HEARTBEAT_MS, STALENESS_MS_MAX } from "../base/limits.js";
import { PATIENCE } from "./connect.js";
import { ask, type Reply } from "./script.js";
import type { Shard, Topology } from "./shard.js";

/** Promises that an operator may give up, by name. */
export const CONCESSIONS = [
  /** A restart may lose what was written: no append-only file, or one that is not on disk before the answer. */
  "disk",
  /** An owner cut off from its replicas goes on to take writes. */
  "minority",
  /** A fail-over may begin before the last guard of the old owner is stale. */
  "timeout",
  /** A quorum may be a minority: more replicas than a write waits for. */
  "quorum",
  /** Records take more memory than they need. */
  "memory",
  /** Settings that the server does not show, as hosted ones do not: nobody knows whether they fit. */
  "unread",
] as const;
/** Name of a promise that an operator may give up. */
export type Concession = (typeof CONCESSIONS)[number];

/** What does not fit. */
export interface Finding {
  /** Of the server, `host:port` or node id. */
  readonly server: string;
  /** Name of the setting as the server calls it. */
  readonly setting: string;
  readonly found: string;
  readonly wanted: string;
  /** Undefined: it cannot be chosen. */
  readonly concession: Concession | undefined;
}

/** One setting as it is, and as it should be. */
export interface Check extends Finding {
  readonly fits: boolean;
}

/** What the settings must hold up. */
export interface SettingsOptions {
  readonly topology: Topology;
  /** Replicas that a write waits for. */
  readonly replicas: number;
  /** What the operator chose to do without. */
  readonly accept?: readonly Concession[];
  /** Age at which guards are stale; `STALENESS_MS_MAX` unless told. */
  readonly maxStalenessMs?: number;
  /** How far the clocks of guards and servers lie apart at most. */
  readonly skewMs?: number;
}

/** Settings as the server tells them, by name. */
export type Told = ReadonlyMap<string, string>;

/** Records of a bucket of hops, and the longest of one, that stay in the compact form. */
const LISTPACK_ENTRIES_MIN = 128;
const LISTPACK_VALUE_MIN = 64;
const VERSION_MIN = 7;
/** Guards that are stale so soon are so before the majority's new owner takes its first write. */
const MINORITY_MS = 500;

const NAMES = [
  "appendonly",
  "appendfsync",
  "min-replicas-to-write",
  "maxmemory-policy",
  "cluster-node-timeout",
  "hash-max-listpack-entries",
  "hash-max-listpack-value",
] as const;

/**
 * Reads the settings of every owner.
 *
 * @returns What does not fit and was chosen, for the store's status and `legate doctor`.
 * @throws {DelegationError} `config_invalid` for the first that was not chosen, naming the setting; `store_unavailable`
 */
export async function checkSettings(options: SettingsOptions): Promise<readonly Finding[]> {
  const findings = await findingsOf(options);
  const accepted = new Set<Concession | undefined>(options.accept);
  const refused = findings.find(({ concession }) => !accepted.has(concession));
  if (refused === undefined) return findings;
  const { setting, found, wanted } = refused;
  throw new DelegationError("config_invalid", `server has ${setting} ${found}, not ${wanted}`, {
    rule: setting,
    required: wanted,
  });
}

async function findingsOf(options: SettingsOptions): Promise<readonly Finding[]> {
  return misfits(await checksOf(options));
}

/** Every setting that a promise rests on, of every owner. @throws {DelegationError} `store_unavailable` */
export async function checksOf(options: SettingsOptions): Promise<readonly Check[]> {
  const shards = options.topology.shards();
  const all = await Promise.all(
    shards.map(async (shard) => checksIn(shard.name, await settingsOf(shard), options)),
  );
  return all.flat();
}

function misfits(checks: readonly Check[]): readonly Finding[] {
  return checks.filter(({ fits }) => !fits).map(({ fits: _, ...finding }) => finding);
}

/** @throws {DelegationError} `store_unavailable` */
async function settingsOf({ writer }: Shard): Promise<Told> {
  const told = new Map<string, string>();
  const list = await ask(writer, PATIENCE.commandMs, "CONFIG", "GET", ...NAMES).catch(notShown);
  if (Array.isArray(list)) {
    for (let n = 0; n + 1 < list.length; n += 2) told.set(text(list[n]), text(list[n + 1]));
  }
  for (const section of ["server", "replication", "cluster"]) {
    const info = text(await ask(writer, PATIENCE.commandMs, "INFO", section));
    for (const line of info.split("\r\n")) {
      const colon = line.indexOf(":");
      if (colon > 0) told.set(line.slice(0, colon), line.slice(colon + 1));
    }
  }
  return told;
}

/** Hosted servers hide their configuration, and an ACL may. */
function notShown(thrown: unknown): null {
  const word = thrown instanceof DelegationError ? thrown.rule : undefined;
  if (word === "NOPERM" || word === "ERR") return null;
  throw thrown;
}

/** What of one server's settings does not fit. Pure. */
export function judge(
  server: string,
  told: Told,
  options: Omit<SettingsOptions, "topology">,
): readonly Finding[] {
  return misfits(checksIn(server, told, options));
}

function checksIn(
  server: string,
  told: Told,
  {
    replicas,
    maxStalenessMs = STALENESS_MS_MAX,
    skewMs = CLOCK_SKEW_MS_DEFAULT,
  }: Omit<SettingsOptions, "topology">,
): readonly Check[] {
  const checks: Check[] = [];
  const want = (
    setting: string,
    wanted: string,
    fits: (value: string) => boolean,
    concession?: Concession,
  ) => {
    const found = told.get(setting);
    const check = { server, setting, wanted };
    if (found === undefined) {
      checks.push({ ...check, found: "not shown", concession: "unread", fits: false });
    } else checks.push({ ...check, found, concession, fits: fits(found) });
  };
  const atLeast = (least: number) => (value: string) => Number(value) >= least;
  const is = (wanted: string) => (value: string) => value === wanted;

  want("redis_version", `${VERSION_MIN} or newer`, (v) => Number.parseInt(v, 10) >= VERSION_MIN);
  // A server that forgets what it likes forgets cuts.
  want("maxmemory-policy", "noeviction", is("noeviction"));
  want("appendonly", "yes", is("yes"), "disk");
  if (told.get("appendonly") === "yes") want("appendfsync", "always", is("always"), "disk");
  if (replicas > 0) {
    want("min-replicas-to-write", "1 or more", atLeast(1), "minority");
    // With more replicas than a heartbeat waits for, a minority can still make one, unless it is stale before another owner writes.
    if (maxStalenessMs > MINORITY_MS) {
      const wanted = `${replicas}, as many as are waited for`;
      want("connected_slaves", wanted, (v) => Number(v) <= replicas, "quorum");
    }
  }
  if (told.get("cluster_enabled") === "1") {
    const least = maxStalenessMs + HEARTBEAT_MS + skewMs;
    want("cluster-node-timeout", `more than ${least}`, (v) => Number(v) > least, "timeout");
  }
  want(
    "hash-max-listpack-entries",
    `${LISTPACK_ENTRIES_MIN} or more`,
    atLeast(LISTPACK_ENTRIES_MIN),
    "memory",
  );
  want(
    "hash-max-listpack-value",
    `${LISTPACK_VALUE_MIN} or more`,
    atLeast(LISTPACK_VALUE_MIN),
    "memory",
  );
  return checks;
}

function text(reply: Reply | undefined): string {
  return typeof reply === "string" ? reply : "";
}
