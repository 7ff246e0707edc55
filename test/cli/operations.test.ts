/** What operators do with the command: users of the servers, waiting for guards, looking trees up, archiving the log. */
import { generateKeyPairSync } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Barrier } from "../../src/coordinator/guard-reports.js";
import { aclLines } from "../../src/redis/acl.js";
import { allows, denies, NARROW, PRINCIPAL, read } from "../guard/rig.js";
import { selfSigned } from "../redis/certificate.js";
import { type House, openHouse } from "../redis/house.js";
import { RedisServer } from "../redis/servers.js";
import { waitForGood } from "../redis/wait.js";
import { type Built, buildCommand, ROOT, valuesIn } from "./command.js";

vi.setConfig({ testTimeout: 120_000 });

let command: Built;
beforeAll(() => {
  command = buildCommand();
}, 300_000);
afterAll(() => command.remove());

describe("over TLS", () => {
  test("a certificate is trusted when its authority is named, and told of when it is not", async () => {
    const tls = selfSigned(Date.now());
    const server = await RedisServer.start({ tls });
    const authority = join(command.folder, "authority.pem");
    writeFileSync(authority, tls.cert);
    try {
      const words = ["doctor", "--redis", server.url, "--accept", "disk"];
      const trusted = { NODE_EXTRA_CA_CERTS: authority };
      expect(await command.run(words, { env: trusted })).toMatchObject({ status: 0 });
      const { status, stderr } = await command.run(words);
      expect(status).toBe(6);
      expect(stderr).toContain("certificate is not accepted (DEPTH_ZERO_SELF_SIGNED_CERT)");
      expect(stderr).toContain("NODE_EXTRA_CA_CERTS");
    } finally {
      await server.stop();
    }
  });
});

