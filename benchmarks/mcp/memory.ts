/** `tools/call` in one process: what the guard and the carrier add to the SDK's own work. @module */
import { PRESENT_META } from "../../src/wire/mcp.js";
import {
  measure,
  type Run,
  ratioOf,
  type Spread,
  spreadOf,
  type Timings,
  timeOf,
} from "../harness.js";
import type { Line, Section } from "../report.js";
import {
  AUDIENCE,
  calling,
  inMemory,
  inMemoryByHand,
  openBearer,
  openEmbedded,
  openHop,
} from "./material.js";

const GUARD_LIMIT = 0.35;

export async function measureSection({ effort }: Run): Promise<Section> {
  const engine = await openEmbedded();
  const guard = await engine.guard({ audience: AUDIENCE });
  const bearer = await openBearer(engine);
  const bare = await inMemory();
  const byHand = await inMemoryByHand(guard, bearer);
  const carried = await inMemory(guard, await openHop(engine, 1));
  const tokens = { [PRESENT_META]: { tokens: bearer.holder.tokens } };
  const lines: Line[] = [];
  for (const inFlight of [1, 16]) {
    const timings = await measure(
      [
        calling("bare", bare, inFlight),
        calling("guard", byHand, inFlight, tokens),
        calling("mac", carried, inFlight),
      ],
      effort,
    );
    lines.push(...linesOf(`${inFlight} in flight`, timings));
  }
  for (const { close } of [bare, byHand, carried]) await close();
  await engine.close();
  return {
    title: "MCP in one process: tools/call by the SDK's in-memory transport",
    lines,
    notes: [
      "The guard's own work: a guarded call by a bearer anchor, without carrier and proof, less an unguarded call.",
      "By session MAC: with the carrier's work, the client's MAC and the server's check of it.",
    ],
  };
}

function linesOf(label: string, timings: Timings): Line[] {
  return [
    {
      name: `${label}: the guard's own work ÷ an unguarded call`,
      value: less(ratioOf(timings, "guard", "bare"), 1),
      unit: "ratio",
      limit: GUARD_LIMIT,
    },
    {
      name: `${label}: guarded, by session MAC ÷ unguarded`,
      value: ratioOf(timings, "mac", "bare"),
      unit: "ratio",
    },
    { name: `${label}: unguarded`, value: timeOf(timings, "bare"), unit: "us" },
    { name: `${label}: guarded, by session MAC`, value: timeOf(timings, "mac"), unit: "us" },
  ];
}

function less({ median, min, max }: Spread, by: number): Spread {
  return spreadOf([median - by, min - by, max - by]);
}
