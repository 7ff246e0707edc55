/**
 * Where things lie: which partition a tree is in, and how keys are called.
 *
 * A partition is one hash tag. All keys of it begin with its base key, which is the one key that each script is given; the scripts
 * derive the others (`lua/lib/keys.lua`). Only the names that are read from outside a script stand here as well.
 *
 * @module
 */
import { sha256 } from "../base/digest.js";
import { DelegationError } from "../base/error.js";

/** Partitions of a deployment, unless told. */
export const PARTITIONS_DEFAULT = 64;
/** More partitions than that cost more heartbeats than they spread load. */
export const PARTITIONS_MAX = 1_024;
/** What a deployment is called, unless told. */
export const PREFIX_DEFAULT = "legate";
/** Records of so many hops of one tree share a key; `lua/lib/tree.lua` holds the same number. */
export const HOPS_PER_BUCKET = 64;

/** A prefix becomes part of a hash tag, so it holds nothing that ends one. */
const PREFIX = /^[A-Za-z0-9._-]{1,64}$/;

/** @throws {DelegationError} `config_invalid` unless it is a power of two up to {@link PARTITIONS_MAX}. */
export function checkPartitions(count: number): number {
  const fits = Number.isInteger(count) && count >= 1 && count <= PARTITIONS_MAX;
  if (fits && (count & (count - 1)) === 0) return count;
  throw new DelegationError("config_invalid", "partitions are a power of two, 1 to 1024", {
    rule: "partitions",
  });
}

/** @throws {DelegationError} `config_invalid` for a prefix that is not 1 to 64 letters, digits, points, dashes or underscores. */
export function checkPrefix(prefix: string): string {
  if (PREFIX.test(prefix)) return prefix;
  throw new DelegationError("config_invalid", "prefix has characters that no key may have", {
    rule: "prefix",
  });
}

/** The partition of a tree (or of any other name), from 0: the first 32 bits of its SHA-256, modulo `count`. */
export function partitionOf(name: string, count: number): number {
  const known = NUMBERS.get(name);
  if (known !== undefined) return known % count;
  const [a = 0, b = 0, c = 0, d = 0] = sha256(name);
  const number = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  if (NUMBERS.size === NUMBERS_MAX) NUMBERS.clear();
  NUMBERS.set(name, number);
  return number % count;
}

/** Of names that were asked for: a tree is asked for with every call in it, and a digest costs more than all else here. */
const NUMBERS = new Map<string, number>();
const NUMBERS_MAX = 10_000;

/** The base key of a partition: key 1 of every script. */
export function baseKey(prefix: string, partition: number): string {
  return `{${prefix}:p${partition}}:`;
}

/** Hash: what the partition keeps of itself. Fields: see `lua/lib/world.lua`. */
export function metaKey(base: string): string {
  return `${base}m`;
}

/** Sharded channel of the doorbell. */
export function bellChannel(base: string): string {
  return `${base}bell`;
}
