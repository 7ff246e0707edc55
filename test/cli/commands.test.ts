/** The commands that read and change a journal, run as people run them. @module */
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { openEmbedded } from "../../src/memory/embedded.js";
import { type Built, buildCommand, ROOT, type Run, valuesIn } from "./command.js";
import { type Made, SECRET_ARGUMENT, writeJournal } from "./journal.js";

// Each run is a process of its own, and the machine may be busy.
vi.setConfig({ testTimeout: 120_000 });

let command: Built;
let journal: string;
let made: Made;
/** Everything that any run has said. */
const said: string[] = [];

beforeAll(async () => {
  command = buildCommand();
  journal = join(command.folder, "journal.jsonl");
  made = await writeJournal(journal);
}, 300_000);

afterAll(() => command.remove());

async function legate(args: readonly string[], env: Record<string, string> = {}): Promise<Run> {
  const run = await command.run(args, { env: { LEGATE_JOURNAL: journal, ...env } });
  said.push(run.stdout, run.stderr);
  return run;
}

/** A copy, for what changes it. */
function copied(name: string): string {
  const path = join(command.folder, name);
  copyFileSync(journal, path);
  return path;
}

describe("legate tree", () => {
  test("lists the trees of a journal when it is given none", async () => {
    const { status, stdout } = await legate(["tree"]);
    expect(status).toBe(0);
    expect(stdout.trim().split("\n")).toHaveLength(1);
    expect(stdout).toContain(`${made.tree}  ada  planner  active  8 hops`);
  });

  test("draws a tree: states in words, what was lost, siblings that are alike together", async () => {
    const { status, stdout } = await legate(["tree", made.tree]);
    expect(status).toBe(0);
    expect(stdout).toContain("ada (https://people.example) asks: read the reports");
    expect(stdout).toMatch(
      /├─ researcher {2}revoked .*− mail\.send {2}− crm\.write {2}~ files\.read/,
    );
    expect(stdout).toMatch(/│ {2}└─ reader {2}revoked/);
    expect(stdout).toMatch(/└─ writer {2}active .*~ calls 1 {2}4 below/);
    expect(stdout).toMatch(/ {3}└─ copier × 4 {2}active/);
  });

  test("draws every sibling when asked to", async () => {
    const { stdout } = await legate(["tree", made.tree, "--each"]);
    for (const id of made.readers) expect(stdout).toContain(id);
  });

  test("draws from a hop downwards, and no deeper than told", async () => {
    const { stdout } = await legate(["tree", made.planner, "--depth", "1"]);
    expect(stdout).not.toContain("copier");
    expect(stdout).toContain("… 4 more (--limit, --depth, or legate tree");
    const below = await legate(["tree", made.writer]);
    expect(below.stdout).not.toContain("researcher");
    expect(below.stdout).toContain("copier");
  });

  test("counts what a limit left out", async () => {
    const { stdout } = await legate(["tree", made.tree, "--limit", "2"]);
    expect(stdout).toContain("… 1 more");
  });

  test("gives one JSON value per hop", async () => {
    const { status, stdout, stderr } = await legate(["tree", made.tree, "--json"]);
    expect(status).toBe(0);
    expect(stderr).toBe("");
    const hops = valuesIn(stdout);
    expect(hops).toHaveLength(8);
    expect(hops.find(({ hop }) => hop === made.reader)).toMatchObject({
      tree: made.tree,
      parent: made.researcher,
      depth: 2,
      agent: "reader",
      effective: "revoked",
      identity: "asserted",
      tools: ["files.read"],
      scopes: ["crm.read"],
      lost: [],
      children: 0,
    });
  });

  test("uses ASCII where the terminal speaks nothing else", async () => {
    const { stdout } = await legate(["tree", made.tree], { LANG: "C", TERM: "dumb" });
    expect(stdout).toMatch(/^\|- researcher/m);
    expect(stdout).toMatch(/^[\x20-\x7e\n]*$/);
  });
});

