/** Stores on servers of the benchmark's own, trees in them, and what the servers say of their work. @module */
import { canonicalDigest } from "../../src/base/canonical.js";
import { uuidv7 } from "../../src/base/id.js";
import { systemRandom } from "../../src/base/random.js";
import { hopEvent } from "../../src/coordinator/event.js";
import type { CreateMove, HopDraft } from "../../src/coordinator/store.js";
import { connect } from "../../src/redis/connect.js";
import { createRedisStore, type RedisStore } from "../../src/redis/store.js";
import type { Authority } from "../../src/wire/grant.js";
import type { TreeRecord } from "../../src/wire/record.js";
import type { RedisServer } from "../../test/redis/servers.js";
import { teamGrant } from "../material.js";

export const TENANT = "default";
/** Children of each hop that has some. */
export const WIDTH = 8;
/** Moves under way at once where as many as possible are made. */
export const IN_FLIGHT = 128;
/** A loaded machine must not end a measurement. */
export const PATIENCE = { connectMs: 10_000, commandMs: 30_000 };

/** A store that sends no heartbeats: nothing runs besides what is measured. */
export function openStore(url: string, partitions = 1): Promise<RedisStore> {
  return createRedisStore({ url, partitions, heartbeats: false, patience: PATIENCE });
}

/** A connection as the store makes it for its moves: what a bare command costs on it is the round trip. */
export function connectTo({ host, port }: RedisServer) {
  return connect({ host, port }, { login: {}, tls: undefined }, "move", PATIENCE);
}

/** A tree to put hops in. All of them have one authority. */
export interface Tree {
  readonly record: TreeRecord;
  readonly authority: Authority;
  readonly digest: string;
  readonly position: number;
}

/** Opens a tree; `partition` chooses where, among those of the store. */
export async function openTree(store: RedisStore, partition = 0): Promise<Tree> {
  const now = Date.now();
  const { expiresAt, ...authority } = teamGrant(now);
  let id = uuidv7(now, systemRandom);
  while (store.partitionOf(id) !== partition) id = uuidv7(now, systemRandom);
  const principal = { issuer: "https://idp.example.com", subject: "person-1" };
  const record: TreeRecord = {
    tenant: TENANT,
    id,
    principal,
    trigger: "task-1",
    createdAt: now,
    expiresAt,
  };
  const { position } = await store.status(id);
  const tree = { record, authority, digest: canonicalDigest(authority), position };
  await store.open(record, moveOf(tree, { id, depth: 0, made: 0 }));
  return tree;
}

/** Where a hop is to be made, and the how many-eth it is. */
export interface Place {
  readonly id: string;
  readonly parent?: string;
  readonly depth: number;
  readonly made: number;
}

/** What a coordinator gives the store to make one hop. */
export function moveOf(tree: Tree, { id, parent, depth, made }: Place): CreateMove {
  const { record, authority, digest, position } = tree;
  const now = Date.now();
  const hop: HopDraft = {
    tenant: record.tenant,
    tree: record.id,
    id,
    ...(parent === undefined ? {} : { parent }),
    depth,
    agent: `spiffe://example.com/agent/${made % 100}`,
    identity: "asserted",
    // As long as a thumbprint, and as different; a million keys would take too long.
    holder: `${"A".repeat(33)}${String(made).padStart(10, "0")}`,
    authority: digest,
    createdAt: now,
    expiresAt: record.expiresAt,
    origin: "coordinator",
    bearer: false,
  };
  const event = hopEvent("hop.created", hop, { principal: record.principal });
  return { hop, authority, initial: "active", seen: position, event, now };
}

export function newId(): string {
  return uuidv7(Date.now(), systemRandom);
}

/** Breadth first below `from`, many at once; a hop is made after its parent is. */
export async function grow(
  store: RedisStore,
  tree: Tree,
  from: { readonly id: string; readonly depth: number },
  count: number,
): Promise<void> {
  const parents = [from];
  for (let made = 0; made < count; ) {
    const ready = parents.length * WIDTH - made;
    const step = Math.min(count - made, ready, IN_FLIGHT);
    const hops = Array.from({ length: step }, (_, index) => {
      const { id, depth } = parents[Math.floor((made + index) / WIDTH)] ?? from;
      return { id: newId(), parent: id, depth: depth + 1, made: made + index };
    });
    await Promise.all(hops.map((hop) => store.create(moveOf(tree, hop))));
    for (const { id, depth } of hops)
      if (parents.length * WIDTH < count) parents.push({ id, depth });
    made += step;
  }
}

/** Calls `run` so many times, at most `width` at once. */
export async function many(
  count: number,
  run: (index: number) => Promise<unknown>,
  width = IN_FLIGHT,
): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) await run(next++);
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, lane));
}

/** Microseconds of the server's own time for each `EVALSHA` that `run` brought about. */
export async function serverTime(
  server: RedisServer,
  run: () => Promise<unknown>,
): Promise<number> {
  const { us, calls } = await serverWork(server, run);
  return us / calls;
}

/** Microseconds of the server's own time for all of them, and how many there were. */
export async function serverWork(
  server: RedisServer,
  run: () => Promise<unknown>,
): Promise<{ us: number; calls: number }> {
  await server.ask("CONFIG", "RESETSTAT");
  await run();
  const told = (await server.info("commandstats")).get("cmdstat_evalsha") ?? "";
  const [, calls, us] = /calls=(\d+),usec=(\d+)/.exec(told) ?? [];
  return { us: Number(us), calls: Number(calls) };
}

/** Bytes in use. */
export async function memoryOf(server: RedisServer): Promise<number> {
  return Number((await server.info("memory")).get("used_memory"));
}
