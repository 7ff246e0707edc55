/** `legate mcp`: the coordinator as an MCP server. @module */
import { opaqueId } from "../base/id.js";
import { systemRandom } from "../base/random.js";
import { type CoordinatorServer, createCoordinatorServer } from "../mcp/coordinator-server.js";
import { serveGatewayHttp } from "../mcp/gateway-http.js";
import { serveGatewayStdio } from "../mcp/gateway-stdio.js";
import { EXIT, type ExitCode } from "./exit.js";
import { type EngineOptions, openEngine } from "./mcp-engine.js";
import { fired, stopSignal } from "./stop-signal.js";
import type { Terminal } from "./terminal.js";

/** What the command was told. */
export interface McpCommandOptions extends EngineOptions {
  readonly audience?: string;
  readonly http: boolean;
  readonly port?: number;
  readonly version: string;
  readonly interrupt: AbortSignal;
}

/** Serves until the caller leaves, or Ctrl-C. @throws {CommandError} as `openEngine` */
export async function mcp(terminal: Terminal, options: McpCommandOptions): Promise<ExitCode> {
  const engine = await openEngine(options);
  const stop = stopSignal(options.interrupt);
  try {
    const { audience = `${engine.issuer}/mcp`, version } = options;
    const guard = await engine.guard({ name: opaqueId("mcp", systemRandom), audience });
    const server = createCoordinatorServer(engine, { guard, audience, version });
    try {
      await serve(terminal, server, engine.issuer, options, stop);
    } finally {
      await server.close();
    }
  } finally {
    await engine.close();
  }
  return EXIT.ok;
}

/** Over stdio only messages go to the output: what is said to people goes elsewhere. */
async function serve(
  terminal: Terminal,
  server: CoordinatorServer,
  issuer: string,
  { http, port }: McpCommandOptions,
  stop: AbortSignal,
): Promise<void> {
  const { name, audience } = server;
  if (!http) {
    terminal.say(`serving the coordinator on standard input and output, for ${audience}`);
    return serveGatewayStdio(server, stop);
  }
  const listening = { issuers: [issuer], ...(port === undefined ? {} : { port }) };
  const web = await serveGatewayHttp({ doors: [server], close: () => server.close() }, listening);
  const url = web.urls.get(name) ?? "";
  if (terminal.json) terminal.record({ server: name, url, audience });
  else terminal.out(`${url}  for ${audience}`);
  terminal.say("Ctrl-C ends it");
  await fired(stop);
  await web.close();
}
