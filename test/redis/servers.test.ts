/** The suite's own servers and its fault proxy: what the other tests of this room stand on. @module */
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PATIENCE_MS } from "../patience.js";
import { selfSigned } from "./certificate.js";
import { RedisCluster, startSentinels, waitForPrimary } from "./cluster.js";
import { FaultProxy } from "./fault-proxy.js";
import { binaries, RedisServer } from "./servers.js";
import { waitForGood } from "./wait.js";

const SHORT_MS = 300;
/** Longer than a question that goes past the proxy takes. */
const DELAY_MS = 2_000;

describe.each(binaries())("one $name", ({ path: binary }) => {
  test("keeps what is in its folder over a kill, and loses it when told to", async () => {
    const server = await RedisServer.start({ binary, appendfsync: "always" });
    try {
      await server.ask("SET", "a", "1");
      await server.ask("SET", "b", "2");
      await server.kill();
      server.cutAppendOnlyFile(server.appendOnlyBytes - 1);
      await server.launch();
      expect(await server.ask("MGET", "a", "b")).toEqual(["1", null]);
      await server.kill();
      server.forget();
      await server.launch();
      expect(await server.ask("DBSIZE")).toBe(0);
    } finally {
      await server.stop();
    }
  });

  test("stands still while it is paused, and answers afterwards", async () => {
    const server = await RedisServer.start({ binary });
    try {
      const client = server.client({ commandTimeout: SHORT_MS });
      await client.set("a", 1);
      server.pause();
      await expect(client.get("a")).rejects.toThrow("timed out");
      server.resume();
      await expect(server.ask("GET", "a")).resolves.toBe("1");
    } finally {
      await server.stop();
    }
  });

  test("asks for a user where it has one, and lets it do what it may", async () => {
    const settings = ["user default off", "user legate on >secret ~legate:* &* +get +set +ping"];
    const server = await RedisServer.start({ binary, settings });
    try {
      await expect(server.ask("GET", "legate:a")).rejects.toThrow("NOAUTH");
      const client = server.client({
        username: "legate",
        password: "secret",
        enableReadyCheck: false,
      });
      await expect(client.get("legate:a")).resolves.toBeNull();
      await expect(client.get("other")).rejects.toThrow("NOPERM");
      await expect(client.flushall()).rejects.toThrow("NOPERM");
    } finally {
      await server.stop();
    }
  });

  test("serves TLS to who trusts its certificate, and to nobody else", async () => {
    const server = await RedisServer.start({ binary, tls: selfSigned(Date.now()) });
    try {
      await expect(server.client().ping()).resolves.toBe("PONG");
      await expect(server.client({ tls: {} }).ping()).rejects.toThrow();
    } finally {
      await server.stop();
    }
  });
});

test("names the line to run where there is no server", async () => {
  await expect(RedisServer.start({ binary: "/nowhere/redis-server" })).rejects.toThrow(
    "apt-get install -y redis-server",
  );
});

describe.each(binaries())("several $name", ({ path: binary }) => {
  test("a Cluster elects the replica of a shard that is killed", async () => {
    const cluster = await RedisCluster.start({ binary });
    try {
      const [first, second] = cluster.nodes;
      if (first === undefined) throw new Error("no nodes");
      const [replica] = await cluster.replicasOf(first);
      if (replica === undefined) throw new Error("no replica");
      await first.kill();
      await waitForPrimary(replica);
      await waitForGood("the others know it", PATIENCE_MS, async () => {
        return (await cluster.ownerOf(0, second)) === replica;
      });
    } finally {
      await cluster.stop();
    }
  });

  test("Sentinels promote the replica of a primary that is killed", async () => {
    const group = await startSentinels({ binary });
    try {
      await group.primary.kill();
      await waitForPrimary(group.replicas[0] ?? group.primary);
    } finally {
      await group.stop();
    }
  });
});

describe("the fault proxy", () => {
  let server: RedisServer;
  let proxy: FaultProxy;
  beforeAll(async () => {
    server = await RedisServer.start();
    proxy = await FaultProxy.to(server);
  });
  afterAll(async () => {
    await proxy.close();
    await server.stop();
  });

  function client(commandTimeout = PATIENCE_MS): Redis {
    const { host, port } = proxy;
    const redis = new Redis({ host, port, commandTimeout, retryStrategy: () => null });
    redis.on("error", () => {});
    return redis;
  }

  test("passes everything on", async () => {
    const redis = client();
    await expect(redis.echo("x".repeat(100_000))).resolves.toHaveLength(100_000);
    redis.disconnect();
  });

  test("as a hole takes connections and gives nothing, and hands over later what was sent", async () => {
    const redis = client(SHORT_MS);
    await redis.set("n", 0);
    proxy.set("hole");
    await expect(redis.incr("n")).rejects.toThrow("timed out");
    expect(await server.ask("GET", "n")).toBe("0");
    proxy.set("pass");
    await waitForGood(
      "it arrives",
      PATIENCE_MS,
      async () => (await server.ask("GET", "n")) === "1",
    );
    redis.disconnect();
  });

  test("delays both directions and keeps their order", async () => {
    const redis = client();
    await redis.ping();
    proxy.set("delay", DELAY_MS);
    const told: unknown[] = [];
    const later = ["1", "2", "3"].map((word) => redis.echo(word).then((one) => told.push(one)));
    told.push(await server.ask("ECHO", "past it"));
    await Promise.all(later);
    expect(told).toEqual(["past it", "1", "2", "3"]);
    proxy.set("pass");
    redis.disconnect();
  });

  test("cuts a connection after the server has acted and before anyone hears of it", async () => {
    const redis = client();
    await redis.set("n", 0);
    proxy.set("cut");
    await expect(redis.incr("n")).rejects.toThrow();
    proxy.set("pass");
    expect(await server.ask("GET", "n")).toBe("1");
  });

  test("breaks all connections at once", async () => {
    const redis = client();
    await redis.ping();
    proxy.breakAll();
    await waitForGood("the client notices", PATIENCE_MS, async () => redis.status === "end");
    await waitForGood("none is left", PATIENCE_MS, async () => proxy.connections === 0);
  });
});
