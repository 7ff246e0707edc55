/** The command `gateway`, its options and its help. @module */
import type { Command } from "commander";
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
  readonly config?: string;
  readonly url?: string;
  readonly server?: string;
  readonly audience?: string;
  readonly tools?: string[];
  readonly http?: boolean;
  readonly port?: number;
  readonly outbox?: string;
  readonly check?: boolean;
  readonly issuer?: string;
  readonly jwks?: string;
}

export function addGateway(program: Command, session: Session, end: End): void {
  const command = outbox(
    state(
      sub(program, "gateway", "put MCP servers that know nothing of delegation behind a guard"),
    ),
  )
    .argument("[command...]", "a server to start, after --")
    .option("--config <file>", "servers of a file: an mcpServers JSON, with a section legate")
    .option("--url <url>", "a server at a URL")
    .option("--server <name>", "which server of the file; all of them over HTTP unless told")
    .option("--audience <url>", "what tokens for the server name")
    .option("--tools <name...>", "tools that exist for callers; all unless told")
    .option("--http", "serve over HTTP on this machine, one path for each server")
    .option("--port <number>", "port to listen on; a free one unless told", whole)
    .option("--check", "read file and credentials, tell what would be served, and end")
    .option("--issuer <url>", "who signs the tokens; https://legate.localhost unless told")
    .option("--jwks <file>", "public keys of the issuer, on Redis")
    .action(async (server: readonly string[], options: Told) => {
      const { gateway } = await import("./gateway.js");
      const { http = false, check = false, ...rest } = options;
      const terminal = session.terminal(options.json === true);
      end(await gateway(terminal, server, { ...rest, http, check, interrupt: session.interrupt }));
    });
  examplesFirst(command, [
    "legate gateway --journal legate.jsonl -- npx -y @modelcontextprotocol/server-filesystem /reports",
    "legate gateway --config servers.json --check",
    "legate gateway --config servers.json --server tickets",
    "legate gateway --config servers.json --http --redis URL --issuer URL --jwks keys.json",
  ]);
}
