/** The commands on Redis: what they say of a journal they say of a deployment. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { PATIENT } from "../patience.js";
import { RedisCluster, startSentinels } from "../redis/cluster.js";
import { RedisServer } from "../redis/servers.js";
import { openTeller } from "../redis/teller.js";
import { type Built, buildCommand, type Run, valuesIn } from "./command.js";
import { type Made, SECRET_ARGUMENT, writeJournal, writeStory } from "./journal.js";

vi.setConfig({ testTimeout: 120_000 });

const PASSWORD = "pass-that-nobody-may-see";
const ACCEPT = ["disk", "minority", "timeout", "quorum", "memory"] as const;

let command: Built;
let server: RedisServer;
/** With a password in it. */
let url: string;
let made: Made;
/** Everything that any run has said. */
const said: string[] = [];

beforeAll(async () => {
  command = buildCommand();
  server = await RedisServer.start({ settings: [`requirepass ${PASSWORD}`] });
  url = `redis://:${PASSWORD}@${server.host}:${server.port}`;
  made = await writeStory(
    await openTeller({ url, partitions: 4, accept: ACCEPT, patience: PATIENT }),
  );
}, 300_000);

afterAll(async () => {
  await server?.stop();
  command.remove();
});

async function legate(args: readonly string[], env: Record<string, string> = {}): Promise<Run> {
  const run = await command.run(args, { env: { LEGATE_REDIS: url, ...env } });
  said.push(run.stdout, run.stderr);
  return run;
}

/** A deployment of its own on the same server, for what changes it. */
async function another(prefix: string): Promise<Made> {
  const options = { url, prefix, partitions: 2, accept: ACCEPT, patience: PATIENT };
  return writeStory(await openTeller(options));
}

/** The same but for what differs from one telling to the next. */
function leveled(
  text: string,
  { tree, planner, researcher, reader, writer, readers }: Made,
): string {
  const names = [tree, planner, researcher, reader, writer, ...readers];
  return names
    .reduce((rest, name, index) => rest.replaceAll(name, `ID${index}`), text)
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")
    .replace(/\b\d+ (?:ms|s|min|h|d)(?: \d+ (?:ms|s|min|h))?\b/g, "SPAN")
    .replace(/thumbprint \S+/g, "thumbprint KEY")
    .replace(/"holder":"[^"]+"/g, "KEY");
}

describe("on Redis as on a journal", () => {
  let journal: string;
  let told: Made;
  beforeAll(async () => {
    journal = join(command.folder, "journal.jsonl");
    told = await writeJournal(journal);
  });

  const call = ["--tool", "files.read", "--args", `{"path":"${SECRET_ARGUMENT}"}`];
  test.each<[string, (of: Made) => string[]]>([
    ["tree", () => ["tree"]],
    ["tree ID", ({ tree }) => ["tree", tree]],
    ["tree ID --json", ({ tree }) => ["tree", tree, "--json"]],
    ["tree HOP --depth", ({ planner }) => ["tree", planner, "--depth", "1", "--limit", "4"]],
    ["show", ({ reader }) => ["show", reader]],
    ["show --json", ({ writer }) => ["show", writer, "--json"]],
    ["show of no hop", () => ["show", "nobody"]],
    ["show of another tenant's hop", ({ writer }) => ["show", writer, "--tenant", "other"]],
    ["why", ({ reader }) => ["why", reader]],
    ["why --tool", ({ writer }) => ["why", writer, ...call]],
    ["why --tool --json", ({ writer }) => ["why", writer, ...call, "--json"]],
    ["revoke --dry-run", ({ writer }) => ["revoke", `hop:${writer}`, "--dry-run"]],
    ["revoke of no hop", () => ["revoke", "hop:nobody", "--yes"]],
    ["revoke of no boundary", () => ["revoke", "hopp:x", "--yes"]],
    ["export of no tree", () => ["export", "--tree", "nobody"]],
  ])("%s says the same, and ends alike", async (_what, args) => {
    const onRedis = await legate(args(made));
    const onJournal = await command.run(args(told), { env: { LEGATE_JOURNAL: journal } });
    expect(leveled(onRedis.stdout, made)).toBe(leveled(onJournal.stdout, told));
    expect(leveled(onRedis.stderr, made)).toBe(leveled(onJournal.stderr, told));
    expect(onRedis.status).toBe(onJournal.status);
  });

  test.each([
    ["a journal", () => ({ LEGATE_JOURNAL: journal, LEGATE_REDIS: "" })],
    ["Redis", () => ({})],
  ])("an export from %s verifies", async (what, env) => {
    const { status, stdout } = await legate(["export"], env());
    expect(status).toBe(0);
    const path = join(command.folder, `${what.replace(" ", "-")}.exported`);
    writeFileSync(path, stdout);
    expect((await legate(["verify", path])).stdout).toMatch(/^intact {2}\d+ lines\n/);
    const { tree } = what === "Redis" ? made : told;
    const part = await legate(["export", "--tree", tree], env());
    writeFileSync(path, part.stdout);
    expect((await legate(["verify", path, "--tree", tree])).status).toBe(0);
  });
});

