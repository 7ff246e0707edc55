/** What a child may get of its parent's grant, and how every attempt to get more is refused. @module */
import assert from "node:assert/strict";
import { DelegationError, type GrantInput } from "legate";
import { openEmbedded } from "legate/embedded";

const legate = await openEmbedded();
const guard = await legate.guard({ audience: "https://pay.example" });

const buyer = await legate.open({
  principal: { issuer: "https://people.example", subject: "ada" },
  trigger: "buy office chairs",
  agent: "buyer",
  grant: {
    tools: {
      "pay.charge": {
        amount: { constraint_type: "range", min: 0, max: 500 },
        currency: { constraint_type: "one_of", values: ["EUR", "USD"] },
      },
      "shop.search": {},
    },
    audience: ["https://pay.example"],
    limits: { calls: 3, depth: 2 },
  },
});

// Narrower in every respect: fewer tools, a smaller amount, one currency.
const clerk = await buyer.delegate({
  agent: "clerk",
  grant: {
    tools: {
      "pay.charge": {
        amount: { constraint_type: "range", min: 0, max: 100 },
        currency: { constraint_type: "exact", value: "EUR" },
      },
    },
  },
});

/** What the coordinator says to a grant that the clerk would like to hand on. */
async function attempt(grant: GrantInput): Promise<string> {
  try {
    await clerk.delegate({ agent: "helper", grant });
    return "allowed";
  } catch (refusal) {
    assert(refusal instanceof DelegationError);
    return `${refusal.code} (${refusal.rule})`;
  }
}

const EUR = { constraint_type: "exact", value: "EUR" } as const;
const attempts: [what: string, grant: GrantInput][] = [
  [
    "a larger amount",
    {
      tools: {
        "pay.charge": { amount: { constraint_type: "range", min: 0, max: 101 }, currency: EUR },
      },
    },
  ],
  [
    "no upper bound",
    { tools: { "pay.charge": { amount: { constraint_type: "range", min: 0 }, currency: EUR } } },
  ],
  ["the amount left open", { tools: { "pay.charge": { currency: EUR } } }],
  ["a tool that was not handed on", { tools: { "shop.search": {} } }],
  ["more calls", { tools: {}, limits: { calls: 4 } }],
];
for (const [what, grant] of attempts) {
  const answer = await attempt(grant);
  console.log(`${what}: ${answer}`);
  assert.match(answer, /^grant_exceeds_parent /);
}

// Budgets belong to the whole subtree: the clerk's calls are the buyer's, too.
const charge = { amount: 40, currency: "EUR" };
for (let call = 1; call <= 3; call += 1)
  await guard.run(clerk.call("pay.charge", charge), () => "paid");
const fourth = await guard.authorize(buyer.call("pay.charge", charge));
assert(fourth.effect === "deny" && fourth.code === "budget_exhausted");
console.log(
  `the fourth call in the tree: ${fourth.code} (${fourth.rule}, hop ${fourth.hop === buyer.id ? "buyer" : "clerk"})`,
);
await legate.close();
