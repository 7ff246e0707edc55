/** A narrowed hop of your own, a call that passes, one that does not, and a cut. @module */
import assert from "node:assert/strict";

// #region hello
import { openEmbedded } from "legate/embedded";

const legate = await openEmbedded();
const guard = await legate.guard({ audience: "https://files.example" });
const planner = await legate.open({
  principal: { issuer: "https://people.example", subject: "ada" },
  trigger: "summarise the reports",
  agent: "planner",
  grant: { tools: { "files.read": {}, "mail.send": {} }, audience: ["https://files.example"] },
});
const reader = await planner.delegate({
  agent: "reader",
  grant: { tools: { "files.read": { path: { constraint_type: "path", under: "/reports" } } } },
});

const ok = await guard.authorize(reader.call("files.read", { path: "/reports/q3.md" })); // allow
const no = await guard.authorize(reader.call("files.read", { path: "/etc/passwd" })); // deny: argument_refused
await legate.revoke({ kind: "hop", tree: reader.tree, hop: reader.id });
const cut = await guard.authorize(reader.call("files.read", { path: "/reports/q3.md" })); // deny: delegation_revoked
// #endregion hello

const codes = [ok, no, cut].map((decision) =>
  decision.effect === "deny" ? decision.code : decision.effect,
);
console.log(codes.join(", "));
assert.deepEqual(codes, ["allow", "argument_refused", "delegation_revoked"]);
if (ok.effect === "allow") ok.end();
await legate.close();
