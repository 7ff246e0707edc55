/** What a gateway stands on: a journal, whose one writer it is, or a deployment on Redis, where a coordinator runs beside it. @module */
import { readFileSync } from "node:fs";
import { parseJson } from "../base/json.js";
import type { GatewayGround } from "../mcp/gateway.js";
import type { PolicyEngine } from "../policy/engine.js";
import { CommandError, EXIT } from "./exit.js";

/** Which one, and whose tokens count there. */
export interface GroundOptions {
  readonly journal?: string;
  readonly redis?: string;
  readonly prefix: string;
  readonly tenant: string;
  readonly issuer?: string;
  /** File with the issuer's public keys; the journal has its own. */
  readonly jwks?: string;
  /** File of the outbox, on Redis. */
  readonly outbox?: string;
}

/** A ground that is opened for one command. */
export interface Ground extends GatewayGround {
  close(): Promise<void>;
}

/**
 * Opens it.
 *
 * @param policy The gateway's rules, which a coordinator in this process hands out tickets by.
 * @throws {CommandError} `usage` when none is named, `notFound`, `conflict`, `unreachable`
 */
export async function openGround(options: GroundOptions, policy: PolicyEngine): Promise<Ground> {
  const { journal = "", redis = "" } = options;
  if (redis !== "") return onRedis(options, redis);
  if (journal === "") {
    throw new CommandError(
      EXIT.usage,
      "whose tokens? a gateway stands on a journal, or on a deployment on Redis",
      "--journal PATH, or --redis URL --issuer URL --jwks FILE; or set LEGATE_JOURNAL or LEGATE_REDIS",
    );
  }
  const { openJournalEngine } = await import("./journal-engine.js");
  const { tenant, issuer } = options;
  return openJournalEngine({ journal, tenant, issuer, policy });
}

async function onRedis(
  { prefix, issuer, jwks, outbox }: GroundOptions,
  url: string,
): Promise<Ground> {
  if (issuer === undefined || jwks === undefined) {
    throw new CommandError(
      EXIT.usage,
      "whose tokens? on Redis a gateway is told who signs",
      "--issuer URL --jwks FILE, the coordinator's public keys",
    );
  }
  const [{ Trust, trustedKeys }, { parseJwks }, { openRedisGuards }, here] = await Promise.all([
    import("../chain/trust.js"),
    import("../token/jwks.js"),
    import("../redis/engine.js"),
    import("./redis-state.js"),
  ]);
  const where = here.hostsOf(url);
  const keys = trustedKeys(parseJwks(parseJson(textOf(jwks))));
  const trust = new Trust({ keys, issuers: [issuer] });
  try {
    const found = await here.deploymentAt(url, prefix);
    const how = { url, prefix, ...found, trust };
    return await openRedisGuards(outbox === undefined ? how : { ...how, outbox });
  } catch (thrown) {
    throw here.told(thrown, where);
  }
}

/** @throws {CommandError} `notFound` */
export function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    throw new CommandError(EXIT.notFound, `cannot read ${path}`);
  }
}
