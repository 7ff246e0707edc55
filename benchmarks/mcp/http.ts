/** `tools/call` over Streamable HTTP on the loopback, client and server in one process: all that a guarded call costs, against a bare one. @module */
import { measure, type Run, ratioOf, type Timings, timeOf } from "../harness.js";
import type { Line, Section } from "../report.js";
import { AUDIENCE, calling, openEmbedded, openHop, openWeb } from "./material.js";

const LIMIT = 1.15;

export async function measureSection({ effort }: Run): Promise<Section> {
  const engine = await openEmbedded();
  const guard = await engine.guard({ audience: AUDIENCE });
  const [bare, guarded] = [await openWeb(), await openWeb(guard)];
  const unguarded = await bare.connect();
  const carried = await guarded.connect(await openHop(engine, 1));
  const lines: Line[] = [];
  for (const inFlight of [1, 16]) {
    const timings = await measure(
      [calling("bare", unguarded, inFlight), calling("mac", carried, inFlight)],
      effort,
    );
    lines.push(...linesOf(`${inFlight} in flight`, timings));
  }
  for (const { close } of [unguarded, carried, bare, guarded]) await close();
  await engine.close();
  return {
    title: "MCP over Streamable HTTP: tools/call, warm",
    lines,
    notes: [
      "Guarded: the carrier puts chain and MAC into the message and the chain into the header; the guard's middleware and its transport check both. Client and server are one process, so both sides' work counts.",
    ],
  };
}

function linesOf(label: string, timings: Timings): Line[] {
  return [
    {
      name: `${label}: guarded, by session MAC ÷ unguarded`,
      value: ratioOf(timings, "mac", "bare"),
      unit: "ratio",
      limit: LIMIT,
    },
    { name: `${label}: unguarded`, value: timeOf(timings, "bare"), unit: "us" },
    { name: `${label}: guarded, by session MAC`, value: timeOf(timings, "mac"), unit: "us" },
  ];
}
