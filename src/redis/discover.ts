/** Finds who owns which slots now: one server, the master that Sentinels name, or the masters of a Cluster. @module */
import { type Address, placeOf, type Servers } from "./address.js";
import { connect, greet, type Patience } from "./connect.js";
import { ask, type Caller, type Reply, unavailable } from "./script.js";
import { SLOTS } from "./slot.js";

/** A server that owns slots. */
export interface Owner extends Address {
  /** Node id in a Cluster, `host:port` elsewhere. */
  readonly name: string;
  /** First and last slot of each range. */
  readonly ranges: readonly (readonly [first: number, last: number])[];
}

/**
 * Asks the places it is given, one after the other, until one answers.
 *
 * @throws {DelegationError} `store_unavailable` when none does
 */
export async function discover(
  servers: Servers,
  known: readonly Address[],
  patience: Patience,
): Promise<readonly Owner[]> {
  const places = new Map([...known, ...servers.seeds].map((one) => [placeOf(one), one]));
  let last: unknown = unavailable("CONNECTION");
  for (const place of places.values()) {
    try {
      return await discoverAt(place, servers, patience);
    } catch (thrown) {
      last = thrown;
    }
  }
  throw last;
}

async function discoverAt(place: Address, servers: Servers, patience: Patience): Promise<Owner[]> {
  const { master, tls } = servers;
  const login = master === undefined ? servers.login : servers.sentinelLogin;
  const redis = await connect(place, { login, tls }, "move", patience);
  try {
    if (master !== undefined) return [await masterOf(redis, master, servers, patience)];
    const { isCluster } = await greet(redis, patience);
    if (!isCluster) return [whole(place)];
    const slots = await ask(redis, patience.commandMs, "CLUSTER", "SLOTS");
    return ownersOf(slots, place, servers);
  } finally {
    redis.disconnect();
  }
}

async function masterOf(
  sentinel: Caller,
  name: string,
  servers: Servers,
  { commandMs }: Patience,
): Promise<Owner> {
  const command = ["GET-MASTER-ADDR-BY-NAME", name];
  const found = await ask(sentinel, commandMs, "SENTINEL", ...command);
  if (!Array.isArray(found)) throw unavailable("SENTINEL");
  const [host, port] = found as readonly Reply[];
  return whole(reached({ host: String(host), port: Number(port) }, servers));
}

function whole(place: Address): Owner {
  return { ...place, name: placeOf(place), ranges: [[0, SLOTS - 1]] };
}

/** Of each range, the first server is the one that owns it. */
function ownersOf(slots: Reply, asked: Address, servers: Servers): Owner[] {
  if (!Array.isArray(slots)) throw unavailable("REPLY");
  const owners = new Map<string, { place: Address; ranges: [number, number][] }>();
  for (const [first, last, owner] of slots as [number, number, [string | null, number, string]][]) {
    const [host, port, name] = owner;
    const isSelf = host === null || host === "" || host === "?";
    const place = reached({ host: isSelf ? asked.host : host, port }, servers);
    const known = owners.get(name) ?? { place, ranges: [] };
    known.ranges.push([first, last]);
    owners.set(name, known);
  }
  return [...owners].map(([name, { place, ranges }]) => ({ ...place, name, ranges }));
}

function reached(place: Address, { reachedAs }: Servers): Address {
  return reachedAs[placeOf(place)] ?? place;
}
