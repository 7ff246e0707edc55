/** The state on Redis: a deployment that is there, opened for one command. Loaded only where a command is told of one. @module */
import { DelegationError } from "../base/error.js";
import { placeOf, serversOf } from "../redis/address.js";
import { findDeployment } from "../redis/deployment.js";
import { createRedisStore, type RedisStore } from "../redis/store.js";
import { CommandError, EXIT } from "./exit.js";

/** Which deployment. */
export interface RedisPlace {
  /** May hold a password: it is shown nowhere. */
  readonly url: string;
  readonly prefix: string;
  /** Replicas that must have a cut. */
  readonly replicas: number;
}

/** The forms of a URL, for hints. */
export const URL_FORMS = `one of:
  redis://[user:password@]host:port                     one server, or a node of a Cluster; several with commas between
  rediss://...                                          the same over TLS
  redis+sentinel://[user:password@]host:port,.../name   Sentinels, and the name of the master that they watch`;

/**
 * Opens a deployment as it was started; starts none, and keeps no guard live.
 *
 * @throws {CommandError} `usage` for a URL that is none, `notFound` where no deployment has that name, `unreachable`
 */
export async function openRedisState(place: RedisPlace): Promise<RedisStore> {
  const { url, prefix, replicas } = place;
  const where = hostsOf(url);
  try {
    const found = await deploymentAt(url, prefix);
    return await createRedisStore({ url, prefix, replicas, ...found, heartbeats: false });
  } catch (thrown) {
    throw told(thrown, where);
  }
}

/** How a deployment was started. @throws {CommandError} `notFound` where none has that name */
export async function deploymentAt(
  url: string,
  prefix: string,
): Promise<NonNullable<Awaited<ReturnType<typeof findDeployment>>>> {
  const found = await findDeployment({ url, prefix });
  if (found !== undefined) return found;
  throw new CommandError(
    EXIT.notFound,
    `no deployment named ${prefix} on ${hostsOf(url)}`,
    "--prefix names another one; a coordinator starts it",
  );
}

/** Who is asked, without who asks. @throws {CommandError} `usage` */
export function hostsOf(url: string): string {
  try {
    return serversOf({ url }).seeds.map(placeOf).join(", ");
  } catch {
    throw new CommandError(
      EXIT.usage,
      "config_invalid: not the URL of a Redis deployment",
      URL_FORMS,
    );
  }
}

/** A refusal in the words of whoever runs the command. */
export function told(thrown: unknown, where: string): unknown {
  if (!(thrown instanceof DelegationError) || thrown.code !== "store_unavailable") return thrown;
  if (thrown.rule === "CERTIFICATE") {
    return new CommandError(
      EXIT.unreachable,
      `store_unavailable: ${where}: ${thrown.message}`,
      "NODE_EXTRA_CA_CERTS names a file of authorities that are trusted besides",
    );
  }
  return new CommandError(
    EXIT.unreachable,
    `store_unavailable: no answer from ${where}${thrown.rule === undefined ? "" : ` (${thrown.rule})`}`,
    "does it run, is it the right place, do user and password fit?",
  );
}
