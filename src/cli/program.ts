/** The command line: every command, its options, and its help. What a command does is loaded when it runs. @module */
import { Command, CommanderError } from "commander";
import { addApproval } from "./approval-command.js";
import { EXIT, type ExitCode } from "./exit.js";
import { addDemo, addVectors, addVerify } from "./file-commands.js";
import { addGateway } from "./gateway-command.js";
import { addMcp } from "./mcp-command.js";
import { type End, examplesFirst, type Session } from "./options.js";
import { addStateCommands } from "./state-commands.js";

const EXIT_CODES = `
Exit codes:
  0    ok
  1    error
  2    usage
  3    denied, or verification failed
  4    not found
  5    conflict: another process writes the journal, or the state has moved on
  6    unreachable: the store cannot be read or written
  130  interrupted

Environment:
  LEGATE_JOURNAL  journal that commands read when no --journal is given
  LEGATE_REDIS    URL of a deployment on Redis, the place for one that holds a password
  LEGATE_PREFIX   name of that deployment, "legate" unless set
  LEGATE_GATEWAY  file of a gateway, for legate mcp when no --gateway is given
  LEGATE_TENANT   tenant, "default" unless set
  LEGATE_DEBUG    set to 1 to see where an internal error came from
  NO_COLOR, FORCE_COLOR, TERM=dumb are honoured`;

/** @throws {CommanderError} for usage; whatever the command throws otherwise */
export async function runProgram(args: readonly string[], session: Session): Promise<ExitCode> {
  let exit: ExitCode = EXIT.ok;
  const program = build(session, (code) => {
    exit = code;
  });
  await program.parseAsync([...args], { from: "user" });
  return exit;
}

export { CommanderError };

function build(session: Session, end: End): Command {
  const program = new Command("legate")
    .description("Delegation chains for AI agents: look at trees, explain refusals, cut, verify.")
    .version(session.version, "-V, --version")
    .showSuggestionAfterError(true)
    .helpCommand(false)
    .configureOutput({ writeOut: session.write.out, writeErr: session.write.err })
    .exitOverride();
  examplesFirst(program, [
    "legate demo                          a real delegation, from first hop to last cut",
    "legate tree --journal legate.jsonl   the trees of a journal",
    'legate why HOP --tool files.read --args \'{"path":"/etc/passwd"}\'',
    "legate revoke hop:HOP --dry-run      what a cut would stop",
    "legate verify audit.jsonl            check an audit log offline",
    "legate doctor --redis URL            what of a server's settings does not fit",
    "legate mcp --journal legate.jsonl    the coordinator as an MCP server",
  ]);
  program.addHelpText("after", EXIT_CODES);
  addDemo(program, session, end);
  addStateCommands(program, session, end);
  addApproval(program, session, end);
  addVerify(program, session, end);
  addVectors(program, session, end);
  addMcp(program, session, end);
  addGateway(program, session, end);
  return program;
}
