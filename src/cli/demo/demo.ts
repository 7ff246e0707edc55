/** `legate demo`: a real delegation from the first hop to the last cut. The agents' plan is scripted; all else is real. @module */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CommandError, EXIT, type ExitCode } from "../exit.js";
import type { Terminal } from "../terminal.js";
import { count } from "../wording.js";
import { injection } from "./attack.js";
import { INBOX_NOTE } from "./cast.js";
import { cut } from "./cutting.js";
import { audit, budgets, completion } from "./ending.js";
import { BrokenPromise, Narrator } from "./narrator.js";
import { ask, delegate, work } from "./opening.js";
import { type Cast, hold, type Play } from "./play.js";
import type { Stage } from "./stage.js";
import { makeTools, type Places, type Progress } from "./tools.js";

/** What the command was told. */
export interface DemoOptions {
  readonly journal?: string;
  /** URL of servers on which the story is told in four processes; may hold a password. */
  readonly redis?: string;
  readonly fast: boolean;
  readonly command: string;
  readonly interrupt: AbortSignal;
}

/** Refusals that the story promises; a run with fewer has lost one. */
const REFUSALS = 12;

/** @throws {CommandError} when the journal is there already, or when something promised did not happen */
export async function demo(terminal: Terminal, options: DemoOptions): Promise<ExitCode> {
  const places = await prepare();
  const journal = options.journal ?? join(places.scratch, "journal.jsonl");
  if (existsSync(journal)) {
    throw new CommandError(
      EXIT.conflict,
      `there is a journal already: ${journal}`,
      "name another one",
    );
  }
  await mkdir(dirname(journal), { recursive: true });
  const narrator = new Narrator(terminal, options.fast);
  const progress: Progress = { looked: 0, total: 0 };
  const { stage, look } = await opened({ ...options, journal, places, progress });
  const play: Play = { stage, narrator, progress, places };
  try {
    const told = perform(play, journal);
    const cast = await Promise.race([told, interrupted(options.interrupt)]);
    closing(terminal, cast, { journal, look, scratch: places.scratch, command: options.command });
    return EXIT.ok;
  } catch (thrown) {
    if (!(thrown instanceof BrokenPromise)) throw thrown;
    throw new CommandError(
      EXIT.error,
      `the demo does not hold what it promises: ${thrown.message}`,
    );
  } finally {
    await stage.close().catch(() => undefined);
  }
}

async function perform(play: Play, journal: string): Promise<Cast> {
  const folder = existsSync(join(play.places.repo, "src")) ? "/repo/src" : "/repo/dist";
  const cast = await delegate(play, await ask(play), folder);
  const found = await work(play, cast, folder);
  await injection(play, cast);
  await play.stage.interlude?.(
    play.narrator,
    cast.reader,
    `${folder}/cli/main.${folder.endsWith("src") ? "ts" : "js"}`,
  );
  await cut(play, cast, found);
  await budgets(play, cast);
  await completion(play, cast);
  await audit(play, journal);
  hold(play.narrator.refusals === REFUSALS, "every refusal of the story took place");
  return cast;
}

/** The stage, and the lines that name its store to other commands. */
async function opened(told: {
  readonly redis?: string;
  readonly journal: string;
  readonly places: Places;
  readonly progress: Progress;
}): Promise<{ readonly stage: Stage; readonly look: readonly string[] }> {
  const { redis, journal, places, progress } = told;
  if (redis === undefined) {
    const { openStage } = await import("./embedded-stage.js");
    const stage = await openStage(journal, makeTools(places, progress));
    return { stage, look: [`export LEGATE_JOURNAL=${journal}`] };
  }
  const { openRedisStage } = await import("./redis-stage.js");
  return openRedisStage({ url: redis, audit: journal, places, progress });
}

/** A scratch folder with an inbox in it; this package's own folder to read from. */
async function prepare(): Promise<Places> {
  const scratch = await mkdtemp(join(tmpdir(), "legate-demo-"));
  await mkdir(join(scratch, "inbox"));
  await writeFile(join(scratch, "inbox", "vendor-notes.md"), INBOX_NOTE);
  return { repo: fileURLToPath(new URL("../../..", import.meta.url)), scratch };
}

function interrupted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const stop = () => reject(new CommandError(EXIT.interrupted, "interrupted"));
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
  });
}

function closing(
  terminal: Terminal,
  { planner, reader }: Cast,
  {
    journal,
    look,
    scratch,
    command,
  }: { journal: string; look: readonly string[]; scratch: string; command: string },
): void {
  if (terminal.json) {
    terminal.record({
      scene: "end",
      outcome: "done",
      refusals: REFUSALS,
      journal,
      scratch,
      tree: planner.tree,
      reader: reader.id,
    });
    return;
  }
  terminal.out();
  terminal.out(`${count(REFUSALS, "refusal")}, each by the hop and the rule that it had to be.`);
  terminal.out("What happened is still there. Look at it:");
  terminal.out();
  for (const line of [
    ...look,
    `${command} tree ${planner.tree}`,
    `${command} show ${reader.id}`,
    `${command} why ${reader.id}`,
    `${command} why ${reader.id} --tool files.read --args '{"path":"/etc/passwd"}'`,
    `${command} verify ${journal}`,
  ]) {
    terminal.out(`  ${line}`);
  }
}
