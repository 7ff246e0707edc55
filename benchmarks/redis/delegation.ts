/** The script that makes a hop, against one that only writes the same bytes. @module */
import { runScript } from "../../src/redis/script.js";
import type { RedisStore } from "../../src/redis/store.js";
import { RedisServer } from "../../test/redis/servers.js";
import { measure, type Run, ratioOf, type Subject, spreadOf, timeOf } from "../harness.js";
import type { Line, Section } from "../report.js";
import { connectTo, moveOf, newId, openStore, openTree, PATIENCE, serverTime } from "./material.js";
import { type PlainWrite, plainWrite, writesOf } from "./plain-write.js";

const LIMIT = 1.5;
const BATCH = 32;
/** Hops that the tree has before anything counts: the first few write what later ones find. */
const BEFORE = 70;
const ON = "{plain:p0}:";

/** Measures one at a time and 32 at once, by the caller's watch and by the server's. */
export async function measureSection(run: Run): Promise<Section> {
  const server = await RedisServer.start();
  const store = await openStore(server.url);
  const bare = await connectTo(server);
  try {
    const create = await creating(store);
    for (let made = 0; made < BEFORE; made++) await create();
    const plain = plainWrite(await writesOf(server, create));
    let written = 0;
    const write = () => {
      const args = plain.argumentsOf(written++);
      return runScript(bare, { script: plain.script, key: ON, args }, PATIENCE.commandMs);
    };
    await write();
    const both = [
      ["create", create],
      ["plain", write],
    ] as const;
    const timings = await measure(
      both.flatMap(([name, work]) => [one(name, work), batch(name, work)]),
      run.effort,
      "wall",
    );
    const lines: Line[] = [
      limited("delegate ÷ plain write, one at a time", ratioOf(timings, "create", "plain")),
      limited(
        `delegate ÷ plain write, ${BATCH} in flight`,
        ratioOf(timings, `create ${BATCH}`, `plain ${BATCH}`),
      ),
      ...(await byServer(server, run, create, write)),
    ];
    for (const { name } of both.flatMap(([name]) => [{ name }, { name: `${name} ${BATCH}` }])) {
      lines.push({ name, value: timeOf(timings, name), unit: "us", clock: "wall" });
    }
    return {
      title: "Delegation: the script ÷ one that writes the same bytes",
      lines,
      notes: notes(plain),
    };
  } finally {
    bare.disconnect();
    await store.close();
    await server.stop();
  }
}

async function creating(store: RedisStore): Promise<() => Promise<unknown>> {
  const tree = await openTree(store);
  const parent = tree.record.id;
  let made = 0;
  return () => store.create(moveOf(tree, { id: newId(), parent, depth: 1, made: made++ }));
}

const one = (name: string, run: () => Promise<unknown>): Subject => ({ name, run });

const batch = (name: string, run: () => Promise<unknown>): Subject => ({
  name: `${name} ${BATCH}`,
  batch: BATCH,
  run: () => Promise.all(Array.from({ length: BATCH }, run)),
});

/** Blocks of both in turn: what the server counts for each call. */
async function byServer(
  server: RedisServer,
  { effort, quick }: Run,
  create: () => Promise<unknown>,
  write: () => Promise<unknown>,
): Promise<Line[]> {
  const calls = quick ? 20 : 100;
  const block = (work: () => Promise<unknown>) =>
    serverTime(server, async () => {
      for (let call = 0; call < calls; call++)
        await Promise.all(Array.from({ length: BATCH }, work));
    });
  const times: { create: number; plain: number }[] = [];
  for (let round = 0; round < effort.blocks; round++) {
    times.push({ create: await block(create), plain: await block(write) });
  }
  const ratios = spreadOf(times.map((time) => time.create / time.plain));
  const name = "delegate ÷ plain write, the server's own time";
  return [
    limited(name, ratios),
    { name: "create, in the server", value: spreadOf(times.map((t) => t.create)), unit: "us" },
    { name: "plain, in the server", value: spreadOf(times.map((t) => t.plain)), unit: "us" },
  ];
}

function limited(name: string, value: Line["value"]): Line {
  return { name, value, unit: "ratio", limit: LIMIT };
}

function notes({ bytes }: PlainWrite): string[] {
  return [
    `The plain script makes the writes that the server saw create make, ${bytes} bytes with keys and fields; it reads and checks nothing.`,
    "Delegations are below one root, one tree; every sixty-fourth hop opens a new bucket and takes the longer way.",
  ];
}
