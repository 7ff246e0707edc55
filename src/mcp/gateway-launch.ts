/** What a server behind the gateway is started or reached with: its credential is read here, for each process anew. @module */
import { DelegationError } from "../base/error.js";
import { SECRET_CHARS_MIN } from "../base/limits.js";
import type { GatewayRun, GatewayServer, SecretSource } from "../wire/gateway-config.js";

/** Where credentials are read from. */
export interface SecretPlaces {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** @throws anything when the file cannot be read */
  readonly readFile: (path: string) => string;
}

/** A server ready to be started; `secrets` is what nobody may see of it. */
export interface Launch {
  readonly run: GatewayRun;
  readonly secrets: readonly string[];
}

/**
 * Puts variables and credentials in.
 *
 * Secret is: every credential, every variable of ours that was put in, and every value of `env` and `headers` that is long enough and not
 * said to be public.
 *
 * @throws {DelegationError} `config_invalid` naming the place: a variable that is not set, a file that cannot be read, a secret that is
 *   too short to be told from other text
 */
export function launchOf({ name, run, controls }: GatewayServer, places: SecretPlaces): Launch {
  const secrets = new Set<string>();
  const place = `mcpServers.${name}`;
  const fill = (text: string, where: string) => expand(text, `${place}.${where}`, places, secrets);
  const fillAll = (texts: Readonly<Record<string, string>>, where: string) => {
    const filled: Record<string, string> = {};
    for (const [member, text] of Object.entries(texts)) {
      const value = fill(text, `${where}.${member}`);
      filled[member] = value;
      if (!controls.public.includes(member)) keepSecret(secrets, value);
    }
    return filled;
  };
  const given = (sources: Readonly<Record<string, SecretSource>>, where: string) => {
    const read: Record<string, string> = {};
    for (const [member, source] of Object.entries(sources)) {
      const rule = `legate.servers.${name}.credential.${where}.${member}`;
      const secret = secretFrom(source, rule, places);
      secrets.add(secret);
      read[member] = `${source.prefix}${secret}`;
    }
    return read;
  };
  if (run.kind === "stdio") {
    const { command, args, env, cwd } = run;
    const filled: GatewayRun = {
      kind: "stdio",
      command: fill(command, "command"),
      args: args.map((arg, index) => fill(arg, `args.${index}`)),
      env: { ...fillAll(env, "env"), ...given(controls.credential.env, "env") },
      cwd: cwd === undefined ? undefined : fill(cwd, "cwd"),
    };
    return { run: filled, secrets: [...secrets] };
  }
  const url = fill(run.url, "url");
  checkUrl(url, `${place}.url`, secrets);
  const headers = new Headers(fillAll(run.headers, "headers"));
  for (const [header, value] of Object.entries(given(controls.credential.headers, "headers"))) {
    headers.set(header, value);
  }
  return {
    run: { kind: run.kind, url, headers: Object.fromEntries(headers) },
    secrets: [...secrets],
  };
}

/** `${NAME}`, `${NAME:-default}` and `${env:NAME}` are what clients write; another form would go to the server as it stands. */
const VARIABLE = /\$\{([^}]*)\}/g;
const KNOWN = /^(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;

function expand(text: string, rule: string, { env }: SecretPlaces, secrets: Set<string>): string {
  return text.replace(VARIABLE, (_all, inner: string) => {
    const [, variable, fallback] = KNOWN.exec(inner) ?? [];
    if (variable === undefined) throw invalid(rule, "not a variable that can be put in");
    const value = env[variable];
    if (value !== undefined && value !== "") {
      keepSecret(secrets, value);
      return value;
    }
    if (fallback !== undefined) return fallback;
    throw invalid(rule, "a variable is not set");
  });
}

function secretFrom(source: SecretSource, rule: string, places: SecretPlaces): string {
  const secret =
    source.fromEnv === undefined ? fileOf(source, rule, places) : places.env[source.fromEnv];
  if (secret === undefined || secret === "") throw invalid(rule, "there is no secret");
  if (secret.length < SECRET_CHARS_MIN) throw invalid(rule, "the secret is too short");
  return secret;
}

function fileOf({ fromFile = "" }: SecretSource, rule: string, places: SecretPlaces): string {
  try {
    return places.readFile(fromFile).replace(/\r?\n$/, "");
  } catch {
    // What went wrong names the file; the place in ours is enough.
    throw invalid(rule, "the file cannot be read");
  }
}

/** What is shorter would take half of every answer with it. */
function keepSecret(secrets: Set<string>, value: string): void {
  for (const part of [value, ...partsOf(value)]) {
    if (part.length >= SECRET_CHARS_MIN) secrets.add(part);
  }
}

/** Values have forms that hold a secret beside what is none, and a server may show the one without the other. */
function partsOf(value: string): string[] {
  const [, scheme, credentials] = /^([A-Za-z][\w-]*)\s+(\S+)$/.exec(value) ?? [];
  if (scheme !== undefined && credentials !== undefined) {
    const [, password] = /^[^:]*:(.*)$/s.exec(Buffer.from(credentials, "base64").toString()) ?? [];
    const basic = scheme.toLowerCase() === "basic" && password !== undefined;
    return basic ? [credentials, password] : [credentials];
  }
  if (!value.includes("://") || !URL.canParse(value)) return [];
  const url = new URL(value);
  const path = url.pathname.split("/").filter((part) => part.length >= KEY_IN_PATH_CHARS_MIN);
  return [decoded(url.password), ...path, ...url.searchParams.values()];
}

/** A part of a path that is longer is a key more often than a name. */
const KEY_IN_PATH_CHARS_MIN = 20;

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Over the network only encrypted; what stands before the host is a password. */
function checkUrl(text: string, rule: string, secrets: Set<string>): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw invalid(rule, "not an http url");
  if (url.protocol === "http:" && !isLoopback(url.hostname)) {
    throw invalid(rule, "a credential would go over the network in the clear: https");
  }
  for (const part of partsOf(text)) keepSecret(secrets, part);
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

function invalid(rule: string, why: string): DelegationError {
  return new DelegationError("config_invalid", `${why} at ${rule}`, { rule });
}
