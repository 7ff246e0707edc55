/** Delegating end to end: request, possession, narrowing, store, audit line, signature. @module */
import { sign } from "node:crypto";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GrantInput } from "../src/wire/grant.js";
import {
  type Delegator,
  deepHop,
  delegating,
  delegatorOf,
  keyPool,
  openEmbedded,
} from "./engine-material.js";
import {
  type Effort,
  exactly,
  measure,
  type Run,
  ratioOf,
  type Subject,
  timeOf,
} from "./harness.js";
import { at, signedMessages, TEAM_TOOLS } from "./material.js";
import type { Line, Section } from "./report.js";

const PARENTS = 16;
const IN_FLIGHT = 64;
/**
 * Longer samples than elsewhere: in a few milliseconds fit ten delegations, of which the first find every cache full of what was
 * measured before, and in most of them no garbage would be collected.
 */
const SAMPLE_MS = 25;

/** Measures in memory, one after the other, and on a journal, many in flight. */
export async function measureSection(run: Run): Promise<Section> {
  return {
    title: "Delegating end to end, under a warm parent, with the session's MAC",
    lines: [...(await inMemory(run)), ...(await onJournal(run))],
    notes: [
      "The holder's own work is not counted: its MAC, and the delegatee's key, are made elsewhere.",
      "On a journal the time is the clock's on the wall: each delegation waits until its line is on the disk.",
    ],
  };
}

async function inMemory(run: Run): Promise<Line[]> {
  const engine = await openEmbedded();
  const delegators = await delegatorsOf(engine);
  const strangers = await delegatorsOf(engine, ownTools);
  const timings = await measure(
    [
      signing(),
      delegating("delegate", delegators, 1),
      delegating("delegate unseen", strangers, 1),
      delegating("delegate many", delegators, IN_FLIGHT),
    ],
    longer(run.effort),
  );
  await engine.close();
  return [
    {
      name: "delegate in memory ÷ one sign",
      value: ratioOf(timings, "delegate", "sign"),
      unit: "ratio",
      limit: 3,
    },
    {
      name: `delegate in memory, ${IN_FLIGHT} in flight ÷ one sign`,
      value: ratioOf(timings, "delegate many", "sign"),
      unit: "ratio",
    },
    {
      name: "delegate in memory, a grant never seen before ÷ one sign",
      value: ratioOf(timings, "delegate unseen", "sign"),
      unit: "ratio",
    },
    { name: "delegate in memory", value: timeOf(timings, "delegate"), unit: "us" },
  ];
}

async function onJournal(run: Run): Promise<Line[]> {
  const folder = mkdtempSync(join(tmpdir(), "legate-bench-"));
  const journal = join(folder, "journal.jsonl");
  try {
    const engine = await openEmbedded({ journal });
    const delegators = await delegatorsOf(engine);
    const { hops: hopsBefore } = await engine.store.status();
    const bytesBefore = statSync(journal).size;
    const subjects = [signing(), delegating("delegate", delegators, IN_FLIGHT)];
    const wall = await measure(subjects, longer(run.effort), "wall");
    const cpu = await measure(subjects, longer(run.effort));
    const { hops } = await engine.store.status();
    await engine.close();
    const bytes = (statSync(journal).size - bytesBefore) / (hops - hopsBefore);
    const name = `delegate on a journal, ${IN_FLIGHT} in flight ÷ one sign`;
    return [
      { name, value: ratioOf(wall, "delegate", "sign"), unit: "ratio", limit: 4, clock: "wall" },
      { name: `${name} (CPU)`, value: ratioOf(cpu, "delegate", "sign"), unit: "ratio" },
      { name: "journal, for each hop", value: exactly(bytes), unit: "bytes", limit: 1_000 },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function longer(effort: Effort): Effort {
  return { ...effort, sampleMs: SAMPLE_MS };
}

async function delegatorsOf(
  engine: Awaited<ReturnType<typeof openEmbedded>>,
  toolsFor?: typeof ownTools,
): Promise<Delegator[]> {
  const keys = keyPool();
  const delegators: Delegator[] = [];
  for (let index = 0; index < PARENTS; index++) {
    delegators.push(await delegatorOf(engine, await deepHop(engine, index, 3), keys, toolsFor));
  }
  return delegators;
}

/** Narrower for each request in another way, so that neither text nor digest was seen before. */
function ownTools(index: number): GrantInput["tools"] {
  const own = { constraint_type: "path" as const, under: `/reports/${index}` };
  return { ...TEAM_TOOLS, "files.read": { path: own } };
}

function signing(): Subject {
  const messages = signedMessages("Ed25519", 64);
  return {
    name: "sign",
    run: (index) => sign(null, at(messages, index).message, at(messages, index).privateKey),
  };
}
