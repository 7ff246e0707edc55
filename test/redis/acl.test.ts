/** Users with the fewest rights: all that a process does works with them, and the servers refuse the rest. @module */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { ManualClock } from "../../src/base/clock.js";
import type { CutFeed } from "../../src/guard/feed.js";
import { type AclRole, aclLines, commandsOf } from "../../src/redis/acl.js";
import { findDeployment } from "../../src/redis/deployment.js";
import { examine } from "../../src/redis/examine.js";
import { baseKey } from "../../src/redis/layout.js";
import { SCRIPTS } from "../../src/redis/scripts.generated.js";
import { createRedisStore, type RedisStore } from "../../src/redis/store.js";
import { type Store, TOLERANCE_MS } from "../contract/stage.js";
import { storeContract } from "../contract/store-contract.js";
import { allows, denies, read, reader } from "../guard/rig.js";
import { PATIENT } from "../patience.js";
import { RedisCluster } from "./cluster.js";
import { openHouse } from "./house.js";
import { binaries, RedisServer } from "./servers.js";
import { addUsers, PASSWORDS, userOf } from "./users.js";

const PARTITIONS = 4;

describe.each(binaries())("on $name, as its own user,", ({ path: binary }) => {
  let server: RedisServer;
  let runs = 0;
  const open = new Set<RedisStore>();
  beforeAll(async () => {
    server = await RedisServer.start({ binary });
  });
  afterEach(async () => {
    await Promise.all([...open].map((store) => store.close()));
    open.clear();
  });
  afterAll(async () => {
    // Nothing was tried that the users may not do.
    expect(await server.ask("ACL", "LOG")).toEqual([]);
    await server.stop();
  });

  /** What guards call is asked as a guard, and the rest as a coordinator. */
  async function make(clock: ManualClock): Promise<Store> {
    runs += 1;
    const place = { prefix: `acl-${runs}`, partitions: PARTITIONS };
    await addUsers([server], place);
    const as = async (role: AclRole) => {
      const store = await createRedisStore({
        ...place,
        ...userOf(place.prefix, role),
        url: server.url,
        tolerance: TOLERANCE_MS,
        testClock: clock,
        heartbeats: false,
        patience: PATIENT,
      });
      open.add(store);
      return store;
    };
    const [coordinator, guard] = [await as("coordinator"), await as("guard")];
    const feeds: CutFeed[] = Array.from({ length: PARTITIONS }, (_, partition) => {
      const [own, feed] = [coordinator.feed(partition), guard.feed(partition)];
      // A lease that is due is cut by a coordinator, as it is when one runs.
      return { ...feed, confirm: () => own.confirm().then(() => feed.confirm()) };
    });
    return {
      ...coordinator,
      admit: (move) => guard.admit(move),
      record: (events, now) => guard.record(events, now),
      feed: (partition) => feeds[partition] ?? guard.feed(partition),
      close: async () => {
        await guard.close();
        await coordinator.close();
      },
    };
  }

  storeContract("keeps the contract", make);
});

