/** A resource server with nothing but the front door: it verifies a chain and judges a call, without a store and without a network. @module */
import assert from "node:assert/strict";
import { DelegationError, evaluate, parseInvocation, Trust, verifyChain } from "legate";
import { openEmbedded } from "legate/embedded";

// Somewhere else: whoever delegates. Here: only tokens and the issuer's public keys.
const legate = await openEmbedded({ issuer: "https://legate.example" });
const planner = await legate.open({
  principal: { issuer: "https://people.example", subject: "ada" },
  trigger: "read the reports",
  agent: "planner",
  grant: { tools: { "files.read": {} }, audience: ["https://files.example"] },
});
const reader = planner.link({
  agent: "reader",
  grant: { tools: { "files.read": { path: { constraint_type: "path", under: "/reports" } } } },
});
const { tokens } = reader.holder;
const trust = legate.trust;
assert(trust instanceof Trust);

// #region server
const chain = verifyChain(tokens, { trust, now: Date.now() });
console.log(
  `asked by ${chain.principal.subject}: ${chain.hops.map(({ agent }) => agent).join(" -> ")}`,
);

for (const path of ["/reports/q3.md", "/etc/passwd"]) {
  const call = parseInvocation({
    tool: "files.read",
    arguments: { path },
    audience: "https://files.example",
  });
  const refusal = evaluate(chain.grants, call);
  console.log(
    refusal === undefined
      ? "granted"
      : `${refusal.code} at ${chain.hops[refusal.index]?.agent}: ${refusal.rule}`,
  );
}
// #endregion server

// Possession, revocation and budgets are a guard's part: a verified chain alone does not say that its holder is calling, or that it still lives.
const [anchor = "", link = ""] = tokens;
const at = link.length - 20;
const flipped = link.slice(0, at) + (link[at] === "A" ? "B" : "A") + link.slice(at + 1);
assert.throws(
  () => verifyChain([anchor, flipped], { trust, now: Date.now() }),
  (refusal) => refusal instanceof DelegationError && refusal.code === "signature_invalid",
);
await legate.close();
