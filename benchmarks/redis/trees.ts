/** Trees of ten to a million hops: revoking above them, the bytes they take, and reading them page by page. @module */
import { PAGE_MAX } from "../../src/base/limits.js";
import type { RedisStore } from "../../src/redis/store.js";
import type { Boundary } from "../../src/wire/cut.js";
import { RedisServer } from "../../test/redis/servers.js";
import { exactly, type Run, spreadOf } from "../harness.js";
import type { Line, Section } from "../report.js";
import {
  grow,
  memoryOf,
  moveOf,
  newId,
  openStore,
  openTree,
  serverTime,
  TENANT,
  type Tree,
} from "./material.js";

/** Hops one below the other, from the root, with all others below the last: each can be cut by itself, and covers them all. */
const SPINE = 8;
/** Equal within noise. */
const FLAT = 1.5;
const BYTES = 700;
const MILLION = 1_000_000;

/** One server; all trees in one partition. */
export async function measureSection({ quick }: Run): Promise<Section> {
  const sizes = quick ? [10, 1_000, 100_000] : [10, 1_000, 100_000, MILLION];
  const server = await RedisServer.start();
  const store = await openStore(server.url);
  try {
    const forests: Forest[] = [];
    for (const size of sizes) forests.push(await plant(server, store, size));
    const paged = forests.at(-1);
    const pages = paged === undefined ? [] : await readPages(server, store, paged, quick);
    return {
      title: "Trees of ten to a million hops",
      lines: [
        ...(await cuts(server, store, forests)),
        ...forests.slice(2).map(bytesLine),
        ...pages,
      ],
      notes: [
        `The first ${SPINE + 1} hops of each tree are one below the other, and every other hop is below all of them; each of these is cut once as a hop and once with what is below it, in turn with those of the other trees.`,
        "Bytes are used_memory: records, index, audit log, and what the allocator rounds up. The log grows from two trees to the next only by what is in them.",
      ],
    };
  } finally {
    await store.close();
    await server.stop();
  }
}

/** A tree, and the hops that are above all others. */
interface Forest {
  readonly size: number;
  readonly tree: Tree;
  /** Root first. */
  readonly spine: readonly string[];
  readonly bytes: number;
}

async function plant(server: RedisServer, store: RedisStore, size: number): Promise<Forest> {
  const tree = await openTree(store);
  const spine = [tree.record.id];
  const before = await memoryOf(server);
  for (let depth = 1; depth <= SPINE; depth++) {
    const id = newId();
    await store.create(moveOf(tree, { id, parent: spine.at(-1) ?? "", depth, made: depth }));
    spine.push(id);
  }
  await grow(store, tree, { id: spine.at(-1) ?? "", depth: SPINE }, size);
  const bytes = ((await memoryOf(server)) - before) / (size + SPINE);
  return { size, tree, spine, bytes };
}

function bytesLine({ size, bytes }: Forest): Line {
  return {
    name: `bytes in Redis for each hop, audit included, ${named(size)}`,
    value: exactly(bytes),
    unit: "bytes",
    limit: BYTES,
  };
}

async function cuts(
  server: RedisServer,
  store: RedisStore,
  forests: readonly Forest[],
): Promise<Line[]> {
  const wall = forests.map((): number[] => []);
  const own = forests.map((): number[] => []);
  const last = forests[0]?.spine.length ?? 0;
  await practise(store);
  for (let at = last - 1; at >= 0; at--) {
    for (const kind of ["hop", "below"] as const) {
      for (const [who, { tree, spine }] of forests.entries()) {
        const boundary: Boundary = { kind, tree: tree.record.id, hop: spine[at] ?? "" };
        own[who]?.push(
          await serverTime(server, async () => {
            const start = performance.now();
            await cut(store, boundary);
            wall[who]?.push((performance.now() - start) * 1_000);
          }),
        );
      }
    }
  }
  return forests.flatMap(({ size }, who) => {
    const [ours, theirs] = [middleOf(own[who]), middleOf(own[0])];
    const limit = { unit: "ratio", limit: FLAT } as const;
    const name = `revoke of a root, ${named(size)} below it`;
    const flat: Line = {
      name: `${name} ÷ ${named(forests[0]?.size ?? 0)}, the server's own time`,
      value: exactly(ours / theirs),
      ...limit,
    };
    return [
      ...(who === 0 ? [] : [flat]),
      { name: `${name}, in the server`, value: spreadOf(own[who] ?? []), unit: "us" },
      { name, value: spreadOf(wall[who] ?? []), unit: "us", clock: "wall" },
    ];
  });
}

/** Compiled code for those that count. */
async function practise(store: RedisStore): Promise<void> {
  for (let index = 0; index < 300; index++) {
    await cut(store, { kind: "hop", tree: `practice-${index}`, hop: `hop-${index}` });
  }
}

async function cut(store: RedisStore, boundary: Boundary): Promise<void> {
  const event = { kind: "cut", tenant: TENANT, by: "bench" };
  await store.revoke({ tenant: TENANT, boundary, event, now: Date.now() });
}

async function readPages(
  server: RedisServer,
  store: RedisStore,
  { size, tree }: Forest,
  quick: boolean,
): Promise<Line[]> {
  const most = quick ? 40 : 400;
  const lines: Line[] = [];
  for (const limit of [100, PAGE_MAX]) {
    let pages = 0;
    let nodes = 0;
    let seconds = 0;
    const own = await serverTime(server, async () => {
      const start = performance.now();
      for (let cursor: string | undefined; pages < most; pages++) {
        const at = cursor === undefined ? {} : { cursor };
        const page = await store.page(TENANT, tree.record.id, { limit, ...at });
        nodes += page.nodes.length;
        cursor = page.next;
      }
      seconds = (performance.now() - start) / 1_000;
    });
    const what = `pages of ${limit} in a tree of ${named(size)}`;
    lines.push(
      {
        name: `${what}, each second`,
        value: exactly(pages / seconds),
        unit: "count",
        clock: "wall",
      },
      {
        name: `${what}, hops each second`,
        value: exactly(nodes / seconds),
        unit: "count",
        clock: "wall",
      },
      { name: `${what}, one step in the server`, value: exactly(own), unit: "us" },
    );
  }
  return lines;
}

function middleOf(values: readonly number[] = []): number {
  return spreadOf(values).median;
}

function named(hops: number): string {
  return hops.toLocaleString("en-US");
}