describe.each(binaries())("processes on $name", ({ path: binary }) => {
  const place = { prefix: "house", partitions: PARTITIONS };
  const own = {
    coordinator: userOf(place.prefix, "coordinator"),
    guard: userOf(place.prefix, "guard"),
  };

  async function story(url: string) {
    const house = await openHouse({ ...place, url, patience: PATIENT }, own);
    try {
      const guard = await house.watch("one");
      const root = await house.root();
      const child = await reader(root);
      const running = await allows(guard, read(child));
      const boundary = { kind: "hop", tree: child.tree, hop: child.id } as const;
      const asked = { boundary, wait: "guards" };
      const { barrier } = await house.engine.coordinator.revoke({ operator: "op" }, asked);
      expect(barrier).toMatchObject({ seen: 1, guards: 1 });
      expect(running.signal.aborted).toBe(true);
      await denies(guard, read(child), "delegation_revoked", { hop: child.id });
      await allows(guard, read(root));
      await house.guards.close();
      expect((await house.engine.store.audit({ limit: 100 })).length).toBeGreaterThan(4);
    } finally {
      await house.close();
    }
  }

  test("live a whole story as coordinator and guard, replicas and doctor included", async () => {
    const aclfile = aclLines({ ...place, passwords: PASSWORDS }).join("\n");
    const names = aclfile.replaceAll("user legate-", `user ${place.prefix}-`);
    const replica = userOf(place.prefix, "replica");
    const server = await RedisServer.start({
      binary,
      appendfsync: "always",
      settings: [...names.split("\n"), "user default on nopass ~* &* +@all"],
    });
    const other = await RedisServer.start({
      binary,
      replicaOf: server,
      settings: [`masteruser ${replica.username}`, `masterauth "${replica.password}"`],
    });
    try {
      await story(server.url);
      const deployment = { prefix: place.prefix, url: server.url };
      expect(await findDeployment({ ...deployment, ...own.guard })).toMatchObject({
        partitions: PARTITIONS,
      });
      const { checks } = await examine({ ...deployment, ...own.coordinator });
      expect(checks.filter(({ fits }) => !fits)).toEqual([]);
      expect((await server.info("replication")).get("connected_slaves")).toBe("1");
      expect(await server.ask("ACL", "LOG")).toEqual([]);
    } finally {
      await other.stop();
      await server.stop();
    }
  });

  test("live it on a Cluster, whose nodes keep their users each for itself", async () => {
    const cluster = await RedisCluster.start({ binary, replicas: 0 });
    try {
      await addUsers(cluster.nodes, place);
      await story(`redis://${cluster.addresses[0]}`);
      for (const node of cluster.nodes) expect(await node.ask("ACL", "LOG")).toEqual([]);
    } finally {
      await cluster.stop();
    }
  });
});

describe("what a user may not do", () => {
  const place = { prefix: "closed", partitions: 64 };
  const [home, far] = [baseKey(place.prefix, 0), baseKey(place.prefix, 63)];
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
    await addUsers([server], place);
  });
  afterAll(() => server.stop());
  const as = (role: AclRole) =>
    server.client({ ...userOf(place.prefix, role), enableReadyCheck: false });
  const script = (command: string, ...words: string[]) =>
    `return redis.call('${[command, ...words].join("','")}')`;

  test.each([
    ["an entry of the log of cuts", "XADD", [`${home}feed`, "9-1", "e", "forged"]],
    ["a live cut", "ZADD", [`${far}cuts`, "9", "forged"]],
    ["what is known of a cut", "HSET", [`${home}c`, "k", "forged"]],
    ["a mark of a tenant", "HSET", [`${home}Sacme`, "e", "0"]],
    ["a cut of what was not seen", "HSET", [`${home}x4:acme:tree`, "t", "1"]],
    ["a tree's list of hops", "HSET", [`${home}i4:acme:tree`, "hop", "9"]],
    ["a suspension", "HSET", [`${home}p4:acme:tree`, "s", "lifted"]],
    ["a heartbeat", "HSET", [`${home}hb`, "at", "9"]],
    ["the order of the whole log", "HSET", [`${home}sealed`, "count", "0"]],
    ["a key whose name only begins like a partition", "SET", ["{closed:p1}:Sx}:z", "v"]],
    ["another deployment", "HSET", [`${baseKey("open", 0)}m`, "life", "none"]],
  ])("a guard cannot write %s, in a script or without", async (_, command, words) => {
    const guard = as("guard");
    await expect(guard.call(command, ...words)).rejects.toThrow("NOPERM");
    await expect(guard.call("EVAL", script(command, ...words), "1", home)).rejects.toThrow(
      /can't (run|access)|ACL failure in script/,
    );
  });

  test.each([
    ["tell guards anything", "SPUBLISH", [`${home}bell`, "h"]],
    ["take entries away", "XTRIM", [`${home}feed`, "MAXLEN", "0"]],
    ["remove a key", "DEL", [`${home}feed`]],
    ["empty the servers", "FLUSHALL", []],
    ["change settings", "CONFIG", ["SET", "appendonly", "no"]],
    ["change users", "ACL", ["SETUSER", "me", "on", "+@all"]],
    ["read what an approver is shown", "GET", [`${home}y1`]],
    ["list keys", "KEYS", ["*"]],
  ])("a guard cannot %s", async (_, command, words) => {
    await expect(as("guard").call(command, ...words)).rejects.toThrow("NOPERM");
  });

  test.each([
    ["empty the servers", "FLUSHALL", []],
    ["change settings", "CONFIG", ["SET", "appendonly", "no"]],
    ["change users", "ACL", ["SETUSER", "me", "on", "+@all"]],
    ["make a server follow another", "REPLICAOF", ["127.0.0.1", "1"]],
    ["list keys", "KEYS", ["*"]],
    ["write another deployment", "SET", [`${baseKey("open", 0)}m`, "v"]],
    ["listen to another deployment", "SSUBSCRIBE", [`${baseKey("open", 0)}bell`]],
  ])("a coordinator cannot %s", async (_, command, words) => {
    await expect(as("coordinator").call(command, ...words)).rejects.toThrow("NOPERM");
  });

  test.each(["coordinator", "guard"] as const)(
    "each other command is refused to a %s",
    async (role) => {
      const all = ((await server.ask("COMMAND", "LIST")) as string[]).filter(
        (name) => !commandsOf(role).some((one) => one.split("|")[0] === name),
      );
      expect(all.length).toBeGreaterThan(150);
      const user = userOf(place.prefix, role).username;
      // Whoever is connected may log in, and say goodbye.
      const open = new Set(["auth", "hello", "quit", "reset"]);
      for (const name of all.filter((one) => !open.has(one))) {
        const words = await server.ask("ACL", "DRYRUN", user, name, home, home, home).catch(String);
        expect([name, words]).toEqual([
          name,
          expect.stringMatching(/no permissions|wrong number|not found/),
        ]);
      }
    },
  );
});

