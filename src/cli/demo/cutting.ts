/** The scene of the cut: what runs is aborted, what lies below is over, what stands beside lives on. @module */
import { setTimeout as pause } from "node:timers/promises";
import type { Boundary } from "../../wire/cut.js";
import { writeBoundary } from "../boundary.js";
import { count, span } from "../wording.js";
import type { Findings } from "./opening.js";
import { type Cast, codeOf, drawn, hold, type Play, use } from "./play.js";

/** How everything below the cut is refused. */
const CUT = { code: "delegation_revoked", at: "researcher" } as const;

/** How long a search in another process of a busy machine may take to begin. */
const BEGIN_MS = 10_000;
/** How long the search runs before somebody pulls the cord. */
const RUNNING_MS = 300;
/** Long enough for a search that had not stopped to go on. */
const SETTLE_MS = 80;

export async function cut(play: Play, cast: Cast, found: Findings): Promise<void> {
  const { narrator, stage, progress } = play;
  const { planner, researcher, reader, writer } = cast;
  await narrator.scene("One cut in the middle, while a call runs");
  const running = timed(
    codeOf(use(play, reader, "files.search", { path: found.folder, text: "import" })),
  );
  for (let waited = 0; progress.looked === 0 && waited < BEGIN_MS; waited += SETTLE_MS) {
    await pause(SETTLE_MS);
  }
  await pause(RUNNING_MS);
  hold(progress.looked < progress.total, "the search still runs");
  narrator.step(
    "reader",
    `files.search ${found.folder}: ${progress.looked} of ${progress.total} files, and on`,
    { tool: "files.search" },
  );

  const boundary: Boundary = { kind: "hop", tree: researcher.tree, hop: researcher.id };
  const { hops, agents, tools } = await stage.preview(boundary);
  narrator.step(
    "operator",
    `preview: ${count(hops, "hop")} (${agents.join(", ")}), ${count(tools.length, "tool")}`,
    { hops, agents, tools },
  );
  const asked = performance.now();
  await stage.revoke(boundary, {
    reason: "the reader follows orders that no person gave",
    by: "operator",
  });
  narrator.step(
    "operator",
    `revoke ${writeBoundary(boundary).replace(researcher.id, "researcher")}`,
    { boundary },
  );
  const { value: code, at } = await running;
  hold(code === "aborted", "the running call is aborted");
  const stoppedMs = at - asked;
  const { looked } = progress;
  await pause(SETTLE_MS);
  hold(progress.looked === looked, "the search looks at no further file");
  narrator.step(
    "reader",
    `its search stopped ${span(stoppedMs)} after the cut was asked for, at file ${progress.looked} of ${progress.total}`,
    {
      tool: "files.search",
      code,
      stoppedMs,
    },
  );

  await narrator.refused("reader", "files.read again", CUT, () =>
    use(play, reader, "files.read", { path: `${found.folder}/x` }),
  );
  await narrator.refused("researcher", "files.list again", CUT, () =>
    use(play, researcher, "files.list", { path: "/repo" }),
  );
  await narrator.refused("researcher", "delegates to a new reader", CUT, () =>
    researcher.delegate({
      agent: "reader",
      grant: {
        tools: { "files.read": { path: { constraint_type: "path", under: found.folder } } },
      },
    }),
  );
  await use(play, writer, "notes.write", { path: "/scratch/out/summary.md", text: summary(found) });
  narrator.step("writer", "notes.write /scratch/out/summary.md: its branch was not cut", {
    tool: "notes.write",
  });
  if (!narrator.terminal.json) narrator.terminal.out();
  await drawn(play, planner.tree);
}

async function timed<T>(running: Promise<T>): Promise<{ value: T; at: number }> {
  const value = await running;
  return { value, at: performance.now() };
}

function summary({ files, lines, folder }: Findings): string {
  return `# Summary\n\n${count(files, "file")}; the first ${count(lines, "line")} under ${folder} were read before the research was stopped.\n`;
}
