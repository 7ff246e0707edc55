/** `legate mcp`: the coordinator as an MCP server. @module */
import { opaqueId } from "../base/id.js";
import { systemRandom } from "../base/random.js";
import { type CoordinatorServer, createCoordinatorServer } from "../mcp/coordinator-server.js";
import { ticketPolicy } from "../mcp/gateway-controls.js";
import { serveGatewayHttp } from "../mcp/gateway-http.js";
import { serveGatewayStdio } from "../mcp/gateway-stdio.js";
import type { PolicyEngine } from "../policy/engine.js";
import { EXIT, type ExitCode } from "./exit.js";
import { gatewayFile } from "./gateway-file.js";
import { type EngineOptions, openEngine } from "./mcp-engine.js";
import { fired, stopSignal } from "./stop-signal.js";
import type { Terminal } from "./terminal.js";

/** What the command was told. */
export interface McpCommandOptions extends EngineOptions {
  readonly audience?: string;
  /** File of a gateway: tickets for its servers are handed out by its rules. */
  readonly gateway?: string;
  readonly http: boolean;
  readonly port?: number;
  readonly version: string;
  readonly interrupt: AbortSignal;
}

/** The coordinator itself is none of the gateway's servers. */
const NO_RULES: PolicyEngine = {
  version: "",
  decide: () => ({ effect: "allow", rules: [], obligations: [] }),
};

/** Serves until the caller leaves, or Ctrl-C. @throws {CommandError} as `openEngine` */
export async function mcp(terminal: Terminal, options: McpCommandOptions): Promise<ExitCode> {
  const { gateway } = options;
  const policy = gateway === undefined ? undefined : ticketPolicy(gatewayFile(gateway));
  const engine = await openEngine(policy === undefined ? options : { ...options, policy });
  const stop = stopSignal(options.interrupt);
  try {
    const { audience = `${engine.issuer}/mcp`, version } = options;
    const name = opaqueId("mcp", systemRandom);
    const guard = await engine.guard({ name, audience, ...(policy && { policy: NO_RULES }) });
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
