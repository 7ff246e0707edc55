/**
 * Connections to one server, with settings that never send a command twice and never wait in silence.
 *
 * A connection lives once: when its socket closes it is done for, and whoever needs the server makes a new one. So all that was
 * answered on one connection was answered by one life of one server.
 *
 * @module
 */
import { Redis, type RedisOptions } from "ioredis";
import { DelegationError } from "../base/error.js";
import { HEARTBEAT_MS } from "../base/limits.js";
import type { Address, Login, Servers } from "./address.js";
import { ask, type Caller, failure, unavailable, within } from "./script.js";

/** Milliseconds that things may take before they count as failed. */
export interface Patience {
  readonly connectMs: number;
  readonly commandMs: number;
}

export const PATIENCE: Patience = { connectMs: 1_000, commandMs: 1_000 };

/** What a connection is for. */
type Purpose = "move" | "look" | "wait" | "follow" | "listen";

/**
 * Connects, or fails in time.
 *
 * @throws {DelegationError} `store_unavailable`; a certificate that is not accepted, and a login that is refused, are told as such
 */
export async function connect(
  { host, port }: Address,
  { login, tls }: { readonly login: Login; readonly tls: Servers["tls"] },
  purpose: Purpose,
  patience: Patience,
): Promise<Redis> {
  const redis = new Redis({
    ...SETTINGS,
    host,
    port,
    connectTimeout: patience.connectMs,
    ...silenceOf(purpose, patience),
    ...login,
    ...(tls === undefined ? {} : { tls }),
    // Reads gain from being sent together; scripts lose by it, and a batch fails as a whole.
    enableAutoPipelining: purpose === "look",
  });
  let fault: unknown;
  redis.on("error", (error: unknown) => {
    fault ??= error;
  });
  try {
    await within(redis.connect(), patience.connectMs);
    return redis;
  } catch (thrown) {
    redis.disconnect();
    throw refusalOf(fault ?? thrown);
  }
}

/** What OpenSSL and Node call certificates that they do not accept. */
const CERTIFICATE = /CERT|_VERIFY_|_ISSUER_|^HOSTNAME_MISMATCH$|^ERR_TLS_/;

/** The names of faults say nothing of what was sent; their messages may. */
function refusalOf(fault: unknown): DelegationError {
  const { code } = (fault ?? {}) as { readonly code?: unknown };
  if (typeof code !== "string" || !CERTIFICATE.test(code)) return failure(fault);
  return new DelegationError(
    "store_unavailable",
    `the server's certificate is not accepted (${code})`,
    { rule: "CERTIFICATE" },
  );
}

const SETTINGS = {
  lazyConnect: true,
  protocol: 2,
  disableClientInfo: true,
  enableReadyCheck: false,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  maxRetriesPerRequest: 0,
  retryStrategy: null,
  noDelay: true,
  keepAlive: 1_000,
} as const satisfies RedisOptions;

/** A socket that gives nothing while answers are due is closed. `WAIT` has a time of its own, and whoever calls it a deadline. */
function silenceOf(
  purpose: Purpose,
  { commandMs }: Patience,
): Pick<RedisOptions, "commandTimeout" | "socketTimeout"> {
  switch (purpose) {
    case "follow":
      return { commandTimeout: commandMs, socketTimeout: 3 * HEARTBEAT_MS };
    case "wait":
    case "listen":
      return {};
    default:
      return { commandTimeout: commandMs, socketTimeout: 2 * commandMs };
  }
}

/** What a server says of itself. */
export interface Greeting {
  /** `<run id>/<replication id>` */
  readonly life: string;
  readonly isMaster: boolean;
  readonly isCluster: boolean;
}

/** Asks a server who it is. @throws {DelegationError} `store_unavailable`, also while it loads its data */
export async function greet(caller: Caller, patience: Patience): Promise<Greeting> {
  const info = String(
    await ask(
      caller,
      patience.commandMs,
      "INFO",
      "server",
      "replication",
      "persistence",
      "cluster",
    ),
  );
  const told = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(info)?.[1];
  const [run, replication] = [told("run_id"), told("master_replid")];
  if (run === undefined || replication === undefined) throw unavailable("REPLY");
  if (told("loading") === "1") throw unavailable("LOADING");
  return {
    life: `${run}/${replication}`,
    isMaster: told("role") === "master",
    isCluster: told("cluster_enabled") === "1",
  };
}
