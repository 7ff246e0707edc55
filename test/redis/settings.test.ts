/** Settings that the store's promises rest on: what is refused, and what may be chosen. @module */
import { afterEach, describe, expect, test } from "vitest";
import { type Concession, checkSettings, judge, type Told } from "../../src/redis/settings.js";
import { RedisServer, type ServerOptions } from "./servers.js";
import { openStage, type Stage } from "./stage.js";

const GOOD = {
  redis_version: "7.0.15",
  "maxmemory-policy": "noeviction",
  appendonly: "yes",
  appendfsync: "always",
  "min-replicas-to-write": "1",
  connected_slaves: "1",
  cluster_enabled: "1",
  "cluster-node-timeout": "2000",
  "hash-max-listpack-entries": "128",
  "hash-max-listpack-value": "64",
};
const told = (fields: Partial<Record<keyof typeof GOOD, string | undefined>>): Told =>
  new Map(
    Object.entries({ ...GOOD, ...fields }).filter((one): one is [string, string] => !!one[1]),
  );

describe("settings", () => {
  test("that hold up every promise are found in order", () => {
    expect(judge("s", told({}), { replicas: 1 })).toEqual([]);
    expect(judge("s", told({ redis_version: "8.0.1" }), { replicas: 1 })).toEqual([]);
  });

  test.each<[keyof typeof GOOD, string | undefined, Concession | undefined]>([
    ["redis_version", "6.2.6", undefined],
    ["maxmemory-policy", "allkeys-lru", undefined],
    ["maxmemory-policy", "volatile-ttl", undefined],
    ["maxmemory-policy", undefined, "unread"],
    ["appendonly", "no", "disk"],
    ["appendfsync", "everysec", "disk"],
    ["min-replicas-to-write", "0", "minority"],
    ["connected_slaves", "2", "quorum"],
    ["cluster-node-timeout", "1750", "timeout"],
    ["hash-max-listpack-entries", "127", "memory"],
    ["hash-max-listpack-value", "63", "memory"],
  ])("with %s %s are refused, or chosen as %s", (setting, value, concession) => {
    expect(judge("s", told({ [setting]: value }), { replicas: 1 })).toMatchObject([
      { server: "s", setting, found: value ?? "not shown", concession },
    ]);
  });

  test.each<[string, Partial<typeof GOOD>, Parameters<typeof judge>[2]]>([
    [
      "one millisecond more of the node timeout",
      { "cluster-node-timeout": "1751" },
      { replicas: 1 },
    ],
    ["guards that are stale soon", { connected_slaves: "2" }, { replicas: 1, maxStalenessMs: 500 }],
    ["no replicas to wait for", { "min-replicas-to-write": "0" }, { replicas: 0 }],
    [
      "no Cluster",
      { cluster_enabled: "0", "cluster-node-timeout": "1" },
      { replicas: 1, maxStalenessMs: 1_000 },
    ],
  ])("fit with %s", (_, fields, options) => {
    expect(judge("s", told(fields), options)).toEqual([]);
  });
});

describe("the settings of a server", () => {
  let server: RedisServer | undefined;
  let stage: Stage | undefined;
  afterEach(async () => {
    stage?.close();
    await server?.stop();
  });
  const check = async (options: ServerOptions, accept: readonly Concession[] = []) => {
    server = await RedisServer.start(options);
    stage = await openStage(server.url);
    return checkSettings({ topology: stage.topology, replicas: 0, accept });
  };

  test("are read, and fit", async () => {
    expect(await check({ appendfsync: "always" })).toEqual([]);
  });

  test("are refused by name", async () => {
    await expect(check({ appendfsync: "everysec" })).rejects.toMatchObject({
      code: "config_invalid",
      rule: "appendfsync",
      required: "always",
    });
  });

  test("are reported where they were chosen", async () => {
    expect(await check({ appendfsync: "everysec" }, ["disk"])).toMatchObject([
      { setting: "appendfsync", found: "everysec", concession: "disk" },
    ]);
  });

  test("are refused whatever was chosen when the server may forget cuts", async () => {
    const settings = ["maxmemory-policy allkeys-lru"];
    const all = ["disk", "minority", "timeout", "quorum", "memory", "unread"] as const;
    await expect(check({ settings }, all)).rejects.toMatchObject({
      code: "config_invalid",
      rule: "maxmemory-policy",
    });
  });

  test("that it does not show are refused, or chosen", async () => {
    const settings = ['rename-command CONFIG ""'];
    const found = await check({ settings, appendfsync: "always" }, ["unread"]);
    expect(new Set(found.map(({ concession }) => concession))).toEqual(new Set(["unread"]));
  });
});
