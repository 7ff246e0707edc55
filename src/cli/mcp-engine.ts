/** The coordinator that `legate mcp` serves: on a journal, whose one writer it is, or on Redis, beside one that keeps guards live. @module */
import { existsSync } from "node:fs";
import type { Guard } from "../guard/guard.js";
import type { CoordinatorEngine } from "../mcp/coordinator-engine.js";
import type { PolicyEngine } from "../policy/engine.js";
import { CommandError, EXIT } from "./exit.js";

/** Which one, and who signs there. */
export interface EngineOptions {
  readonly journal?: string;
  readonly redis?: string;
  readonly prefix: string;
  readonly tenant: string;
  readonly issuer?: string;
  /** File with the issuer's private keys; the journal has its own. */
  readonly keys?: string;
  /** File of the outbox, on Redis. */
  readonly outbox?: string;
  /** The rules that tickets are handed out by. */
  readonly policy?: PolicyEngine;
}

/** An engine that is opened for one command. */
export interface OpenedEngine extends CoordinatorEngine {
  guard(options: {
    readonly name: string;
    readonly audience: string;
    readonly policy?: PolicyEngine;
  }): Promise<Guard>;
  close(): Promise<void>;
}

/** @throws {CommandError} `usage` when none is named, `notFound`, `conflict`, `unreachable` */
export async function openEngine(options: EngineOptions): Promise<OpenedEngine> {
  const { journal = "", redis = "", tenant, issuer, policy } = options;
  if (redis !== "") return onRedis(options, redis);
  if (journal === "") {
    throw new CommandError(
      EXIT.usage,
      "which coordinator? this command serves a journal, or a deployment on Redis",
      "--journal PATH, or --redis URL --issuer URL --keys FILE; or set LEGATE_JOURNAL or LEGATE_REDIS",
    );
  }
  const { openJournalEngine } = await import("./journal-engine.js");
  return openJournalEngine({ journal, tenant, issuer, ...(policy && { policy }) });
}

async function onRedis(
  { prefix, tenant, issuer, keys, outbox, policy }: EngineOptions,
  url: string,
): Promise<OpenedEngine> {
  if (issuer === undefined || keys === undefined) {
    throw new CommandError(
      EXIT.usage,
      "who signs? on Redis a coordinator is told",
      "--issuer URL --keys FILE, the private keys of the issuer",
    );
  }
  // Reading keys would make the file: a slip of the pen must not.
  if (!existsSync(keys)) throw new CommandError(EXIT.notFound, `cannot read ${keys}`);
  const [{ openKeyFile }, { openRedisEngine }, here] = await Promise.all([
    import("../memory/key-file.js"),
    import("../redis/engine.js"),
    import("./redis-state.js"),
  ]);
  const where = here.hostsOf(url);
  try {
    const found = await here.deploymentAt(url, prefix);
    const ring = openKeyFile(keys);
    const how = { url, prefix, ...found, tenant, issuer, keys: ring, heartbeats: false };
    const told = { ...(policy && { policy }), ...(outbox === undefined ? {} : { outbox }) };
    return await openRedisEngine({ ...how, ...told });
  } catch (thrown) {
    throw here.told(thrown, where);
  }
}
