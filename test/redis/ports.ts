/** Free ports for servers, away from those that the system hands out by itself. @module */
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

const FIRST = 11_000;
/** A Cluster's bus port, 10,000 above, still lies below what the system hands out. */
const LAST = 21_000;
const BUS = 10_000;
const LOOKS_MAX = 200;

/** A port of the loopback that nobody listens on; with `bus`, the one 10,000 above is free as well. */
export async function freePort(bus = false): Promise<number> {
  for (let look = 0; look < LOOKS_MAX; look++) {
    const port = randomInt(FIRST, LAST);
    if ((await isFree(port)) && (!bus || (await isFree(port + BUS)))) return port;
  }
  throw new Error("no free port found");
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  server.listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
