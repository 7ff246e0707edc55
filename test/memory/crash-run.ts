/** Kills a writer in the middle of its work and checks what its journal holds afterwards. @module */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { verifyLog } from "../../src/audit/verify.js";
import { ManualClock } from "../../src/base/clock.js";
import { createMemoryStore, type MemoryStore } from "../../src/memory/store.js";
import { START_MS } from "../contract/stage.js";

const WRITER = join(import.meta.dirname, "crash-writer.ts");

interface Fact {
  readonly op: string;
  readonly id?: string;
  readonly ids?: readonly string[];
}

export interface CrashReport {
  readonly acknowledged: number;
  readonly torn: boolean;
  /** What does not hold; empty when all is well. */
  readonly faults: readonly string[];
}

/** Runs a writer of `operations` on `journal` and kills it with SIGKILL after `killAfter` acknowledgements. */
export async function crash(
  journal: string,
  seed: number,
  operations: number,
  killAfter: number,
): Promise<CrashReport> {
  const facts = await factsUntilKilled(journal, seed, operations, killAfter);
  const store = createMemoryStore({ clock: new ManualClock(START_MS), journal });
  try {
    const faults = await faultsOf(store, journal, `run${seed}-root`, facts);
    return { acknowledged: facts.length, torn: store.recovered !== undefined, faults };
  } finally {
    await store.close();
  }
}

async function factsUntilKilled(
  journal: string,
  seed: number,
  operations: number,
  killAfter: number,
): Promise<readonly Fact[]> {
  const child = spawn(
    process.execPath,
    ["--import", "tsx", WRITER, journal, String(seed), String(operations)],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const gone = once(child, "exit");
  const facts: Fact[] = [];
  // What was told before the kill counts, also when it is read after it.
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.endsWith("}")) facts.push(JSON.parse(line));
    if (facts.length === killAfter) child.kill("SIGKILL");
  }
  await gone;
  return facts;
}

async function faultsOf(
  store: MemoryStore,
  journal: string,
  root: string,
  facts: readonly Fact[],
): Promise<string[]> {
  const faults: string[] = [];
  const check = (holds: boolean, what: string) => {
    if (!holds) faults.push(what);
  };
  for (const { op, id = "", ids = [] } of facts) {
    if (op === "make" || op === "open")
      check((await store.hop("acme", id)) !== undefined, `lost ${id}`);
    for (const one of ids) check((await store.hop("acme", one)) !== undefined, `lost ${one}`);
    if (op === "cut") {
      const chain = await store.chain("acme", id);
      check(chain.at(-1)?.effective === "revoked", `lost the cut of ${id}`);
    }
  }
  const lines = readFileSync(journal, "utf8").trimEnd().split("\n");
  const verdict = verifyLog(lines);
  check(verdict.ok, `log: line ${verdict.firstBad?.line} ${verdict.firstBad?.reason}`);
  const cuts = new Set((await store.snapshot()).entries.map((entry) => hopOf(entry)));
  for (const { op, id } of facts) if (op === "unseen") check(cuts.has(id), `lost the cut of ${id}`);
  await checkCounts(store, root, lines, facts, check);
  return faults;
}

/** Nothing is half there: every count is what the log and the tree say. */
async function checkCounts(
  store: MemoryStore,
  root: string,
  lines: readonly string[],
  facts: readonly Fact[],
  check: (holds: boolean, what: string) => void,
): Promise<void> {
  if ((await store.hop("acme", root)) === undefined) return;
  const { calls, descendants } = await store.counters("acme", root);
  const told = lines.filter((line) => line.includes('"kind":"call"') && line.includes(root)).length;
  check(calls === told, `calls ${calls}, in the log ${told}`);
  check(calls >= facts.filter(({ op }) => op === "admit").length, "lost a call");
  let total = 0;
  let cursor: string | undefined;
  const pairs = new Map<string, number>();
  do {
    const page = await store.page("acme", root, {
      limit: 500,
      ...(cursor === undefined ? {} : { cursor }),
    });
    total += page.nodes.length;
    for (const { hop } of page.nodes) {
      if (!/[xy]$/.test(hop.id)) continue;
      const pair = hop.id.slice(0, -1);
      pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
    }
    cursor = page.next;
  } while (cursor !== undefined);
  check(descendants === total - 1, `descendants ${descendants} of ${total} hops`);
  for (const [pair, count] of pairs) check(count === 2, `half of ${pair}`);
}

function hopOf(entry: { readonly kind: string; readonly boundary?: object }): unknown {
  return (entry.boundary as { hop?: unknown } | undefined)?.hop;
}
