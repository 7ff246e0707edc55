/** Commands that read or change a state: `tree`, `show`, `why`, `revoke`, `export`, `doctor`. @module */
import type { Command } from "commander";
import { BOUNDARY_FORMS } from "./boundary-forms.js";
import {
  type Common,
  type End,
  examplesFirst,
  positive,
  redis,
  type Session,
  type State,
  state,
  sub,
  whole,
} from "./options.js";
import type { TreeOptions } from "./tree.js";

export function addStateCommands(program: Command, session: Session, end: End): void {
  addTree(program, session, end);
  addShow(program, session, end);
  addWhy(program, session, end);
  addRevoke(program, session, end);
  addExport(program, session, end);
  addDoctor(program, session, end);
}

function addTree(program: Command, session: Session, end: End): void {
  const command = state(sub(program, "tree", "list trees, or draw one from a hop downwards"))
    .argument("[id]", "id of a tree or of any hop in it")
    .option("--depth <levels>", "levels below the first", whole)
    .option("--limit <hops>", "hops to read at most", positive, 200)
    .option("--each", "draw siblings one by one, however alike they are")
    .option("--agent <name>", "list the trees where this agent acts")
    .option("--principal <issuer#subject>", "list the trees of this person")
    .action(
      async (id: string | undefined, options: State & Partial<TreeOptions> & { limit: number }) => {
        const [{ tree }, { withState }] = await Promise.all([
          import("./tree.js"),
          import("./state.js"),
        ]);
        const how = { ...options, each: options.each === true };
        end(
          await withState(options, "read", (opened) =>
            tree(session.terminal(options.json === true), opened, id, how),
          ),
        );
      },
    );
  examplesFirst(command, [
    "legate tree",
    "legate tree TREE --depth 2",
    "legate tree HOP --json | jq .agent",
    "legate tree --agent researcher",
  ]);
}

function addShow(program: Command, session: Session, end: End): void {
  const command = state(
    sub(program, "show", "one hop: its record, its chain, its grant beside its parent's"),
  )
    .argument("<hop>", "id of the hop")
    .action(async (hop: string, options: State) => {
      const [{ show }, { withState }] = await Promise.all([
        import("./show.js"),
        import("./state.js"),
      ]);
      end(
        await withState(options, "read", (opened) =>
          show(session.terminal(options.json === true), opened, hop),
        ),
      );
    });
  examplesFirst(command, ["legate show HOP", "legate show HOP --json | jq .diff"]);
}

function addWhy(program: Command, session: Session, end: End): void {
  const command = state(
    sub(program, "why", "would a call pass, and if not, which hop and rule say no"),
  )
    .argument("<hop>", "id of the hop that calls")
    .option("--tool <name>", "the tool; without one, what stopped the hop last")
    .option("--args <json>", "its arguments, a JSON object")
    .option("--audience <name>", "where it is called; the hop's own audience unless told")
    .option("--operator", "show the values of arguments, too")
    .action(
      async (
        hop: string,
        options: State & { tool?: string; args?: string; audience?: string; operator?: boolean },
      ) => {
        const [{ why }, { withState }] = await Promise.all([
          import("./why.js"),
          import("./state.js"),
        ]);
        const asked = { ...options, operator: options.operator === true };
        end(
          await withState(options, "read", (opened) =>
            why(session.terminal(options.json === true), opened, hop, asked),
          ),
        );
      },
    );
  examplesFirst(command, [
    "legate why HOP",
    'legate why HOP --tool files.read --args \'{"path":"/etc/passwd"}\'',
  ]);
}

