/** Where the servers are: URLs and options become one plain description. @module */
import type { ConnectionOptions } from "node:tls";
import { DelegationError } from "../base/error.js";

/** One server's address. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Who the client is, to servers that ask. */
export interface Login {
  readonly username?: string;
  readonly password?: string;
}

/** How to reach a deployment. */
export interface RedisServers extends Login {
  /**
   * `redis://` or `rediss://` (TLS), each with `user:password@` where wanted; several, as a list or with commas between: nodes of
   * one Cluster, of which any may be down. One node of a Cluster is enough to find the others.
   * `redis+sentinel://user:password@host:port,host:port/name`: Sentinels (`rediss+sentinel://` with TLS).
   */
  readonly url: string | readonly string[];
  /** Certificates and server name; TLS is used when this or a `rediss` URL says so. */
  readonly tls?: ConnectionOptions;
  /** What Sentinels want to know, where they want to know anything. */
  readonly sentinel?: Login;
  /** Addresses as this process reaches them, by `host:port` as the servers tell them. */
  readonly reachedAs?: Readonly<Record<string, Address>>;
}

/** What a connection needs to know. */
export interface Servers {
  readonly seeds: readonly Address[];
  /** Name of the master that the seeds, which are Sentinels then, watch. */
  readonly master: string | undefined;
  readonly login: Login;
  readonly sentinelLogin: Login;
  readonly tls: ConnectionOptions | undefined;
  readonly reachedAs: Readonly<Record<string, Address>>;
}

const PORT = 6_379;
const SENTINEL_PORT = 26_379;

/** @throws {DelegationError} `config_invalid`, which shows nothing of the URL: it may hold a password */
export function serversOf(options: RedisServers): Servers {
  const texts = typeof options.url === "string" ? split(options.url) : options.url;
  const urls = texts.map(parsed);
  const [first] = urls;
  if (first === undefined) throw invalid();
  if (urls.some((url) => url.protocol !== first.protocol)) throw invalid();
  const isSentinel = first.protocol.includes("+sentinel");
  const master = decodeURIComponent(first.pathname.slice(1));
  if (isSentinel ? master === "" : !["", "0"].includes(master)) throw invalid();
  const login = {
    ...loginOf(first),
    ...(options.username === undefined ? {} : { username: options.username }),
    ...(options.password === undefined ? {} : { password: options.password }),
  };
  const secure = first.protocol.startsWith("rediss") || options.tls !== undefined;
  return {
    seeds: urls.map((url) => addressOf(url, isSentinel ? SENTINEL_PORT : PORT)),
    master: isSentinel ? master : undefined,
    login,
    sentinelLogin: options.sentinel ?? {},
    tls: secure ? (options.tls ?? {}) : undefined,
    reachedAs: options.reachedAs ?? {},
  };
}

/** `host:port` as one text. */
export function placeOf({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** One URL with several hosts, or several URLs, with commas between. */
function split(text: string): string[] {
  const [scheme = "", rest = ""] = cut(text, "://");
  if (rest.includes("://")) return text.split(",");
  const [place = "", path = ""] = cut(rest, "/");
  const at = place.lastIndexOf("@") + 1;
  const hosts = place.slice(at).split(",");
  return hosts.map((host) => `${scheme}://${place.slice(0, at)}${host}/${path}`);
}

function cut(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + mark.length)];
}

function parsed(text: string): URL {
  if (!/^rediss?(\+sentinel)?:\/\//.test(text)) throw invalid();
  try {
    return new URL(text);
  } catch {
    throw invalid();
  }
}

function addressOf({ hostname, port }: URL, byDefault: number): Address {
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  if (host === "") throw invalid();
  return { host, port: port === "" ? byDefault : Number(port) };
}

function loginOf({ username, password }: URL): Login {
  return {
    ...(username === "" ? {} : { username: decodeURIComponent(username) }),
    ...(password === "" ? {} : { password: decodeURIComponent(password) }),
  };
}

function invalid(): DelegationError {
  return new DelegationError("config_invalid", "no address of a Redis deployment", { rule: "url" });
}