describe("the lines of the users", () => {
  test("hold no password, and patterns for as many partitions as there are", () => {
    const lines = aclLines({ prefix: "x", partitions: 1024, passwords: { guard: "geheim" } });
    expect(lines.map((line) => line.split(" ").slice(0, 4).join(" "))).toEqual([
      "user legate-coordinator reset on",
      "user legate-guard reset on",
      "user legate-replica reset on",
    ]);
    const [coordinator = "", guard = ""] = lines;
    expect(lines.join("\n")).not.toContain("geheim");
    expect(guard).toMatch(/ #[0-9a-f]{64} /);
    expect(coordinator).toContain(" ~{x:p[0-9][0-9][0-9][0-9]}:* ");
    expect(coordinator).not.toMatch(/[#>]|nopass/);
    expect(aclLines({ partitions: 1 })[0]).toContain(" ~{legate:p[0-9]}:* ");
  });

  test.each([
    ["a prefix that ends a tag", { prefix: "a}b" }],
    ["a number of partitions that is none", { partitions: 3 }],
    ["an empty password", { passwords: { guard: "" } }],
  ])("are refused for %s", (_, options) => {
    expect(() => aclLines(options)).toThrow(expect.objectContaining({ code: "config_invalid" }));
  });

  test("name for a guard nothing that no script calls, and for a coordinator all that any does", () => {
    const called = new Set(
      Object.values(SCRIPTS).flatMap(({ text }) =>
        [...text.matchAll(/call\('([A-Z]+)'/g)].map(([, name = ""]) => name.toLowerCase()),
      ),
    );
    expect(called.size).toBeGreaterThan(25);
    for (const name of called) expect(commandsOf("coordinator")).toContain(name);
    const direct = ["cluster|slots", "eval", "evalsha", "info", "ssubscribe", "wait"];
    for (const name of commandsOf("guard")) expect([...called, ...direct]).toContain(name);
    for (const name of ["spublish", "xtrim", "zremrangebyscore", "config|get", "del"]) {
      expect(commandsOf("guard")).not.toContain(name);
    }
  });
});