describe("colour", () => {
  const ESC = String.fromCharCode(27);

  test("is left out of what is no terminal", async () => {
    expect((await legate(["tree", made.tree])).stdout).not.toContain(ESC);
  });

  test("comes when it is forced, and NO_COLOR outranks that", async () => {
    const forced = await legate(["tree", made.tree], { FORCE_COLOR: "1" });
    expect(forced.stdout).toContain(`${ESC}[31mrevoked${ESC}[39m`);
    const both = await legate(["tree", made.tree], { FORCE_COLOR: "1", NO_COLOR: "1" });
    expect(both.stdout).not.toContain(ESC);
  });
});

describe("legate show", () => {
  test("tells a hop's record, chain, grant, and its grant beside its parent's", async () => {
    const { status, stdout } = await legate(["show", made.writer]);
    expect(status).toBe(0);
    expect(stdout).toContain("agent     writer (asserted)");
    expect(stdout).toContain("asked by  ada (https://people.example): read the reports");
    expect(stdout).toContain("used      1 of 1 calls, 4 children, 4 below");
    expect(stdout).toContain("└─ planner  active");
    expect(stdout).toContain("files.read  path: /reports/**");
    expect(stdout).toContain("~ files.read.path: /** → /reports/**");
    expect(stdout).toContain("− mail.send");
    expect(stdout).toContain("= crm.read");
  });

  test("says through which hop a state was inherited", async () => {
    const { stdout } = await legate(["show", made.reader]);
    expect(stdout).toContain("state     revoked (researcher above is revoked)");
  });

  test("gives the same as JSON", async () => {
    const { stdout } = await legate(["show", made.writer, "--json"]);
    expect(valuesIn(stdout)).toMatchObject([
      {
        hop: made.writer,
        effective: "active",
        counters: { calls: 1 },
        chain: [{ agent: "planner" }, { agent: "writer" }],
        diff: { kept: ["crm.read"], dropped: ["mail.send", "crm.write"] },
      },
    ]);
  });

  test("ends with 4 for a hop that there is not", async () => {
    const { status, stdout, stderr } = await legate(["show", "nobody"]);
    expect(status).toBe(4);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^legate: hop_not_found: no such hop: nobody\n/);
  });

  test("tells another tenant's hop like one that there is not", async () => {
    const { status, stderr } = await legate(["show", made.writer, "--tenant", "other"]);
    expect(status).toBe(4);
    expect(stderr).toContain(`no such hop: ${made.writer}`);
  });
});

describe("legate why", () => {
  const call = ["--tool", "files.read", "--args", `{"path":"${SECRET_ARGUMENT}"}`];

  test("K04 names hop and rule of a refusal and what would pass, without the argument's value", async () => {
    const { status, stdout } = await legate(["why", made.writer, ...call]);
    expect(status).toBe(3);
    expect(stdout).toContain("writer files.read: would be denied");
    expect(stdout).toMatch(/→ planner {2}ok/);
    expect(stdout).toMatch(/→ writer {2}no: .*argument_refused \(rule files\.read\.path\)/);
    expect(stdout).toContain("asked for    files.read.path, a string");
    expect(stdout).toContain("would pass   path: a normalised absolute path, /reports or below");
    expect(stdout).not.toContain(SECRET_ARGUMENT);
    const json = await legate(["why", made.writer, ...call, "--json"]);
    expect(json.status).toBe(3);
    expect(json.stdout).not.toContain(SECRET_ARGUMENT);
    expect(valuesIn(json.stdout)).toMatchObject([
      {
        verdict: "deny",
        explanation: { hop: made.writer, code: "argument_refused", rule: "files.read.path" },
      },
    ]);
  });

  test("K04 shows the value to the operator", async () => {
    const { stdout } = await command.run([
      "why",
      made.writer,
      ...call,
      "--operator",
      "--journal",
      journal,
    ]);
    expect(stdout).toContain(`asked for    files.read.path, "${SECRET_ARGUMENT}"`);
  });

  test("ends with 0 for a call that would pass", async () => {
    const { status, stdout } = await legate([
      "why",
      made.planner,
      "--tool",
      "files.read",
      "--args",
      '{"path":"/x"}',
    ]);
    expect(stdout).toContain("planner files.read: would be allowed");
    expect(status).toBe(0);
  });

  test("tells a call that waits for people", async () => {
    const { status, stdout } = await legate(["why", made.planner, "--tool", "mail.send"]);
    expect(stdout).toContain("planner mail.send: would wait for 1 approval");
    expect(status).toBe(3);
  });

  test("tells a budget that is used up", async () => {
    const { status, stdout } = await legate([
      "why",
      made.writer,
      "--tool",
      "files.read",
      "--args",
      '{"path":"/reports/x"}',
    ]);
    expect(stdout).toMatch(/→ writer {2}no: budget_exhausted \(rule limits\.calls\)/);
    expect(status).toBe(3);
  });

  test("without a call, tells who cut the chain and what was refused last", async () => {
    const { status, stdout } = await legate(["why", made.reader]);
    expect(status).toBe(0);
    expect(stdout).toContain("reader is revoked");
    expect(stdout).toContain(`cut at hop ${made.researcher} by olga: acts odd`);
    expect(stdout).toMatch(
      /last refusal .*files\.read denied: argument_refused, rule files\.read\.path/,
    );
  });

  test("does not repeat arguments that are no JSON", async () => {
    const { status, stderr } = await legate([
      "why",
      made.writer,
      "--tool",
      "files.read",
      "--args",
      SECRET_ARGUMENT,
    ]);
    expect(status).toBe(2);
    expect(stderr).not.toContain(SECRET_ARGUMENT);
  });
});

