/** What happened, provably: a journal that is its own audit log, verified offline, and a forged copy found out. @module */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEmbedded, verifyLog } from "legate/embedded";

const folder = mkdtempSync(join(tmpdir(), "legate-audit-"));
const journal = join(folder, "journal.jsonl");

const legate = await openEmbedded({ journal });
const guard = await legate.guard({ name: "files", audience: "https://files.example" });
const root = await legate.open({
  principal: { issuer: "https://people.example", subject: "ada" },
  trigger: "count the files",
  agent: "counter",
  grant: { tools: { "files.list": {} }, audience: ["https://files.example"], limits: { calls: 2 } },
});
for (let call = 1; call <= 2; call += 1) await guard.run(root.call("files.list", {}), () => "a, b");
const third = await guard.authorize(root.call("files.list", {}));
assert(third.effect === "deny" && third.code === "budget_exhausted");
await root.complete("counted");
await legate.close();

const lines = readFileSync(journal, "utf8").trimEnd().split("\n");
for (const line of lines) {
  const { seq, event } = JSON.parse(line);
  console.log(
    [seq, event.kind, event.agent ?? "", event.tool ?? "", event.decision ?? ""].join(" "),
  );
}
const verdict = verifyLog(lines);
assert(verdict.ok);
console.log(`intact, ${verdict.lines} lines; not checked: ${verdict.notChecked.join("; ")}`);

// One letter of one line.
const forged = lines.with(2, lines[2]?.replace("counter", "c0unter") ?? "");
assert.deepEqual(verifyLog(forged).firstBad, { line: 3, reason: "hash" });
// One line less.
assert.deepEqual(verifyLog(lines.toSpliced(2, 1)).firstBad, { line: 3, reason: "gap" });
console.log("a forged line and a missing line are both found, at line 3");
rmSync(folder, { recursive: true });
