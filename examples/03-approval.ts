/** A call that people have to agree to: asked for, approved by somebody outside the chain, used once. @module */
import assert from "node:assert/strict";
import { DelegationError } from "legate";
import { openEmbedded } from "legate/embedded";

const legate = await openEmbedded();
const guard = await legate.guard({ audience: "https://pay.example" });

const refunder = await legate.open({
  principal: { issuer: "https://people.example", subject: "ada" },
  trigger: "settle the complaints",
  agent: "refunder",
  grant: {
    tools: { "pay.refund": { amount: { constraint_type: "range", min: 0, max: 1_000 } } },
    audience: ["https://pay.example"],
    limits: {
      // From 50 on, bob or carol has to agree.
      approval: {
        "pay.refund": {
          when: { amount: { constraint_type: "range", min: 50 } },
          approvers: 1,
          from: ["bob", "carol"],
        },
      },
    },
  },
});

const small = await guard.run(refunder.call("pay.refund", { amount: 20 }), () => "refunded 20");
console.log(small);

const large = { amount: 400 };
const first = await guard.authorize(refunder.call("pay.refund", large));
assert(first.effect === "ask");
console.log(
  `400: ${first.code}, ${first.approvals.map(({ from = [] }) => from.join(" or ")).join(", ")}`,
);

// The ticket is bound to these arguments, this chain and this policy.
const tickets = await refunder.ask("pay.refund", large);
const shown = await legate.store.ticket(legate.tenant, tickets[0]?.id ?? "");
console.log(`bob is shown: ${shown?.shown}`);
await assert.rejects(
  legate.coordinator.approve({ approver: "mallory" }, { ticket: tickets[0]?.id }),
  (refusal) => refusal instanceof DelegationError && refusal.code === "approver_not_allowed",
);
await legate.coordinator.approve({ approver: "bob" }, { ticket: tickets[0]?.id });

const granted = { tickets: tickets.map(({ ticket }) => ticket) };
const changed = await guard.authorize(refunder.call("pay.refund", { amount: 900 }, granted));
assert(changed.effect === "deny" && changed.code === "approval_mismatch");
console.log(`900 with bob's word for 400: ${changed.code}`);

console.log(await guard.run(refunder.call("pay.refund", large, granted), () => "refunded 400"));

const again = await guard.authorize(refunder.call("pay.refund", large, granted));
assert(again.effect === "deny" && again.code === "approval_used");
console.log(`400 once more: ${again.code}`);
await legate.close();
