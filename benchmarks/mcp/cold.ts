/** The first call of a hop that the server has never seen: connect, initialize, one `tools/call`, close. @module */
import type { CarriedHop } from "../../src/carry/hop.js";
import { measure, type Run, ratioOf, type Subject, type Timings, timeOf } from "../harness.js";
import { at } from "../material.js";
import type { Line, Section } from "../report.js";
import {
  AUDIENCE,
  type Connected,
  calling,
  type Embedded,
  inMemory,
  openEmbedded,
  openHop,
  openWeb,
} from "./material.js";

type Connect = (hop?: CarriedHop) => Promise<Connected>;

export async function measureSection({ effort }: Run): Promise<Section> {
  const engine = await openEmbedded();
  const guard = await engine.guard({ audience: AUDIENCE });
  const [bare, guarded] = [await openWeb(), await openWeb(guard)];
  const hops = await hopsOf(engine);
  const lines: Line[] = [];
  for (const inFlight of [1, 16]) {
    const label = `${inFlight} in flight`;
    const memory = await measure(
      [
        first("bare", inFlight, () => inMemory()),
        first("guarded", inFlight, (hop) => inMemory(guard, hop), hops),
      ],
      effort,
    );
    const http = await measure(
      [
        first("bare", inFlight, () => bare.connect()),
        first("guarded", inFlight, (hop) => guarded.connect(hop), hops),
      ],
      effort,
    );
    lines.push(...linesOf(`in one process, ${label}`, memory));
    lines.push(...linesOf(`over HTTP, ${label}`, http));
  }
  await Promise.all([bare.close(), guarded.close()]);
  await engine.close();
  return {
    title: "MCP cold: connect, the first tools/call of an unseen hop, close",
    lines,
    notes: [
      "A chain is verified, a signed proof made and checked, and a session agreed for every connection; the bare one has nothing of it. In flight: calls beside each other on the new connection.",
    ],
  };
}

/** Hops of their own for every connection; when they are used up they come again, long after the guard's cache has let go of none. */
async function hopsOf(engine: Embedded): Promise<() => CarriedHop> {
  const hops: CarriedHop[] = [];
  for (let index = 0; index < HOPS; index++) hops.push(await openHop(engine, index));
  let next = 0;
  return () => at(hops, next++);
}

const HOPS = 4_000;

function first(name: string, inFlight: number, connect: Connect, hops?: () => CarriedHop): Subject {
  return {
    name,
    run: async (index) => {
      const connected = await connect(hops?.());
      await calling(name, connected, inFlight).run(index);
      await connected.close();
    },
  };
}

function linesOf(label: string, timings: Timings): Line[] {
  return [
    {
      name: `${label}: guarded ÷ unguarded`,
      value: ratioOf(timings, "guarded", "bare"),
      unit: "ratio",
    },
    { name: `${label}: guarded`, value: timeOf(timings, "guarded"), unit: "us" },
  ];
}