describe("legate revoke", () => {
  test("shows what a cut would stop, and cuts nothing", async () => {
    const { status, stdout } = await legate(["revoke", `hop:${made.writer}`, "--dry-run"]);
    expect(status).toBe(0);
    expect(stdout).toContain("5 hops (5 active) of 1 person");
    expect(stdout).toContain("agents  copier, writer");
    expect(stdout).toContain("tools   files.read");
    expect((await legate(["show", made.writer, "--json"])).stdout).toContain(
      '"effective":"active"',
    );
  });

  test("with nobody to ask, cuts nothing and gives the line to run, which runs", async () => {
    const path = copied("asked.jsonl");
    const args = ["revoke", "agent:copier", "--journal", path, "--reason", "it's late"];
    const { status, stderr } = await legate(args);
    expect(status).toBe(2);
    expect(stderr).toContain("4 hops (4 active)");
    const line = /^run: (.*)$/m.exec(stderr)?.[1] ?? "";
    expect(line).toMatch(/ --reason 'it'\\''s late' --yes$/);
    expect(existsSync(path) && readFileSync(path).equals(readFileSync(journal))).toBe(true);
    const { execSync } = await import("node:child_process");
    expect(execSync(line, { cwd: ROOT, encoding: "utf8" })).toMatch(
      /^cut {2}agent:copier {2}position 2 /,
    );
  });

  test("cuts at each boundary, and the log verifies afterwards", async () => {
    const path = copied("cut.jsonl");
    const boundaries = [
      `hop:${made.readers[0]}`,
      `below:${made.writer}`,
      `hop:${made.tree}/not-seen-yet`,
      "agent:copier",
      "ban:copier",
      "key:some-thumbprint",
      "principal:https://people.example#ada",
      `tree:${made.tree}`,
      "epoch",
    ];
    for (const boundary of boundaries) {
      const { status, stdout } = await legate([
        "revoke",
        boundary,
        "--yes",
        "--json",
        "--by",
        "olga",
        "--journal",
        path,
      ]);
      expect(status).toBe(0);
      expect(valuesIn(stdout)).toMatchObject([{ fresh: true }]);
    }
    const { stdout } = await legate(["tree", made.tree, "--json", "--journal", path]);
    for (const hop of valuesIn(stdout)) expect(hop).toMatchObject({ effective: "revoked" });
    expect((await legate(["verify", path])).status).toBe(0);
  });

  test.each([
    ["a kind that there is not", "hopp:x", 2],
    ["a name that is missing", "agent:", 2],
    ["a principal without a subject", "principal:https://people.example", 2],
    ["a pattern", "agent:*", 2],
    ["a hop that the store has not seen, without its tree", "hop:nobody", 4],
  ])("refuses %s", async (_what, boundary, exit) => {
    const { status, stdout } = await legate([
      "revoke",
      boundary,
      "--yes",
      "--journal",
      copied("refused.jsonl"),
    ]);
    expect(status).toBe(exit);
    expect(stdout).toBe("");
  });

  test("is refused while another process writes the journal, and reading is not", async () => {
    const path = copied("locked.jsonl");
    copyFileSync(`${journal}.keys.json`, `${path}.keys.json`);
    const engine = await openEmbedded({ issuer: "https://legate.example", journal: path });
    try {
      const { status, stderr } = await legate(["revoke", "epoch", "--yes", "--journal", path]);
      expect(status).toBe(5);
      expect(stderr).toMatch(/^legate: store_locked: another process writes /);
      expect((await legate(["tree", made.tree, "--journal", path])).status).toBe(0);
    } finally {
      await engine.close();
    }
  });
});

describe("legate verify", () => {
  test("says what it checked and what it did not", async () => {
    const { status, stdout } = await legate(["verify", journal]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^intact {2}\d+ lines\nchecked /);
    expect(stdout).toContain("not checked");
  });

  test("names the first bad line", async () => {
    const path = join(command.folder, "forged.jsonl");
    const lines = readFileSync(journal, "utf8").split("\n");
    writeFileSync(
      path,
      lines.with(4, lines[4]?.replace('"agent":"', '"agent":"x') ?? "").join("\n"),
    );
    const { status, stdout } = await legate(["verify", path]);
    expect(status).toBe(3);
    expect(stdout).toContain("broken  line 5: its content was changed after it was written (hash)");
    const json = await legate(["verify", path, "--json"]);
    expect(json.status).toBe(3);
    expect(valuesIn(json.stdout)).toMatchObject([
      { ok: false, lines: 4, firstBad: { line: 5, reason: "hash" } },
    ]);
  });

  test("checks the export of one tree", async () => {
    const path = join(command.folder, "tree.jsonl");
    const lines = readFileSync(journal, "utf8").split("\n");
    writeFileSync(path, lines.filter((line) => line.includes(`"tree":"${made.tree}"`)).join("\n"));
    expect((await legate(["verify", path])).status).toBe(3);
    const { status, stdout } = await legate(["verify", path, "--tree", made.tree]);
    expect(status).toBe(0);
    expect(stdout).toContain("cuts beyond this tree");
  });

  test("ends with 4 for a file that there is not", async () => {
    expect((await legate(["verify", join(command.folder, "nothing")])).status).toBe(4);
  });
});

describe("legate", () => {
  test.each([
    ["no journal", ["tree"], { LEGATE_JOURNAL: "" }, 2],
    ["a journal that there is not", ["tree", "--journal", "/nowhere/j"], {}, 4],
    ["a command that there is not", ["tre"], {}, 2],
    ["an option that there is not", ["tree", "--jsn"], {}, 2],
    ["a number that is none", ["tree", "--limit", "0"], {}, 2],
    ["a missing argument", ["show"], {}, 2],
  ])("refuses %s", async (_what, args, env, exit) => {
    const { status, stdout, stderr } = await legate(args, env);
    expect(status).toBe(exit);
    expect(stdout).toBe("");
    expect(stderr).not.toBe("");
  });

  test("suggests what was meant", async () => {
    expect((await legate(["tre"])).stderr).toContain("Did you mean tree?");
  });

  test("shows examples first and the exit codes in its help", async () => {
    const { status, stdout } = await legate(["--help"]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Examples:\n {2}legate demo/);
    expect(stdout).toContain("Exit codes:");
    const revoke = await legate(["revoke", "--help"]);
    expect(revoke.stdout).toContain("principal:ISS#SUB");
  });

  test("refuses a damaged journal and names the line", async () => {
    const path = join(command.folder, "damaged.jsonl");
    const lines = readFileSync(journal, "utf8").split("\n");
    writeFileSync(path, lines.with(2, lines[2]?.replace('"at":', '"at":1') ?? "").join("\n"));
    const { status, stderr } = await legate(["tree", "--journal", path]);
    expect(status).toBe(3);
    expect(stderr).toBe("legate: journal_damaged: journal is damaged at line 3 (rule line 3)\n");
  });

  test("never says a token, a private key, an argument's value or a stack", () => {
    const all = said.join("\n");
    expect(all.length).toBeGreaterThan(10_000);
    expect(all).not.toContain("eyJ");
    expect(all).not.toContain('"d":');
    expect(all).not.toContain(SECRET_ARGUMENT);
    expect(all).not.toMatch(/^\s+at .*\.js:\d+/m);
  });
});