function addRevoke(program: Command, session: Session, end: End): void {
  const command = state(sub(program, "revoke", "cut a tree; what is cut stays cut"))
    .argument("<boundary>", "where to cut")
    .option("-n, --dry-run", "only show what would stop")
    .option("--reason <text>", "why, for the audit")
    .option("--by <name>", "who, for the audit; the user that runs this unless told")
    .option("-y, --yes", "do not ask, and do not count first")
    .option("--replicas <n>", "replicas on Redis that must have the cut too", whole, 0)
    .option("--wait", "answer once every guard has the cut, or denies because it knows too little")
    .action(
      async (
        boundary: string,
        options: State & {
          dryRun?: boolean;
          reason?: string;
          by?: string;
          yes?: boolean;
          replicas: number;
          wait?: boolean;
        },
      ) => {
        const { revoke } = await import("./revoke.js");
        const how = {
          ...options,
          dryRun: options.dryRun === true,
          yes: options.yes === true,
          wait: options.wait === true,
          command: session.command,
        };
        end(await revoke(session.terminal(options.json === true), boundary, how));
      },
    );
  examplesFirst(command, [
    "legate revoke hop:HOP --dry-run",
    "legate revoke agent:researcher --reason 'acts odd' --yes",
  ]);
  command.addHelpText(
    "after",
    `\nBoundaries:\n${BOUNDARY_FORMS.map((form) => `  ${form}`).join("\n")}`,
  );
}

interface Archiving {
  readonly archive?: string;
  readonly before: string;
  readonly key?: string;
}

function addExport(program: Command, session: Session, end: End): void {
  const command = state(
    sub(program, "export", "write the audit log out, for legate verify and for keeping elsewhere"),
  )
    .option("--tree <id>", "lines of this tree alone; without it all lines of all tenants")
    .option("--archive <folder>", "write sealed lines as files there, and forget them on Redis")
    .option("--before <when>", "archive lines older than that: 90d, or an instant", "90d")
    .option("--key <path>", "private key (Ed25519, PEM) that signs the files' checkpoints")
    .action(async (options: State & Archiving & { tree?: string }) => {
      const terminal = session.terminal(options.json === true);
      const { tree, archive: folder } = options;
      const { withState } = await import("./state.js");
      if (folder !== undefined) {
        const { archiveLog } = await import("./archive.js");
        const how = { ...options, folder, origin: `${options.prefix}/audit` };
        end(await withState(options, "write", (opened) => archiveLog(terminal, opened, how)));
        return;
      }
      const { exportLog } = await import("./export.js");
      end(await withState(options, "read", (opened) => exportLog(terminal, opened, tree)));
    });
  examplesFirst(command, [
    "legate export > audit.jsonl && legate verify audit.jsonl",
    "legate export --tree TREE > tree.jsonl && legate verify tree.jsonl --tree TREE",
    "legate export --archive archive --before 90d --key archive.pem",
  ]);
}

function addDoctor(program: Command, session: Session, end: End): void {
  const command = redis(
    sub(
      program,
      "doctor",
      "the settings of Redis that the promises rest on: exits 3 if one does not fit",
    ),
  )
    .option("--replicas <n>", "replicas that a write is to wait for", whole, 0)
    .option("--accept <names>", "promises that are given up, with commas between", listed, [])
    .option(
      "--acl",
      "only print the servers' users, with the fewest rights that do, as lines of an aclfile",
    )
    .option("--partitions <n>", "partitions that these users are for; 64 unless told", whole)
    .action(
      async (
        options: Common & {
          redis?: string;
          prefix: string;
          replicas: number;
          accept: readonly string[];
          acl?: boolean;
          partitions?: number;
        },
      ) => {
        if (options.acl === true) {
          const { acl } = await import("./acl.js");
          end(acl(session.terminal(options.json === true), options, process.env));
          return;
        }
        const { doctor } = await import("./doctor.js");
        end(await doctor(session.terminal(options.json === true), options));
      },
    );
  examplesFirst(command, [
    "legate doctor --redis redis://localhost",
    "legate doctor --redis redis://localhost --replicas 1 --accept memory --json",
    "legate doctor --acl > users.acl",
  ]);
}

function listed(text: string): string[] {
  return text.split(",").filter((name) => name !== "");
}
