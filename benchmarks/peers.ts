/** The same work in other systems, side by side: mint a root, add a hop, verify and decide one call at depth 1, 4 and 16. @module */
import {
  type Effort,
  exactly,
  measure,
  type Run,
  ratioOf,
  type Subject,
  type Timings,
  timeOf,
} from "./harness.js";
import { at } from "./material.js";
import { biscuitPeer } from "./peers/biscuit.js";
import { legatePeer } from "./peers/legate.js";
import { macaroonPeer } from "./peers/macaroon.js";
import type { Held, Peer } from "./peers/peer.js";
import { ucantoPeer } from "./peers/ucanto.js";
import type { Line, Section } from "./report.js";

const DEPTHS = [1, 4, 16];
/** Chains of each depth. */
const POOL = 8;
/** The slowest takes some 50 ms for one verification: fewer rounds do. */
const EFFORT: Effort = { blocks: 5, rounds: 7, sampleMs: 4, warmUpMs: 400 };

/** Measures ours and all peers, and gives theirs as multiples of ours. */
export async function measureSection(run: Run): Promise<Section> {
  const effort = run.quick ? { ...EFFORT, blocks: 3, rounds: 3, warmUpMs: 100 } : EFFORT;
  const ours = legatePeer();
  const peers: Peer[] = [ours, biscuitPeer(), macaroonPeer(), await ucantoPeer()] as Peer[];
  const lines: Line[] = [];
  const tasks = ["mint", "attenuate", ...DEPTHS.map((depth) => `verify, depth ${depth}`)];
  const prepared = await Promise.all(peers.map(prepare));
  for (const task of tasks) {
    const timings = await measure(
      prepared.map(({ peer, subjects }) => ({ ...subjectOf(subjects, task), name: peer.name })),
      effort,
    );
    lines.push(...linesOf(task, peers, timings));
  }
  for (const depth of DEPTHS) {
    lines.push(
      ...prepared.map(
        ({ peer, bytes }): Line => ({
          name: `bytes, depth ${depth}: ${peer.name}`,
          value: exactly(bytes.get(depth) ?? Number.NaN),
          unit: "bytes",
        }),
      ),
    );
  }
  return {
    title: "Side by side: the same work in other systems, as multiples of ours",
    lines,
    notes: [
      "Each hop narrows to one tool, one folder and a time. Verification starts from the bytes that arrive and decides one call; nothing is cached.",
      "Macaroons are HMAC: whoever verifies holds the secret and could mint. UCAN verification includes the invocation, one more signature.",
      "Ours names agent, principal and holder key at every hop; macaroons and biscuits name none.",
    ],
  };
}

interface Prepared {
  readonly peer: Peer;
  readonly subjects: ReadonlyMap<string, Subject>;
  readonly bytes: ReadonlyMap<number, number>;
}

async function prepare(peer: Peer): Promise<Prepared> {
  const roots = await Promise.all(Array.from({ length: POOL }, (_, index) => peer.root(index)));
  const subjects = new Map<string, Subject>([
    ["mint", { name: "mint", run: (index) => peer.mint(index) }],
    ["attenuate", { name: "attenuate", run: (index) => peer.attenuate(at(roots, index), index) }],
  ]);
  const bytes = new Map<number, number>();
  for (const depth of DEPTHS) {
    const pool = await Promise.all(
      roots.map(async (root, index) => peer.present(await deepen(peer, root, depth, index))),
    );
    for (const [index, presented] of pool.entries()) await peer.verify(presented, index);
    bytes.set(depth, at(pool, 0).bytes);
    const name = `verify, depth ${depth}`;
    subjects.set(name, { name, run: (index) => peer.verify(at(pool, index), index) });
  }
  return { peer, subjects, bytes };
}

async function deepen(peer: Peer, root: Held, depth: number, index: number): Promise<Held> {
  let held = root;
  while (held.depth < depth) held = await peer.deepen(held, index);
  return held;
}

function subjectOf(subjects: ReadonlyMap<string, Subject>, task: string): Subject {
  const subject = subjects.get(task);
  if (subject === undefined) throw new RangeError(`nobody does ${task}`);
  return subject;
}

function linesOf(task: string, peers: readonly Peer[], timings: Timings): Line[] {
  return peers.map(
    ({ name }, place): Line =>
      place === 0
        ? { name: `${task}: ours`, value: timeOf(timings, name), unit: "us" }
        : {
            name: `${task}: ${name} ÷ ours`,
            value: ratioOf(timings, name, peers[0]?.name ?? ""),
            unit: "ratio",
          },
  );
}