describe("legate revoke on Redis", () => {
  test("cuts in the tree's partition, or in every one", async () => {
    const prefix = "cut";
    const { tree, writer } = await another(prefix);
    const env = { LEGATE_PREFIX: prefix };
    const hop = await legate(["revoke", `hop:${writer}`, "--yes", "--json", "--by", "olga"], env);
    expect(valuesIn(hop.stdout)).toMatchObject([{ fresh: true }]);
    const epoch = await legate(["revoke", "epoch", "--yes", "--json"], env);
    expect(valuesIn(epoch.stdout)).toMatchObject([
      { fresh: true, positions: [expect.any(Number), expect.any(Number)] },
    ]);
    const { stdout } = await legate(["tree", tree, "--json"], env);
    for (const one of valuesIn(stdout)) expect(one).toMatchObject({ effective: "revoked" });
  });

  test("with nobody to ask, gives a line to run that holds no password, and runs", async () => {
    const prefix = "asked";
    await another(prefix);
    const { status, stderr } = await legate([
      "revoke",
      "agent:copier",
      "--redis",
      url,
      "--prefix",
      prefix,
    ]);
    expect(status).toBe(2);
    const line = /run: (.*)$/m.exec(stderr)?.[1] ?? "";
    expect(line).toMatch(/ revoke agent:copier --prefix asked --yes$/);
    const [, ...args] = line.slice(line.indexOf(" revoke ")).split(" ");
    expect((await legate(args)).stdout).toMatch(/^cut {2}agent:copier {2}position \d+ /);
  });

  test("ends with 6 when fewer replicas have the cut than were asked for", async () => {
    const prefix = "alone";
    await another(prefix);
    const args = ["revoke", "epoch", "--yes", "--replicas", "1", "--prefix", prefix];
    const { status, stderr } = await legate(args);
    expect(status).toBe(6);
    expect(stderr).toMatch(/^legate: not_durable: /);
  });
});

describe("a store that is not there", () => {
  test.each([
    [
      "a server that does not answer",
      ["--redis", "redis://:x@127.0.0.1:1"],
      {},
      6,
      /^legate: store_unavailable: no answer from 127\.0\.0\.1:1 \(CONNECTION\)\n/,
    ],
    [
      "what is no URL",
      ["--redis", `http://:${PASSWORD}@localhost`],
      {},
      2,
      /^legate: config_invalid: not the URL of a Redis deployment\n/,
    ],
    [
      "a deployment that nobody started",
      ["--prefix", "nobody"],
      {},
      4,
      /^legate: no deployment named nobody on /,
    ],
    ["a prefix that is none", ["--prefix", "{x}"], {}, 1, /^legate: config_invalid: /],
    [
      "a journal and a deployment, both typed",
      ["--redis", "redis://localhost", "--journal", "x"],
      {},
      2,
      /name one/,
    ],
    [
      "a journal and a deployment, both in the environment",
      [],
      { LEGATE_JOURNAL: "x" },
      2,
      /name one/,
    ],
  ])("is refused: %s", async (_what, args, env, exit, line) => {
    const { status, stdout, stderr } = await legate(["tree", ...args], env);
    expect(stderr).toMatch(line);
    expect(status).toBe(exit);
    expect(stdout).toBe("");
  });

  test("is refused: a server that wants another password", async () => {
    const { status, stderr } = await legate(["tree"], {
      LEGATE_REDIS: url.replace(PASSWORD, "wrong-one"),
    });
    expect(status).toBe(6);
    expect(stderr).toMatch(/^legate: store_unavailable: no answer from /);
    expect(stderr).not.toContain("wrong-one");
  });

  test("what is typed outranks the environment", async () => {
    expect((await legate(["tree", "--journal", "/nowhere/j"])).status).toBe(4);
    expect(
      (await legate(["tree", "--redis", url], { LEGATE_JOURNAL: "/nowhere/j", LEGATE_REDIS: "" }))
        .status,
    ).toBe(0);
  });

  test("starts nothing by looking", async () => {
    const empty = await RedisServer.start();
    try {
      expect((await legate(["tree", "--redis", empty.url])).status).toBe(4);
      expect((await legate(["revoke", "epoch", "--yes", "--redis", empty.url])).status).toBe(4);
      expect(await empty.ask("DBSIZE")).toBe(0);
    } finally {
      await empty.stop();
    }
  });
});

