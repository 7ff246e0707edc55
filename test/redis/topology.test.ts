/** Who owns which partition, on real servers: found, lost, found again in another life. @module */
import { afterEach, describe, expect, test } from "vitest";
import { serversOf } from "../../src/redis/address.js";
import { baseKey } from "../../src/redis/layout.js";
import { slotOf } from "../../src/redis/slot.js";
import { type OpenTopology, openTopology } from "../../src/redis/topology.js";
import { PATIENCE_MS, PATIENT } from "../patience.js";
import { selfSigned } from "./certificate.js";
import { RedisCluster, startSentinels, waitForPrimary } from "./cluster.js";
import { RedisServer } from "./servers.js";
import { waitFor, waitForGood } from "./wait.js";

const PARTITIONS = 16;
const base = (partition: number) => baseKey("topology", partition);

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function open(options: Parameters<typeof serversOf>[0]): Promise<OpenTopology> {
  const topology = await openTopology(serversOf(options), PARTITIONS, base, PATIENT);
  closing.push(() => topology.close());
  return topology;
}

async function server(options: Parameters<typeof RedisServer.start>[0] = {}) {
  const one = await RedisServer.start(options);
  closing.push(() => one.stop());
  return one;
}

describe("one server", () => {
  test("owns every partition, and lives another life after each restart", async () => {
    const one = await server();
    const topology = await open({ url: one.url });
    expect(topology.shards().map(({ partitions }) => partitions.length)).toEqual([PARTITIONS]);
    const { life } = topology.shardOf(0);
    let changes = 0;
    const stop = topology.watch(() => {
      changes += 1;
    });
    await one.kill();
    await waitFor("it is missed", PATIENCE_MS, () => (changes > 0 ? true : undefined));
    expect(() => topology.shardOf(0)).toThrow(
      expect.objectContaining({ code: "store_unavailable" }),
    );
    await one.launch();
    await waitFor("it is found", PATIENCE_MS, () => topology.shards()[0]);
    expect(topology.shardOf(0).life).not.toBe(life);
    stop();
    const told = changes;
    topology.close();
    expect(changes).toBe(told);
    expect(() => topology.shardOf(0)).toThrow(
      expect.objectContaining({ code: "store_unavailable" }),
    );
    await expect(topology.look()).rejects.toMatchObject({ code: "store_unavailable" });
  });

  test("that is not there is told so at once, and leaves nothing behind", async () => {
    await expect(open({ url: "redis://127.0.0.1:1" })).rejects.toMatchObject({
      code: "store_unavailable",
    });
  });

  test("that became a replica owns nothing any more", async () => {
    const one = await server();
    const other = await server();
    const topology = await open({ url: one.url });
    await one.ask("REPLICAOF", other.host, other.port);
    await expect(topology.look()).rejects.toMatchObject({ code: "store_unavailable" });
    expect(topology.shards()).toEqual([]);
  });

  test("is reached over TLS by a user with a password, and by nobody else", async () => {
    const tls = selfSigned(Date.now());
    const one = await server({ tls });
    await one.ask("ACL", "SETUSER", "legate", "on", ">pass", "~*", "&*", "+@all");
    const secure = { url: one.url, tls: { ca: tls.cert } };
    expect((await open({ ...secure, username: "legate", password: "pass" })).shards()).toHaveLength(
      1,
    );
    await expect(open({ ...secure, username: "legate", password: "no" })).rejects.toMatchObject({
      code: "store_unavailable",
    });
    await expect(open({ url: one.url })).rejects.toMatchObject({ code: "store_unavailable" });
  });
});

describe("a Cluster", () => {
  test("is found through one node, every slot as its servers count it, and followed through a fail-over", async () => {
    const cluster = await RedisCluster.start();
    closing.push(() => cluster.stop());
    const [seed = ""] = cluster.addresses;
    const topology = await open({ url: `redis://${seed}` });
    expect(topology.shards()).toHaveLength(3);
    const all = topology.shards().flatMap(({ partitions }) => partitions);
    expect(all.sort((a, b) => a - b)).toEqual(Array.from({ length: PARTITIONS }, (_, i) => i));
    for (const key of [base(0), base(1), "plain", "{}a", "a{b}c", "{a", "é{ü}"]) {
      expect(await cluster.nodes[0]?.ask("CLUSTER", "KEYSLOT", key)).toBe(slotOf(key));
    }
    const victim = await cluster.ownerOf(slotOf(base(0)));
    const [heir] = await cluster.replicasOf(victim);
    if (heir === undefined) throw new Error("no replica");
    const before = topology.shardOf(0);
    await victim.kill();
    await waitForPrimary(heir);
    const after = await waitFor("the heir is found", PATIENCE_MS, () => {
      const shards = topology.shards();
      const shard = shards.find(({ partitions }) => partitions.includes(0));
      return shard !== undefined && shard.name !== before.name ? shard : undefined;
    });
    expect(after.partitions).toEqual(before.partitions);
    expect(after.life).not.toBe(before.life);
    await waitForGood("it can be written to", PATIENCE_MS, async () => {
      return (await after.writer.call("SET", `${base(0)}x`, "1")) === "OK";
    });
  });
});

describe("Sentinels", () => {
  test("lead to the master, and to the next one", async () => {
    const sentinels = await startSentinels();
    closing.push(() => sentinels.stop());
    const places = sentinels.sentinels.map(({ host, port }) => `${host}:${port}`);
    const topology = await open({ url: `redis+sentinel://${places.join()}/${sentinels.name}` });
    const { port } = sentinels.primary;
    expect(topology.shardOf(3).name).toBe(`127.0.0.1:${port}`);
    await sentinels.primary.kill();
    const [heir] = sentinels.replicas;
    const name = `127.0.0.1:${heir?.port}`;
    await waitFor("the heir is found", PATIENCE_MS, () =>
      topology.shards().find((shard) => shard.name === name),
    );
    expect(topology.shards()).toHaveLength(1);
  });
});