describe("the servers of examples/redis", () => {
  const folder = join(ROOT, "examples", "redis");
  const passwords = { coordinator: "pass one", guard: "pass two", replica: "pass three" };

  test("start with its settings and users, and the doctor finds nothing to complain about", async () => {
    const users = join(command.folder, "users.acl");
    writeFileSync(users, `${[...aclLines({ passwords }), "user default off"].join("\n")}\n`);
    const settings = readFileSync(join(folder, "redis.conf"), "utf8")
      .replace("/etc/legate/users.acl", users)
      .split("\n");
    const login = ['masteruser "legate-replica"', `masterauth "${passwords.replica}"`];
    const own = [...settings, ...login];
    const primary = await RedisServer.start({ settings: own });
    const servers = [primary];
    try {
      for (let n = 0; n < 2; n++) {
        servers.push(await RedisServer.start({ settings: own, replicaOf: primary }));
      }
      const url = `redis://legate-coordinator:pass%20one@${primary.host}:${primary.port}`;
      const words = ["doctor", "--redis", url, "--replicas", "2", "--json"];
      await waitForGood("the replicas follow", 20_000, async () => {
        const { status, stdout } = await command.run(words);
        const checks = valuesIn(stdout);
        expect(checks.length).toBeGreaterThan(6);
        return status === 0 && checks.every(({ verdict }) => verdict === "fits");
      });
      const options = { url: `redis://${primary.host}:${primary.port}`, replicas: 2, accept: [] };
      const house = await openHouse(options, {
        coordinator: { username: "legate-coordinator", password: passwords.coordinator },
        guard: { username: "legate-guard", password: passwords.guard },
      });
      try {
        const guard = await house.watch("one");
        const root = await house.root();
        await allows(guard, read(root));
        const boundary = { kind: "tree", tree: root.tree };
        const asked = { boundary, wait: "guards" };
        const made = await house.engine.coordinator.revoke({ operator: "op" }, asked);
        expect(await made.durable).toBe(2);
        await denies(guard, read(root), "delegation_revoked");
      } finally {
        await house.close();
      }
    } finally {
      for (const server of servers) await server.stop();
    }
  });

  test("say of each setting why it is so, and the servers of the compose file all use them", () => {
    const lines = readFileSync(join(folder, "redis.conf"), "utf8").split("\n");
    for (const [at, line] of lines.entries()) {
      if (line === "" || line.startsWith("#")) continue;
      const above = lines
        .slice(0, at)
        .reverse()
        .find((one) => !/^repl-diskless-sync /.test(one));
      expect([line, above]).toEqual([line, expect.stringMatching(/^# /)]);
    }
    const compose = readFileSync(join(folder, "compose.yaml"), "utf8");
    const named = (text: string) => compose.split(text).length - 1;
    expect(named("redis.conf:/etc/legate/redis.conf:ro")).toBe(3);
    expect(named("users.acl:/etc/legate/users.acl:ro")).toBe(3);
    expect(named("--masteruser legate-replica --masterauth $$LEGATE_REPLICA_PASSWORD")).toBe(2);
    expect(named("--replicaof primary 6379")).toBe(1);
  });
});

describe("legate doctor --acl", () => {
  const env = {
    LEGATE_COORDINATOR_PASSWORD: "pass one",
    LEGATE_GUARD_PASSWORD: "pass two",
    LEGATE_REPLICA_PASSWORD: "pass three",
  };

  test("prints a file that a server starts with, and in which no password stands", async () => {
    const { status, stdout, stderr } = await command.run(
      ["doctor", "--acl", "--prefix", "shop", "--partitions", "4"],
      { env },
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).not.toContain("pass ");
    const settings = stdout.split("\n").filter((line) => line !== "");
    expect(settings).toHaveLength(3);
    const server = await RedisServer.start({ settings });
    try {
      const login = { username: "legate-guard", enableReadyCheck: false };
      const guard = server.client({ ...login, password: "pass two" });
      await expect(guard.hget("{shop:p3}:m", "life")).resolves.toBeNull();
      await expect(guard.hget("{shop:p3}:cuts", "life")).resolves.toBeNull();
      await expect(guard.hset("{shop:p3}:cuts", "a", "b")).rejects.toThrow("NOPERM");
      await expect(server.client({ ...login, password: "no" }).ping()).rejects.toThrow("WRONGPASS");
    } finally {
      await server.stop();
    }
  });

  test("says how a user without a password gets one", async () => {
    const { status, stdout, stderr } = await command.run(["doctor", "--acl", "--json"], {
      env: { LEGATE_GUARD_PASSWORD: "pass two" },
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(valuesIn(stdout).map(({ role, user }) => [role, user])).toEqual([
      ["coordinator", "legate-coordinator"],
      ["guard", "legate-guard"],
      ["replica", "legate-replica"],
    ]);
    const told = await command.run(["doctor", "--acl"], {
      env: { LEGATE_GUARD_PASSWORD: "pass two" },
    });
    expect(told.stderr).toContain("LEGATE_COORDINATOR_PASSWORD, LEGATE_REPLICA_PASSWORD");
  });

  test.each([
    ["a number of partitions that is none", ["--partitions", "5"]],
    ["a prefix that ends a tag", ["--prefix", "a}b"]],
  ])("refuses %s", async (_, words) => {
    const { status, stderr } = await command.run(["doctor", "--acl", ...words], { env });
    expect(status).not.toBe(0);
    expect(stderr).toContain("config_invalid");
  });
});

describe("legate revoke --wait", () => {
  let server: RedisServer;
  let house: House;
  beforeAll(async () => {
    server = await RedisServer.start();
    house = await openHouse({ url: server.url, partitions: 2 });
    await house.watch("one");
    await house.watch("two");
  }, 60_000);
  afterAll(async () => {
    await house.close();
    await server.stop();
  });
  const revoke = async (boundary: string, ...more: string[]) =>
    command.run(["revoke", boundary, "--redis", server.url, "--yes", "--wait", ...more]);

  test("says how many guards have the cut, and after how long", async () => {
    const { tree } = await house.root();
    const { status, stdout } = await revoke(`tree:${tree}`);
    expect(status).toBe(0);
    const [first, second, ...rest] = stdout.trim().split("\n");
    expect(first).toMatch(/^cut {2}tree:/);
    expect(second).toMatch(/^seen by 2 of 2 guards after [\d,]+ ms$/);
    expect(rest).toEqual([]);
  });

  test("waits for the guards of every log where a cut is in each", async () => {
    const { stdout } = await revoke("agent:nobody", "--json");
    const [{ barrier }] = valuesIn(stdout) as [{ barrier: Barrier }];
    expect(barrier).toMatchObject({ seen: 2, guards: 2, behind: [], waited: { denying: [] } });
    expect([...barrier.has].sort()).toEqual(["one", "two"]);
  });

  test("names a guard that does not have it, once it denies by construction", async () => {
    const { tree } = await house.root();
    const { store } = house.guards;
    // What it said last, before it went.
    store.feed(store.partitionOf(tree)).report("gone", 0, []);
    await waitForGood("it is heard", 10_000, async () => {
      return (await store.reports(tree)).some(({ guard }) => guard === "gone");
    });
    const { stdout } = await revoke(`tree:${tree}`, "--json");
    const [{ barrier, at }] = valuesIn(stdout) as [{ barrier: Barrier; at: string }];
    expect(barrier).toMatchObject({
      seen: 2,
      guards: 3,
      behind: ["gone"],
      waited: { denying: ["gone"] },
    });
    const { denyingFrom = 0, afterMs = 0 } = barrier.waited ?? {};
    expect(denyingFrom - Date.parse(at)).toBeGreaterThanOrEqual(1_500);
    expect(afterMs).toBeGreaterThanOrEqual(1_500);
    const again = await revoke(`tree:${tree}`);
    expect(again.stdout).toContain("seen by 2 of 3 guards after");
    expect(again.stdout).toMatch(/^denying since \S+, as they know too little: gone$/m);
  });
});

describe("legate tree by name", () => {
  test("lists the trees where an agent acts, or those of a person, on Redis", async () => {
    const server = await RedisServer.start();
    const house = await openHouse({ url: server.url, partitions: 4 });
    try {
      const first = await house.root({ agent: "clerk", subject: "ben" });
      const second = await house.root({ subject: "ada" });
      await second.delegate({ agent: "clerk", grant: NARROW });
      await house.root({ subject: "eve" });
      const list = async (...words: string[]) => {
        const run = await command.run(["tree", "--redis", server.url, "--json", ...words]);
        return { ...run, trees: valuesIn(run.stdout).map(({ tree }) => tree) };
      };
      expect((await list("--agent", "clerk")).trees).toEqual([second.tree, first.tree]);
      expect((await list("--agent", "clerk", "--limit", "1")).trees).toEqual([second.tree]);
      const ben = `${PRINCIPAL.issuer}#ben`;
      expect((await list("--principal", ben)).trees).toEqual([first.tree]);
      expect((await list("--principal", `${PRINCIPAL.issuer}#ada`)).trees).toEqual([second.tree]);
      expect((await list("--agent", "nobody")).trees).toEqual([]);
      expect((await list("--agent", "clerk", "--principal", ben)).status).toBe(2);
      expect((await list("--principal", "ben")).status).toBe(2);
      const cut = ["revoke", "agent:clerk", "--redis", server.url, "--dry-run", "--json"];
      expect(valuesIn((await command.run(cut)).stdout)).toMatchObject([
        { hops: 2, agents: ["clerk"], principals: 2, estimate: false },
      ]);
    } finally {
      await house.close();
      await server.stop();
    }
  });
});

describe("legate export --archive", () => {
  let server: RedisServer;
  let house: House;
  let folder: string;
  const path = (name: string) => join(command.folder, name);
  beforeAll(async () => {
    server = await RedisServer.start();
    house = await openHouse({ url: server.url, partitions: 2 });
    folder = path("segments");
    for (const name of ["archive", "other"]) {
      const { privateKey, publicKey } = generateKeyPairSync("ed25519");
      const pem = { type: "pkcs8", format: "pem" } as const;
      writeFileSync(path(`${name}.pem`), privateKey.export(pem));
      writeFileSync(path(`${name}.pub`), publicKey.export({ type: "spki", format: "pem" }));
    }
  }, 60_000);
  afterAll(async () => {
    await house.close();
    await server.stop();
  });
  const archive = (...more: string[]) => {
    const place = ["--redis", server.url, "--archive", folder, "--key", path("archive.pem")];
    return command.run(["export", ...place, ...more]);
  };
  const verify = (...words: string[]) => command.run(["verify", ...words, "--json"]);
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString();

  /** A tree whose record is gone, as a day after its last token. */
  async function pastTree() {
    const { tree } = await house.root();
    const partition = house.engine.store.partitionOf(tree);
    await server.ask("DEL", `{legate:p${partition}}:t7:default:${tree}`);
  }

  test("writes segments that verify as one log with what is left, and forgets them", async () => {
    await pastTree();
    const first = await archive("--before", tomorrow, "--json");
    expect(first).toMatchObject({ status: 0, stderr: "" });
    expect(valuesIn(first.stdout)).toEqual([
      { first: 1, last: 3, file: "audit-000000000001-000000000003.jsonl" },
    ]);
    const { tree } = await house.root();
    await pastTree();
    expect((await archive("--before", tomorrow)).stderr).toContain("nothing to archive");
    const partition = house.engine.store.partitionOf(tree);
    await server.ask("DEL", `{legate:p${partition}}:t7:default:${tree}`);
    expect((await archive("--before", tomorrow)).stdout).toContain("2 lines");
    const later = await house.root();
    const rest = await command.run(["export", "--redis", server.url]);
    expect(rest.stdout.split("\n")).toHaveLength(2);
    expect(rest.stderr).toContain("from line 6 on");
    writeFileSync(path("rest.jsonl"), rest.stdout);
    const whole = await verify(folder, path("rest.jsonl"), "--key", path("archive.pub"));
    expect(whole.status).toBe(0);
    expect(valuesIn(whole.stdout)).toMatchObject([{ ok: true, lines: 6, sealed: 5 }]);
    const told = await command.run(["verify", folder, "--key", path("archive.pub")]);
    expect(told.stdout).toContain("lines up to 5 are what a signed checkpoint vouches for");
    expect((await command.run(["show", later.id, "--redis", server.url])).status).toBe(0);
  });

  test("is found out when a segment was changed, left out, rewritten or signed by another", async () => {
    const names = readdirSync(folder).filter((name) => name.endsWith(".jsonl"));
    expect(names).toHaveLength(2);
    const [one = "", two = ""] = names.map((name) => join(folder, name));
    const key = ["--key", path("archive.pub")];
    expect((await verify(two, ...key)).status).toBe(3);
    expect(valuesIn((await verify(two, one, ...key)).stdout)).toMatchObject([
      { ok: false, firstBad: { line: 1, reason: "gap" } },
    ]);
    const wrong = await verify(folder, "--key", path("other.pub"));
    expect(wrong.status).not.toBe(0);
    expect(wrong.stderr).toContain("signature_invalid");
    const text = readFileSync(two, "utf8");
    writeFileSync(two, text.replace("planner", "plannex"));
    expect(valuesIn((await verify(folder, ...key)).stdout)).toMatchObject([
      { ok: false, firstBad: { line: 4, reason: "hash" } },
    ]);
    writeFileSync(two, text.split("\n").slice(0, 1).join("\n"));
    expect(valuesIn((await verify(folder, ...key)).stdout)).toMatchObject([
      { ok: false, firstBad: { reason: "truncated" } },
    ]);
    writeFileSync(two, text);
  });

  test.each<[string, string[], string]>([
    ["without a key", ["--archive", "x"], "--archive needs --key"],
    [
      "before no instant",
      ["--archive", "x", "--key", "archive.pem", "--before", "soon"],
      "not an instant",
    ],
    ["with a key that is none", ["--archive", "x", "--key", "archive.pub"], "not an Ed25519 key"],
  ])("refuses to archive %s", async (_, words, why) => {
    const named = words.map((word) => (/^(x|archive\.\w+)$/.test(word) ? path(word) : word));
    const { status, stderr } = await command.run(["export", "--redis", server.url, ...named]);
    expect({ status, told: stderr.includes(why) }).toEqual({ status: 2, told: true });
    expect(existsSync(path("x"))).toBe(false);
  });
});
