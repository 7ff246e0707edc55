/** The command `mcp`, its options and its help. @module */
import { type Command, Option } from "commander";
import {
  type End,
  examplesFirst,
  outbox,
  type Session,
  type State,
  state,
  sub,
  whole,
} from "./options.js";

interface Told extends State {
  readonly audience?: string;
  readonly issuer?: string;
  readonly keys?: string;
  readonly gateway?: string;
  readonly http?: boolean;
  readonly port?: number;
  readonly outbox?: string;
}

export function addMcp(program: Command, session: Session, end: End): void {
  const command = outbox(
    state(
      sub(
        program,
        "mcp",
        "serve the coordinator to agents over MCP: delegate, inspect, revoke, ask",
      ),
    ),
  )
    .option("--audience <url>", "what tokens for it name; the issuer and /mcp unless told")
    .option("--issuer <url>", "who signs the tokens; that of a journal unless told")
    .option("--keys <file>", "private keys of the issuer, on Redis")
    .addOption(
      new Option(
        "--gateway <file>",
        "servers of a gateway: agents ask here for approvals of what is of high risk there",
      ).env("LEGATE_GATEWAY"),
    )
    .option("--http", "serve over HTTP on this machine instead of standard input and output")
    .option("--port <number>", "port to listen on; a free one unless told", whole)
    .action(async (options: Told) => {
      const { mcp } = await import("./mcp.js");
      const { version, interrupt } = session;
      const terminal = session.terminal(options.json === true);
      end(await mcp(terminal, { ...options, http: options.http === true, version, interrupt }));
    });
  examplesFirst(command, [
    "legate mcp --journal legate.jsonl",
    "legate mcp --journal legate.jsonl --http --port 7300",
    "legate mcp --redis URL --issuer URL --keys keys.json --http",
    "legate mcp --redis URL --issuer URL --keys keys.json --gateway servers.json",
  ]);
}
