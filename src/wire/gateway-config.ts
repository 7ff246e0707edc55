/**
 * The gateway's file: an `mcpServers` JSON as clients have it, and beside it our own section `legate`.
 *
 * What clients wrote is read loosely: members that we do not know are theirs. What is ours is closed, so that a misspelt control refuses
 * to load instead of not being there.
 *
 * @module
 */
import { z } from "zod";
import { DelegationError } from "../base/error.js";
import {
  APPROVERS_MAX,
  GATEWAY_CALL_SECONDS_DEFAULT,
  GATEWAY_CALL_SECONDS_MAX,
  GATEWAY_SERVERS_MAX,
  NAME_CHARS_MAX,
  TOOLS_MAX,
} from "../base/limits.js";
import { METHOD_PREFIX } from "./mcp.js";
import { parseShape } from "./shape.js";

const name = z.string().min(1).max(NAME_CHARS_MAX);
/** Some clients write numbers and booleans here. */
const setting = z.union([z.string(), z.number().transform(String), z.boolean().transform(String)]);
const settings = z.record(name, setting).default({});
/** RFC 9110 §5.6.2 */
const headerName = name.regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/);
const variable = name.regex(/^[A-Za-z_][A-Za-z0-9_]*$/);

const processSchema = z.looseObject({
  type: z.literal("stdio").optional(),
  command: z.string().min(1),
  args: z.array(z.string()).default([]),
  env: settings,
  cwd: z.string().min(1).optional(),
  disabled: z.boolean().default(false),
});
const remoteSchema = z.looseObject({
  type: z.enum(["http", "streamable-http", "streamableHttp", "sse"]).optional(),
  url: z.string().min(1).max(8_192),
  headers: z.record(headerName, setting).default({}),
  disabled: z.boolean().default(false),
});

/** How much can go wrong: what is asked of a call rises with it. */
const riskSchema = z.enum(["low", "medium", "high"]);
/** How much can go wrong: what is asked of a call rises with it. */
export type Risk = z.infer<typeof riskSchema>;

/** Where a secret is: read for each process or connection anew, so that one which was replaced is used from then on. */
const sourceSchema = z
  .strictObject({
    fromEnv: variable.optional(),
    /** A file that holds nothing else; a line break at its end does not count. */
    fromFile: z.string().min(1).optional(),
    /** What stands before it, `Bearer ` for instance. */
    prefix: z.string().max(NAME_CHARS_MAX).default(""),
  })
  .refine(({ fromEnv, fromFile }) => (fromEnv === undefined) !== (fromFile === undefined));
/** Where a secret is read from: a variable of the environment or a file, one of them. */
export type SecretSource = z.infer<typeof sourceSchema>;

const toolName = name.refine((tool) => !tool.startsWith(METHOD_PREFIX));
const approvalSchema = z
  .strictObject({
    approvers: z.int().min(1).max(APPROVERS_MAX).default(1),
    from: z.array(name).min(1).max(256).optional(),
  })
  .refine(({ approvers, from }) => from === undefined || new Set(from).size >= approvers);

const controlsSchema = z.strictObject({
  /** The resource that callers' tokens name; unless told, one that is made of the gateway's and the server's name. */
  audience: name.optional(),
  /** Tools that exist for callers; all unless told. */
  tools: z.array(toolName).max(TOOLS_MAX).optional(),
  /** Resources and prompts that exist for callers: whole names, or beginnings followed by `*`; all unless told. */
  resources: z.array(name).max(TOOLS_MAX).optional(),
  prompts: z.array(name).max(TOOLS_MAX).optional(),
  risk: riskSchema.default("medium"),
  /** Of single tools, where it is another. */
  toolRisk: z.record(toolName, riskSchema).default({}),
  /** Who has to agree to a call of high risk. */
  approval: approvalSchema.default({ approvers: 1 }),
  /** Who shares one process with whom; see {@link Isolation}. */
  isolation: z.enum(["session", "task", "principal", "none"]).default("session"),
  credential: z
    .strictObject({
      env: z.record(variable, sourceSchema).default({}),
      headers: z.record(headerName, sourceSchema).default({}),
    })
    .default({ env: {}, headers: {} }),
  /** Names in `env` and `headers` of the server whose values are no secrets; all others are kept out of what callers see. */
  public: z.array(name).max(256).default([]),
  /** What the server may ask its caller for. */
  asks: z
    .array(z.enum(["sampling", "elicitation", "roots"]))
    .default(["sampling", "elicitation", "roots"]),
  callSeconds: z.int().min(1).max(GATEWAY_CALL_SECONDS_MAX).default(GATEWAY_CALL_SECONDS_DEFAULT),
});

const sectionSchema = z.strictObject({
  /** Names the gateway in the audit. */
  name: name.default("gateway"),
  /** Begins the audience of every server that names none of its own. */
  audience: z.url().max(NAME_CHARS_MAX).default("https://gateway.localhost"),
  servers: z.record(name, controlsSchema).default({}),
});

const fileSchema = z.looseObject({
  mcpServers: z.record(name, z.looseObject({})),
  legate: sectionSchema.prefault({}),
});

