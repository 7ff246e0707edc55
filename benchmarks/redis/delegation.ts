/** The script that makes a hop, against one that only writes the same bytes. @module */
import { type Caller, runScript } from "../../src/redis/script.js";
import type { RedisStore } from "../../src/redis/store.js";
import { RedisServer } from "../../test/redis/servers.js";
import {
  measure,
  type Run,
  ratioOf,
  type Subject,
  spreadOf,
  type Timings,
  timeOf,
} from "../harness.js";
import type { Line, Section } from "../report.js";
import { connectTo, moveOf, newId, openStore, openTree, PATIENCE, serverWork } from "./material.js";
import { type PlainWrite, plainWrite, writesOf } from "./plain-write.js";

const LIMIT = 1.5;
const BATCH = 32;
/** Hops that the tree has before anything counts: the first few write what later ones find. */
const BEFORE = 70;
const ONE = "{plain:p0}:";
const MANY = "{plain:p1}:";
const MERGED = `one plain script for ${BATCH}`;

/** Measures one at a time and 32 at once, by the caller's watch and by the server's. */
export async function measureSection(run: Run): Promise<Section> {
  const server = await RedisServer.start();
  const store = await openStore(server.url);
  const bare = await connectTo(server);
  try {
    const create = await creating(store);
    create.before(BEFORE + 1 + BATCH);
    for (let made = 0; made < BEFORE; made++) await create.run();
    const plain = plainWrite(await writesOf(server, create.run));
    const merged = plainWrite(await writesOf(server, () => many(create.run)));
    const write = writing(bare, plain, ONE);
    const pairs: Pair[] = [
      { how: "one at a time", hops: 1, work: create, write },
      {
        how: `${BATCH} at once`,
        hops: BATCH,
        work: inBatches(create),
        write: inBatches(write),
      },
    ];
    const one = writing(bare, merged, MANY);
    const asOne = { name: MERGED, batch: BATCH, run: one.run, before: one.before };
    const timings = await measure([...pairs.flatMap(subjectsOf), asOne], run.effort, "wall");
    const lines: Line[] = [];
    for (const pair of pairs) {
      const { how } = pair;
      lines.push(
        limited(
          `delegate ÷ plain write, ${how}`,
          ratioOf(timings, `delegate, ${how}`, `plain write, ${how}`),
        ),
        ...(await byServer(server, run, pair)),
        ...subjectsOf(pair).map(({ name }) => timed(timings, name)),
      );
    }
    const above = `delegate, ${pairs.at(-1)?.how ?? ""}`;
    const ratio = ratioOf(timings, above, MERGED);
    return {
      title: "Delegation: the script ÷ one that writes the same bytes",
      lines: [
        ...lines,
        { name: `${above} ÷ ${MERGED}`, value: ratio, unit: "ratio" },
        timed(timings, MERGED),
      ],
      notes: notes(plain, merged),
    };
  } finally {
    bare.disconnect();
    await store.close();
    await server.stop();
  }
}

/** Delegations, and as many runs of the plain script. */
interface Pair {
  readonly how: string;
  readonly hops: number;
  readonly work: Work;
  readonly write: Work;
}

/** Calls whose material is made before the clock runs: ids, audit drafts and arguments are whose that calls, on both sides. */
interface Work {
  before(calls: number): void;
  run(): Promise<unknown>;
}

/** @param make Material of the next call. */
function workOf<T>(make: () => T, run: (material: T) => Promise<unknown>): Work {
  const ready: T[] = [];
  let next = 0;
  return {
    before: (calls) => {
      ready.splice(0, next);
      next = 0;
      while (ready.length < calls) ready.push(make());
    },
    run: () => {
      const material = ready[next];
      if (material === undefined) throw new RangeError("nothing was made ready for this call");
      next += 1;
      return run(material);
    },
  };
}

function inBatches(work: Work): Work {
  return { before: (calls) => work.before(calls * BATCH), run: () => many(work.run) };
}

function subjectsOf({ how, hops, work, write }: Pair): [Subject, Subject] {
  return [
    { name: `delegate, ${how}`, batch: hops, run: work.run, before: work.before },
    { name: `plain write, ${how}`, batch: hops, run: write.run, before: write.before },
  ];
}

function timed(timings: Timings, name: string): Line {
  return { name, value: timeOf(timings, name), unit: "us", clock: "wall" };
}

function many(work: () => Promise<unknown>): Promise<unknown> {
  return Promise.all(Array.from({ length: BATCH }, work));
}

function writing(bare: Caller, plain: PlainWrite, key: string): Work {
  const { script } = plain;
  let written = 0;
  return workOf(
    () => plain.argumentsOf(written++),
    (args) => runScript(bare, { script, key, args }, PATIENCE.commandMs),
  );
}

async function creating(store: RedisStore): Promise<Work> {
  const tree = await openTree(store);
  const parent = tree.record.id;
  let made = 0;
  return workOf(
    () => moveOf(tree, { id: newId(), parent, depth: 1, made: made++ }),
    (move) => store.create(move),
  );
}

/** Blocks of both in turn: what the server counts for each hop. */
async function byServer(
  server: RedisServer,
  { effort, quick }: Run,
  { how, hops, work, write }: Pair,
): Promise<Line[]> {
  const calls = Math.ceil((quick ? 640 : 3_200) / hops);
  const block = async ({ before, run }: Work) => {
    before(calls);
    const { us } = await serverWork(server, async () => {
      for (let call = 0; call < calls; call++) await run();
    });
    return us / (calls * hops);
  };
  const times: { work: number; write: number }[] = [];
  for (let round = 0; round < effort.blocks; round++) {
    times.push({ work: await block(work), write: await block(write) });
  }
  const own = "the server's own time";
  return [
    limited(`delegate ÷ plain write, ${how}, ${own}`, spreadOf(times.map((t) => t.work / t.write))),
    { name: `delegate, ${how}, ${own}`, value: spreadOf(times.map((t) => t.work)), unit: "us" },
    { name: `plain write, ${how}, ${own}`, value: spreadOf(times.map((t) => t.write)), unit: "us" },
  ];
}

function limited(name: string, value: Line["value"]): Line {
  return { name, value, unit: "ratio", limit: LIMIT };
}

function notes(plain: PlainWrite, merged: PlainWrite): string[] {
  return [
    `The plain script makes the writes that the server saw ours make for one hop, ${plain.bytes} bytes with keys and fields; it reads and checks nothing.`,
    `Delegations are below one root, one tree. Those that are asked for in one turn, at most ${BATCH}, are made by one script, which writes what they have in common once: ${Math.round(merged.bytes / BATCH)} bytes a hop. One plain script that makes these writes is the last line; the limit is against ${BATCH} plain scripts in flight.`,
    "The server's own time is what it counts for scripts alone; by the caller's watch, round trip and the client's work are in both. What is asked for - a move with its id and its audit draft, a plain script's arguments - is made before the clock runs.",
  ];
}
