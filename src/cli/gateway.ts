/** `legate gateway`: MCP servers that know nothing of delegation, behind a guard. @module */
import { basename } from "node:path";
import { opaqueId } from "../base/id.js";
import { systemRandom } from "../base/random.js";
import { checkCredentials, type Gateway, type GatewayDoor, openGateway } from "../mcp/gateway.js";
import { gatewayPolicy } from "../mcp/gateway-controls.js";
import { serveGatewayHttp } from "../mcp/gateway-http.js";
import { serveGatewayStdio } from "../mcp/gateway-stdio.js";
import {
  type GatewayConfig,
  type GatewayServer,
  parseGatewayConfig,
} from "../wire/gateway-config.js";
import { CommandError, EXIT, type ExitCode } from "./exit.js";
import { gatewayFile, inOrder, told } from "./gateway-file.js";
import { type GroundOptions, openGround } from "./gateway-ground.js";
import { fired, stopSignal } from "./stop-signal.js";
import type { Terminal } from "./terminal.js";

/** What the command was told. */
export interface GatewayCommandOptions extends GroundOptions {
  readonly config?: string;
  readonly url?: string;
  /** Which server of the file; over stdio there is one. */
  readonly server?: string;
  readonly audience?: string;
  readonly tools?: readonly string[];
  readonly http: boolean;
  readonly port?: number;
  readonly check: boolean;
  readonly interrupt: AbortSignal;
}

/** Name of a server that is given on the line. */
const ONLY = "server";

/**
 * Serves until the caller leaves, or Ctrl-C.
 *
 * @param command A server to start, with its arguments; or the servers are those of a file, or one at a URL.
 * @throws {CommandError} `usage` for a configuration that is not in order; as `openGround`
 */
export async function gateway(
  terminal: Terminal,
  command: readonly string[],
  options: GatewayCommandOptions,
): Promise<ExitCode> {
  const config = inOrder(() => configOf(command, options));
  if (options.check) return check(terminal, config);
  const all = options.http && options.server === undefined;
  const only = all ? {} : { only: chosen(config, options.server) };
  const ground = await openGround(options, gatewayPolicy(config));
  const stop = stopSignal(options.interrupt);
  try {
    const log = (server: string, line: string) => terminal.say(`${server}: ${line}`);
    // Two gateways of one deployment may have the same file; their guards must not have the same name.
    const name = options.redis ? opaqueId(config.name, systemRandom) : config.name;
    const opened = await openGateway({ config: { ...config, name }, ...only, ground, log });
    try {
      await serve(terminal, opened, options, stop);
    } finally {
      await opened.close();
    }
  } catch (thrown) {
    throw told(thrown);
  } finally {
    await ground.close();
  }
  return EXIT.ok;
}

async function serve(
  terminal: Terminal,
  opened: Gateway,
  { http, port, issuer }: GatewayCommandOptions,
  stop: AbortSignal,
): Promise<void> {
  const [door] = opened.doors;
  if (!http && door !== undefined) {
    terminal.say(`serving ${door.name} on standard input and output, for ${door.audience}`);
    return serveGatewayStdio(door, stop);
  }
  const web = await serveGatewayHttp(opened, {
    ...(port === undefined ? {} : { port }),
    ...(issuer === undefined ? {} : { issuers: [issuer] }),
  });
  for (const { name, audience } of opened.doors) {
    tellDoor(terminal, { name, audience }, web.urls.get(name) ?? "");
  }
  terminal.say("Ctrl-C ends it");
  await fired(stop);
  await web.close();
}

function tellDoor(
  terminal: Terminal,
  { name, audience }: Pick<GatewayDoor, "name" | "audience">,
  url: string,
): void {
  if (terminal.json) terminal.record({ server: name, url, audience });
  else terminal.out(`${name}  ${url}  for ${audience}`);
}

function configOf(
  command: readonly string[],
  { config, url, audience, tools }: GatewayCommandOptions,
): GatewayConfig {
  const said = [command.length > 0, url !== undefined, config !== undefined].filter(Boolean);
  if (said.length !== 1) {
    throw new CommandError(
      EXIT.usage,
      "which server? a command, a url, or a file of servers: name one",
      "legate gateway -- COMMAND, legate gateway --url URL, or legate gateway --config FILE",
    );
  }
  if (config !== undefined) {
    if (audience !== undefined || tools !== undefined) {
      throw new CommandError(
        EXIT.usage,
        "audience and tools of the servers of a file stand in the file",
        "under legate.servers.NAME",
      );
    }
    return gatewayFile(config);
  }
  const [program, ...args] = command;
  const controls = {
    ...(audience === undefined ? {} : { audience }),
    ...(tools === undefined ? {} : { tools }),
  };
  return parseGatewayConfig({
    mcpServers: { [ONLY]: url === undefined ? { command: program, args } : { url } },
    legate: { servers: { [ONLY]: controls } },
  });
}

/** @throws {CommandError} `usage` */
function chosen({ servers }: GatewayConfig, name: string | undefined): string {
  const names = servers.map((server) => server.name).join(", ");
  const found = servers.filter((server) => name === undefined || server.name === name);
  const [only] = found;
  if (only !== undefined && found.length === 1) return only.name;
  throw new CommandError(
    EXIT.usage,
    name === undefined ? "which server? one is served over stdio" : `no such server: ${name}`,
    `--server NAME, of ${names}; or --http for all of them`,
  );
}

function check(terminal: Terminal, config: GatewayConfig): ExitCode {
  for (const server of config.servers) {
    const secret = inOrder(() => checkCredentials(server));
    const { name, run, controls } = server;
    const { audience, risk, toolRisk, tools, isolation } = controls;
    const at = placeOf(run);
    const credential = [controls.credential.env, controls.credential.headers].flatMap(Object.keys);
    if (terminal.json) {
      terminal.record({ server: name, at, audience, risk, toolRisk, tools, isolation, credential });
      continue;
    }
    terminal.out(`${name}  ${at}  for ${audience}`);
    terminal.out(
      `  risk        ${[risk, ...Object.entries(toolRisk).map((one) => one.join(" "))].join(", ")}`,
    );
    terminal.out(
      `  tools       ${tools === undefined ? "all that a chain allows" : tools.join(", ")}`,
    );
    terminal.out(`  isolation   ${isolation}`);
    terminal.out(`  credential  ${credential.length === 0 ? "none" : credential.join(", ")}`);
    terminal.out(`  kept secret ${secret === 1 ? "1 value" : `${secret} values`}`);
  }
  return EXIT.ok;
}

/** Enough to know it by; arguments and paths may hold what is nobody's business. */
function placeOf(run: GatewayServer["run"]): string {
  if (run.kind === "stdio") return basename(run.command);
  return URL.canParse(run.url) ? new URL(run.url).host : "at a url";
}