/** Who shares one process (or one connection) of a server: nobody, the sessions of one tree, those of one person, or all. */
export type Isolation = GatewayControls["isolation"];
/** How a server is started or reached, with `${VARIABLE}`s not yet put in. */
export type GatewayRun =
  | {
      readonly kind: "stdio";
      readonly command: string;
      readonly args: readonly string[];
      readonly env: Readonly<Record<string, string>>;
      readonly cwd: string | undefined;
    }
  | {
      readonly kind: "http" | "sse";
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
    };
/** What makes up for what one server lacks, with nothing left open. */
export type GatewayControls = Readonly<z.infer<typeof controlsSchema>> & {
  readonly audience: string;
};

/** One server behind the gateway. */
export interface GatewayServer {
  readonly name: string;
  readonly run: GatewayRun;
  readonly controls: GatewayControls;
}
/** What the gateway runs with; every field set. */
export interface GatewayConfig {
  readonly name: string;
  /** In the order of the file; none that is `disabled`. */
  readonly servers: readonly GatewayServer[];
}

/**
 * Reads the gateway's file.
 *
 * @throws {DelegationError} `config_invalid`, naming the place and what is wrong there, never what stands there
 */
export function parseGatewayConfig(input: unknown): GatewayConfig {
  const { mcpServers, legate, ...others } = parseShape(fileSchema, input, "config_invalid");
  const misspelt = Object.keys(others).find((member) => /^_?legate?$/i.test(member));
  if (misspelt !== undefined) throw invalid("legate", "our own section is called legate");
  const servers: GatewayServer[] = [];
  for (const [server, entry] of Object.entries(mcpServers)) {
    const run = runOf(server, entry);
    if (run === undefined) continue;
    const stated = Object.hasOwn(legate.servers, server) ? legate.servers[server] : undefined;
    const controls = controlsOf(server, stated ?? controlsSchema.parse({}), legate.audience);
    checkFit(server, run, controls);
    servers.push({ name: server, run, controls });
  }
  for (const server of Object.keys(legate.servers)) {
    if (Object.hasOwn(mcpServers, server)) continue;
    throw invalid(`legate.servers.${server}`, "no server of that name in mcpServers");
  }
  if (servers.length === 0) throw invalid("mcpServers", "no server that is not disabled");
  if (servers.length > GATEWAY_SERVERS_MAX) throw invalid("mcpServers", "too many servers");
  refuseSharedAudience(servers);
  return { name: legate.name, servers };
}

/** @throws {DelegationError} `config_invalid`; undefined for one that is disabled */
function runOf(server: string, entry: object): GatewayRun | undefined {
  const place = ["mcpServers", server];
  const hasCommand = Object.hasOwn(entry, "command");
  if (hasCommand === Object.hasOwn(entry, "url")) {
    throw invalid(place.join("."), "a server has either a command or a url");
  }
  if (hasCommand) {
    const { command, args, env, cwd, disabled } = parseShape(
      processSchema,
      entry,
      "config_invalid",
      place,
    );
    return disabled ? undefined : { kind: "stdio", command, args, env, cwd };
  }
  const { url, headers, type, disabled } = parseShape(remoteSchema, entry, "config_invalid", place);
  return disabled ? undefined : { kind: type === "sse" ? "sse" : "http", url, headers };
}

function controlsOf(
  server: string,
  stated: z.infer<typeof controlsSchema>,
  base: string,
): GatewayControls {
  const audience = stated.audience ?? `${base.replace(/\/$/, "")}/${encodeURIComponent(server)}`;
  return { ...stated, audience };
}

/** What each member says by itself is in order; whether they say it of this kind of server. */
function checkFit(server: string, run: GatewayRun, controls: GatewayControls): void {
  const place = `legate.servers.${server}`;
  const { credential, risk, tools, toolRisk } = controls;
  if (run.kind === "stdio" && Object.keys(credential.headers).length > 0) {
    throw invalid(`${place}.credential.headers`, "a process gets its credential in env");
  }
  if (run.kind !== "stdio" && Object.keys(credential.env).length > 0) {
    throw invalid(`${place}.credential.env`, "a server at a url gets its credential in headers");
  }
  if (risk === "high" && tools === undefined) {
    throw invalid(`${place}.tools`, "a server of high risk names its tools");
  }
  const stranger = Object.keys(toolRisk).find((tool) => tools?.includes(tool) === false);
  if (stranger === undefined) return;
  throw invalid(`${place}.toolRisk.${stranger}`, "not among the tools of this server");
}

/** A token for one server would be good at the other. */
function refuseSharedAudience(servers: readonly GatewayServer[]): void {
  const seen = new Set<string>();
  for (const { name: server, controls } of servers) {
    if (seen.has(controls.audience)) {
      throw invalid(`legate.servers.${server}.audience`, "another server has the same audience");
    }
    seen.add(controls.audience);
  }
}

function invalid(rule: string, why: string): DelegationError {
  return new DelegationError("config_invalid", `${why} at ${rule}`, { rule });
}
