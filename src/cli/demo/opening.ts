/** First scenes: a person asks, agents delegate, and the work begins. @module */
import { count } from "../wording.js";
import { ADA, PLANNER, RESEARCHER, readerGrant, TASK, WRITER } from "./cast.js";
import { type Cast, drawn, handOn, hold, type Play, use } from "./play.js";

/** Ada asks; the planner gets the root of a tree. */
export async function ask({ stage, narrator }: Play) {
  await narrator.scene("A person asks");
  const planner = await stage.open({
    principal: ADA,
    trigger: TASK,
    agent: "planner",
    grant: PLANNER,
  });
  narrator.know(planner.id, "planner");
  narrator.step("ada", `asks the planner: ${TASK}`, { hop: planner.id, tree: planner.tree });
  narrator.remark(
    `${" ".repeat(11)}and trusts it with ${count(Object.keys(PLANNER.tools ?? {}).length, "tool")}, 40 calls, 5 minutes`,
  );
  return planner;
}

/** Each delegation is narrower than the one before. */
export async function delegate(
  play: Play,
  planner: Cast["planner"],
  folder: string,
): Promise<Cast> {
  await play.narrator.scene("Every hop gets less than the one before");
  const researcher = await handOn(play, planner, "researcher", RESEARCHER);
  const writer = await handOn(play, planner, "writer", WRITER);
  const reader = await handOn(play, researcher, "reader", readerGrant(folder));
  const { narrator } = play;
  await narrator.refused(
    "researcher",
    "delegates all files of the machine",
    { code: "grant_exceeds_parent", rule: "tools.files.read.path", at: "researcher" },
    () =>
      researcher.delegate({
        agent: "reader",
        grant: { tools: { "files.read": { path: { constraint_type: "path", under: "/" } } } },
      }),
  );
  if (!narrator.terminal.json) narrator.terminal.out();
  await drawn(play, planner.tree);
  return { planner, researcher, reader, writer };
}

/** What the work found. */
export interface Findings {
  readonly files: number;
  readonly lines: number;
  readonly folder: string;
}

/** The agents do what they were asked, with real files. */
export async function work(play: Play, cast: Cast, folder: string): Promise<Findings> {
  const { narrator } = play;
  await narrator.scene("The work begins");
  const { files = [] } = await use(play, cast.researcher, "files.list", { path: "/repo" });
  hold(files.length > 0, "this package has files");
  narrator.step("researcher", `files.list /repo: ${count(files.length, "file")}`, {
    tool: "files.list",
    files: files.length,
  });
  const inside = files.filter((file) => file.startsWith(`${folder}/`)).slice(0, 3);
  let lines = 0;
  for (const path of inside) {
    const { text = "" } = await use(play, cast.reader, "files.read", { path });
    lines += text.split("\n").length;
    narrator.step("reader", `files.read ${path}: ${count(text.length, "character")}`, {
      tool: "files.read",
    });
  }
  return { files: files.length, lines, folder };
}
