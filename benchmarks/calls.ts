/** Authorizing a call end to end: chain, possession, cuts, grants, admission, audit; everything warm. @module */
import { verify } from "node:crypto";
import type { Call } from "../src/guard/decision.js";
import type { Guard } from "../src/guard/guard.js";
import type { GrantInput } from "../src/wire/grant.js";
import {
  type Caller,
  callerOf,
  decide,
  deepHop,
  type Embedded,
  openEmbedded,
  openTree,
} from "./engine-material.js";
import {
  measure,
  percentOf,
  type Run,
  ratioOf,
  type Subject,
  spreadOf,
  type Timings,
  timeOf,
} from "./harness.js";
import { AUDIENCE, at, signedMessages } from "./material.js";
import type { Line, Section } from "./report.js";

const CALLERS = 16;
/**
 * Calls until the compiler has seen enough of the whole of one: a quick run's half second is not three thousand signed ones, where
 * a full run begins after as many as here.
 */
const WARM_UP = 12_000;
/**
 * Calls after which the guard's own decisions are written down, inside the measured time: as many as it writes at once by itself
 * when calls keep coming.
 */
const BATCH = 256;
/** Cuts that the index holds of other trees, hops, agents and people. */
const CUTS = 1_000;

/** Measures calls that the store admits (a budget is charged), and calls that the guard decides alone. */
export async function measureSection(run: Run): Promise<Section> {
  const engine = await openEmbedded();
  const guard = await engine.guard({ audience: AUDIENCE });
  await cutOthers(engine);
  const lines: Line[] = [];
  for (const [label, limits] of [
    ["admitted by the store", { calls: 1_000_000_000 }],
    ["decided locally", {}],
  ] as const) {
    const timings = await measure(await subjectsOf(engine, guard, limits), run.effort);
    lines.push(...linesOf(label, timings));
    if (label === "admitted by the store") lines.push(await readingLine(engine));
  }
  await engine.close();
  return {
    title: "Authorizing a call end to end, warm",
    lines,
    notes: [
      `The tree is five hops deep, the index holds ${CUTS} cuts that do not cover it, and every decision's audit line is settled within the measured time: its place, its content, the one that it follows on.`,
      "In memory a line's text and hash are made when it is first read; that is not within the time of the calls, and has a row of its own.",
      "Admitted by the store: the grant limits calls, so each one is charged. The caller's own work on the proof is not counted.",
    ],
  };
}

async function cutOthers({ coordinator, tenant }: Embedded): Promise<void> {
  const who = { operator: "bench", tenant };
  for (let index = 0; index < CUTS; index++) {
    const hop = `hop-${index}`;
    const tree = `tree-${index % 97}`;
    const kinds = [
      { kind: "hop", tree, hop },
      { kind: "below", tree, hop },
      { kind: "agent", agent: `agent-${index}` },
      { kind: "principal", issuer: "https://idp.example.com", subject: `other-${index}` },
    ] as const;
    await coordinator.revoke(who, { boundary: at(kinds, index) });
  }
}

async function subjectsOf(
  engine: Embedded,
  guard: Guard,
  limits: GrantInput["limits"],
): Promise<Subject[]> {
  const callers: Caller[] = [];
  const bearers: Caller[] = [];
  for (let index = 0; index < CALLERS; index++) {
    callers.push(await callerOf(guard, await deepHop(engine, index, 4, limits)));
    bearers.push(await callerOf(guard, await openTree(engine, index, limits, true)));
  }
  const messages = signedMessages("Ed25519", 64);
  const verifyOne = (index: number): boolean => {
    const { message, publicKey, signature } = at(messages, index);
    return verify(null, message, publicKey, signature);
  };
  return [
    { name: "verify", run: verifyOne },
    // Samples as long as those of signed proofs: what is sampled longer is disturbed more.
    {
      name: "verify on and on",
      batch: BATCH,
      run: (index) => {
        for (let call = 0; call < BATCH; call++) verifyOne(index + call);
      },
    },
    subject("none", guard, (index) => at(bearers, index).bare(index)),
    subject("mac", guard, (index) => at(callers, index).bySession(index)),
    subject("signature", guard, (index) => at(callers, index).bySignature(index)),
  ];
}

/** Pages are long: what is measured is lines. */
const PAGE = 1_000;
const PAGES_MAX = 100;

/** The first reading of the log, page by page: lines are encoded, chained, and read back. */
async function readingLine({ store }: Embedded): Promise<Line> {
  const values: number[] = [];
  for (let page = 0; page < PAGES_MAX; page++) {
    const start = process.cpuUsage();
    const { length } = await store.audit({ from: page * PAGE + 1, limit: PAGE });
    const { user, system } = process.cpuUsage(start);
    if (length < PAGE) break;
    values.push((user + system) / PAGE);
  }
  return { name: "reading a line for the first time", value: spreadOf(values), unit: "us" };
}

/** Calls are made beforehand: what is measured is the guard's work. */
function subject(name: string, guard: Guard, make: (index: number) => Call): Subject {
  let made = 0;
  let calls: Call[] = [];
  return {
    name,
    batch: BATCH,
    warmUp: WARM_UP,
    before: (count) => {
      calls = Array.from({ length: count * BATCH }, () => make(made++));
    },
    run: async () => {
      for (const call of calls.splice(-BATCH)) await decide(guard, call);
      await guard.flush();
    },
  };
}

function linesOf(label: string, timings: Timings): Line[] {
  const percent = (subject: string, name: string, limit: number): Line => ({
    name: `${label}, ${name} ÷ one verify`,
    value: percentOf(timings, subject, "verify"),
    unit: "percent",
    limit,
  });
  return [
    percent("none", "without possession", 6),
    percent("mac", "with the session's MAC", 12),
    {
      name: `${label}, with a signed proof ÷ one verify`,
      value: ratioOf(timings, "signature", "verify on and on"),
      unit: "ratio",
      limit: 1.35,
    },
    { name: `${label}, with the session's MAC`, value: timeOf(timings, "mac"), unit: "us" },
  ];
}
