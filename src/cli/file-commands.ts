/** Commands that need no state: `demo`, `verify`, `vectors`. @module */
import { type Command, Option } from "commander";
import { type Common, type End, examplesFirst, type Session, sub } from "./options.js";

export function addDemo(program: Command, session: Session, end: End): void {
  const command = sub(
    program,
    "demo",
    "run a real delegation: narrowing, refusals, a cut, budgets, the audit",
  )
    .option("--journal <path>", "keep the journal there instead of in a new temporary folder")
    .option("--redis <url>", "in four processes on these servers; one is killed half-way")
    .option("--fast", "no pauses between scenes")
    .action(async (options: Common & { journal?: string; redis?: string; fast?: boolean }) => {
      const { demo } = await import("./demo/demo.js");
      end(
        await demo(session.terminal(options.json === true), {
          ...options,
          fast: options.fast === true,
          command: session.command,
          interrupt: session.interrupt,
        }),
      );
    });
  examplesFirst(command, [
    "legate demo",
    "legate demo --fast --json | jq .",
    "legate demo --redis redis://localhost",
  ]);
}

export function addVerify(program: Command, session: Session, end: End): void {
  const command = sub(program, "verify", "check an audit log offline, and name the first bad line")
    .argument(
      "<file...>",
      "an exported log, or a journal; parts of one log in order; a folder of segments",
    )
    .option(
      "--key <path>",
      "public key (PEM) that the checkpoints beside the files were signed with",
    )
    .option("--tree <id>", "the file is the export of this tree alone")
    .addOption(
      new Option("--tenant <name>", "tenant of that tree").env("LEGATE_TENANT").default("default"),
    )
    .action(
      async (
        files: readonly string[],
        options: Common & { tree?: string; tenant: string; key?: string },
      ) => {
        const { verify } = await import("./verify.js");
        end(verify(session.terminal(options.json === true), files, options));
      },
    );
  examplesFirst(command, [
    "legate verify audit.jsonl",
    "legate verify audit.jsonl --json | jq .ok",
    "legate verify archive audit.jsonl --key archive.pub",
  ]);
}

export function addVectors(program: Command, session: Session, end: End): void {
  const command = sub(
    program,
    "vectors",
    "run conformance vectors: exits 0 only if every case agrees",
  )
    .argument("<file...>", "files, or folders of .json files")
    .action(async (files: readonly string[], options: Common) => {
      const { vectors } = await import("./vectors.js");
      end(vectors(session.terminal(options.json === true), files));
    });
  examplesFirst(command, [
    "legate vectors test/vectors",
    "legate vectors agent-delegation.json --json",
  ]);
}
