/** Delegation without a network call: links signed by the holders, checked by any guard, known to the store when it matters. @module */
import assert from "node:assert/strict";
import { DelegationError, formatChain, parseChainText } from "legate";
import { openEmbedded } from "legate/embedded";

const legate = await openEmbedded();
const guard = await legate.guard({ audience: "https://files.example" });
const root = await legate.open({
  principal: { issuer: "https://people.example", subject: "ada" },
  trigger: "tidy the folders",
  agent: "planner",
  grant: {
    tools: { "files.read": { path: { constraint_type: "path", under: "/" } } },
    audience: ["https://files.example"],
  },
});

/** Signed with the key of the hop above; nobody is told. */
const team = root.link({
  agent: "team",
  grant: { tools: { "files.read": { path: { constraint_type: "path", under: "/team" } } } },
});
const worker = team.link({
  agent: "worker",
  grant: { tools: { "files.read": { path: { constraint_type: "path", under: "/team/a" } } } },
});

// An anchor and two links, as they travel in one header or field.
const text = formatChain(worker.holder.tokens);
assert.equal(parseChainText(text).length, 3);
console.log(`a chain of ${worker.holder.tokens.length} tokens, ${text.length} bytes`);

assert.equal(
  await guard.run(worker.call("files.read", { path: "/team/a/x" }), () => "read"),
  "read",
);
const outside = await guard.authorize(worker.call("files.read", { path: "/team/b/x" }));
assert(outside.effect === "deny" && outside.code === "argument_refused");
console.log("worker reads /team/a/x; /team/b/x is refused");

assert.throws(
  () => worker.link({ agent: "helper", grant: { tools: { "mail.send": {} } } }),
  (refusal) => refusal instanceof DelegationError && refusal.code === "grant_exceeds_parent",
);

// The coordinator turns a chain into one anchor, and knows its hops from then on.
const before = await legate.store.page(legate.tenant, root.tree, { limit: 10 });
await worker.exchange();
const known = await legate.store.page(legate.tenant, root.tree, { limit: 10 });
console.log(`hops that the store knows: ${before.total}, after the exchange ${known.total}`);
assert.equal(known.total, 3);
assert.equal(worker.holder.tokens.length, 1);

// A cut of a link that was made offline stops all that stands on it, anchors included.
await legate.revoke({ kind: "hop", tree: team.tree, hop: team.id });
const cut = await guard.authorize(worker.call("files.read", { path: "/team/a/x" }));
assert(cut.effect === "deny" && cut.code === "delegation_revoked" && cut.hop === team.id);
console.log("after a cut of team: refused at team");
await legate.close();