describe("other deployments", () => {
  test("a Cluster is read by any of its nodes, and from a list with one that is down", async () => {
    const cluster = await RedisCluster.start({ replicas: 0 });
    try {
      const [first = "", second = ""] = cluster.addresses;
      const options = { partitions: 4, accept: ACCEPT, patience: PATIENT };
      const { tree } = await writeStory(await openTeller({ url: `redis://${first}`, ...options }));
      for (const seeds of [second, `127.0.0.1:1,${second}`]) {
        const { status, stdout } = await legate(["tree", "--redis", `redis://${seeds}`]);
        expect(stdout).toContain(`${tree}  ada  planner  active  8 hops`);
        expect(status).toBe(0);
      }
    } finally {
      await cluster.stop();
    }
  });

  test("a master is found by its Sentinels", async () => {
    const watched = await startSentinels();
    try {
      const seeds = watched.sentinels.map(({ host, port }) => `${host}:${port}`).join(",");
      const master = `redis+sentinel://${seeds}/${watched.name}`;
      const options = { partitions: 1, accept: ACCEPT, patience: PATIENT };
      const { reader } = await writeStory(await openTeller({ url: master, ...options }));
      const { status, stdout } = await legate(["why", reader, "--redis", master]);
      expect(stdout).toContain("reader is revoked");
      expect(status).toBe(0);
    } finally {
      await watched.stop();
    }
  });
});

describe("legate doctor", () => {
  test("names what does not fit and what it costs, and ends with 3", async () => {
    const { status, stdout, stderr } = await legate(["doctor"]);
    expect(status).toBe(3);
    expect(stdout).toMatch(/^127\.0\.0\.1:\d+\n/);
    expect(stdout).toMatch(/ {2}fits {4}maxmemory-policy noeviction\n/);
    expect(stdout).toMatch(/ {2}unfit {3}appendonly no, wanted yes\n +disk: a restart may lose/);
    expect(stderr).toContain("deployment legate: 4 partitions");
    expect(stderr).toContain("1 setting to mend, or to accept by name with --accept");
  });

  test("ends with 0 once it is accepted, and with 3 once more is promised", async () => {
    const args = ["doctor", "--json", "--accept", "disk"];
    const accepted = await legate(args);
    expect(accepted.status).toBe(0);
    const verdicts = valuesIn(accepted.stdout).map(({ setting, verdict }) => [setting, verdict]);
    expect(verdicts).toContainEqual(["appendonly", "chosen"]);
    expect(verdicts).toContainEqual(["redis_version", "fits"]);
    const more = await legate([...args, "--replicas", "1"]);
    expect(more.status).toBe(3);
    expect(valuesIn(more.stdout)).toContainEqual(
      expect.objectContaining({ setting: "min-replicas-to-write", verdict: "unfit", found: "0" }),
    );
  });

  test.each([
    ["no servers", [], { LEGATE_REDIS: "" }, 2],
    ["a promise that there is not", ["--accept", "cuts"], {}, 2],
    ["servers that do not answer", ["--redis", "redis://127.0.0.1:1"], {}, 6],
  ])("refuses %s", async (_what, args, env, exit) => {
    const { status, stdout } = await legate(["doctor", ...args], env as Record<string, string>);
    expect(status).toBe(exit);
    expect(stdout).toBe("");
  });
});

test("says no password, token or key, in anything", () => {
  const all = said.join("\n");
  expect(all.length).toBeGreaterThan(10_000);
  for (const secret of [PASSWORD, "eyJ", '"d":', SECRET_ARGUMENT])
    expect(all).not.toContain(secret);
});

test("a command on a journal loads no client of Redis", async () => {
  const folder = join(command.folder, "node_modules", "ioredis");
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "package.json"),
    '{ "name": "ioredis", "type": "module", "main": "x.js" }',
  );
  writeFileSync(join(folder, "x.js"), 'throw new Error("loaded")');
  const journal = join(command.folder, "lazy.jsonl");
  const { tree } = await writeJournal(journal);
  const env = { LEGATE_JOURNAL: journal, LEGATE_REDIS: "" };
  for (const args of [["tree", tree], ["revoke", "epoch", "--yes"], ["--help"], ["export"]]) {
    expect((await command.run(args, { env })).status).toBe(0);
  }
  expect((await command.run(["tree", "--redis", "redis://localhost"])).status).toBe(1);
});
