import { describe, expect, test } from "vitest";
import { approvalBinding, parseTicket } from "../../src/chain/approval-binding.js";
import { staticRules } from "../../src/policy/static-rules.js";
import { generateSigningKey } from "../../src/token/key.js";
import type { GrantInput } from "../../src/wire/grant.js";
import type { TicketRecord } from "../../src/wire/record.js";
import { audit, GRANT, type Holder, house, refuses, START } from "./house.js";

type H = ReturnType<typeof house>;
const op = { operator: "op" };
const GATED: GrantInput = {
  tools: { "pay.refund": { amount: { constraint_type: "range", max: 100 } }, "web.search": {} },
  limits: {
    depth: 3,
    approval: {
      "pay.refund": { when: { amount: { constraint_type: "range", min: 50 } }, approvers: 2 },
    },
  },
};
const CALL = { tool: "pay.refund", arguments: { amount: 80 }, audience: "https://pay.example" };

const ask = (h: H, holder: Holder, request: Record<string, unknown> = CALL) =>
  h.coordinator.ask(h.present(holder, "ask", request), request);
const askOne = async (h: H, holder: Holder, request?: Record<string, unknown>) => {
  const [ticket] = (await ask(h, holder, request)).tickets;
  if (ticket === undefined) throw new Error("no ticket");
  return ticket;
};
const record = async (h: H, id: string): Promise<TicketRecord> => {
  const ticket = await h.store.ticket("default", id);
  if (ticket === undefined) throw new Error("no record");
  return ticket;
};

/** What a guard would hand to the store for this call. */
async function admit(h: H, holder: Holder, handle: string, args: Record<string, unknown>) {
  const chain = h.verify(holder.tokens);
  const { id, nonce } = parseTicket(handle);
  const binding = approvalBinding(nonce, {
    tenant: chain.tenant,
    tree: chain.tree,
    hops: chain.hops.map((hop) => hop.id),
    tool: CALL.tool,
    arguments: args as Record<string, number>,
    audience: CALL.audience,
    policyVersion: "",
    approvers: 2,
  });
  const now = h.clock.now();
  const admission = h.store as unknown as {
    admit(move: object): Promise<unknown>;
  };
  return admission.admit({
    tenant: chain.tenant,
    tree: chain.tree,
    hops: chain.hops.map((hop) => hop.id),
    offline: [],
    charge: { spend: {} },
    stated: [],
    tickets: [{ ticket: id, binding }],
    seen: (await h.store.status()).position,
    event: { kind: "call", tenant: chain.tenant, tree: chain.tree, hop: holder.hop },
    now,
  });
}

describe("asking for approval", () => {
  test("H01 takes what is needed from the chain's gates, and grants only when all have agreed", async () => {
    const h = house();
    const root = await h.open({ grant: GATED });
    const ticket = await askOne(h, root);
    expect(ticket.approvers).toBe(2);
    await h.coordinator.approve({ approver: "ben" }, { ticket: ticket.id });
    expect(await record(h, ticket.id)).toMatchObject({
      state: "asked",
      need: 2,
      approvals: ["ben"],
    });
    await refuses("approval_pending", admit(h, root, ticket.ticket, CALL.arguments));
    await h.coordinator.approve({ approver: "cleo" }, { ticket: ticket.id });
    expect((await record(h, ticket.id)).state).toBe("granted");
    await expect(admit(h, root, ticket.ticket, CALL.arguments)).resolves.toBeDefined();
  });

  test("D-ticket-twice lets one call use it, however many race", async () => {
    const h = house();
    const root = await h.open({ grant: GATED });
    const ticket = await askOne(h, root);
    for (const approver of ["ben", "cleo"]) {
      await h.coordinator.approve({ approver }, { ticket: ticket.id });
    }
    const race = await Promise.allSettled(
      Array.from({ length: 10 }, () => admit(h, root, ticket.ticket, CALL.arguments)),
    );
    expect(race.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const codes = race.flatMap((one) => (one.status === "rejected" ? [one.reason.code] : []));
    expect(new Set(codes)).toEqual(new Set(["approval_used"]));
  });

  test("H02 counts an approver once, however often they agree", async () => {
    const h = house();
    const ticket = await askOne(h, await h.open({ grant: GATED }));
    for (let i = 0; i < 3; i++)
      await h.coordinator.approve({ approver: "ben" }, { ticket: ticket.id });
    expect(await record(h, ticket.id)).toMatchObject({ state: "asked", approvals: ["ben"] });
  });

  test("H03 refuses other arguments than the ones that were approved", async () => {
    const h = house();
    const root = await h.open({ grant: GATED });
    const ticket = await askOne(h, root);
    for (const approver of ["ben", "cleo"]) {
      await h.coordinator.approve({ approver }, { ticket: ticket.id });
    }
    await refuses("approval_mismatch", admit(h, root, ticket.ticket, { amount: 81 }));
  });

  test("H03 refuses an agent of the chain as approver, of any hop", async () => {
    const h = house();
    const root = await h.open({ grant: GATED });
    const child = await h.delegate(root, { grant: { tools: GATED.tools } });
    const ticket = await askOne(h, child);
    for (const approver of ["planner", "reader"]) {
      await refuses(
        "approver_not_allowed",
        h.coordinator.approve({ approver }, { ticket: ticket.id }),
      );
    }
  });

  test("H03 lets the principal approve, unless the operator says otherwise", async () => {
    for (const [principalApproves, allowed] of [
      [true, true],
      [false, false],
    ]) {
      const h = house({ defaults: { principalApproves: principalApproves === true } });
      const ticket = await askOne(h, await h.open({ grant: GATED }));
      const run = h.coordinator.approve({ approver: "ana" }, { ticket: ticket.id });
      if (allowed) await expect(run).resolves.toBeDefined();
      else await refuses("approver_not_allowed", run);
    }
  });

  test("H03 refuses an approver that the gate does not name", async () => {
    const h = house();
    const from = ["ben", "cleo"];
    const grant = {
      ...GATED,
      limits: { approval: { "pay.refund": { approvers: 1, from } } },
    };
    const ticket = await askOne(h, await h.open({ grant }));
    await refuses(
      "approver_not_allowed",
      h.coordinator.approve({ approver: "dan" }, { ticket: ticket.id }),
    );
    await expect(
      h.coordinator.approve({ approver: "cleo" }, { ticket: ticket.id }),
    ).resolves.toMatchObject({ state: "granted" });
  });

  test("H03 takes silence for a no", async () => {
    const h = house();
    const ticket = await askOne(
      h,
      await h.open({ grant: { ...GATED, expiresAt: START / 1_000 + 3_600 } }),
    );
    h.clock.set(ticket.deadline);
    await refuses(
      "approval_lapsed",
      h.coordinator.approve({ approver: "ben" }, { ticket: ticket.id }),
    );
  });

  test("lets one no settle it, whoever had agreed", async () => {
    const h = house();
    const ticket = await askOne(h, await h.open({ grant: GATED }));
    await h.coordinator.approve({ approver: "ben" }, { ticket: ticket.id });
    await h.coordinator.deny({ approver: "cleo" }, { ticket: ticket.id });
    await refuses(
      "illegal_transition",
      h.coordinator.approve({ approver: "dan" }, { ticket: ticket.id }),
    );
    expect((await record(h, ticket.id)).state).toBe("denied");
  });

  test("H05 bounds the tickets that wait in a tree", async () => {
    const { TICKETS_PER_TREE_MAX } = await import("../../src/base/limits.js");
    const h = house();
    const root = await h.open({ grant: GATED });
    const chain = h.verify(root.tokens);
    const filler = await record(h, (await askOne(h, root)).id);
    for (let i = 1; i < TICKETS_PER_TREE_MAX; i++) {
      const event = { kind: "ticket.asked", tenant: chain.tenant };
      await h.store.ask({ ...filler, id: `apr-${i}` }, event);
    }
    await refuses("quota_exceeded", ask(h, root));
  });

  test.each([
    ["an unknown member", { ticket: "t", force: true }],
    ["no ticket", {}],
    ["a ticket that is no text", { ticket: 7 }],
    ["nothing", undefined],
  ])("H06 refuses an approval with %s instead of taking it for none", async (_what, input) => {
    const h = house();
    await refuses("invalid_request", h.coordinator.approve({ approver: "ben" }, input));
  });

  test("H07 brings nothing to life after the hop was revoked", async () => {
    const h = house();
    const root = await h.open({ grant: GATED });
    const ticket = await askOne(h, root);
    await h.coordinator.approve({ approver: "ben" }, { ticket: ticket.id });
    await h.coordinator.revoke(op, { boundary: { kind: "tree", tree: root.hop } });
    await refuses(
      "delegation_revoked",
      h.coordinator.approve({ approver: "cleo" }, { ticket: ticket.id }),
    );
    await refuses("delegation_revoked", admit(h, root, ticket.ticket, CALL.arguments));
  });

  test("H08 does not let the call pass after the parent was suspended or narrowed", async () => {
    for (const change of ["suspend", "narrow"] as const) {
      const h = house();
      const root = await h.open({ grant: GATED });
      const child = await h.delegate(root, { grant: { tools: GATED.tools } });
      const ticket = await askOne(h, child);
      for (const approver of ["ben", "cleo"]) {
        await h.coordinator.approve({ approver }, { ticket: ticket.id });
      }
      if (change === "suspend") await h.coordinator.suspend(op, { hop: root.hop });
      else
        await h.coordinator.narrow(op, { hop: root.hop, grant: { tools: { "web.search": {} } } });
      await expect(admit(h, child, ticket.ticket, CALL.arguments)).rejects.toMatchObject({
        code: expect.stringMatching(/^(delegation_suspended|delegation_revoked|hop_not_active)$/),
      });
    }
  });

  test("answers another tenant's ticket like one that does not exist", async () => {
    const h = house();
    const ticket = await askOne(h, await h.open({ grant: GATED }));
    const who = { approver: "ben", tenant: "other" };
    await refuses("ticket_not_found", h.coordinator.approve(who, { ticket: ticket.id }));
    await refuses("ticket_not_found", h.coordinator.approve(who, { ticket: "nobody" }));
  });

  test("refuses a call that the grant does not allow, and one that needs no approval", async () => {
    const h = house();
    const root = await h.open({ grant: GATED });
    await refuses("argument_refused", ask(h, root, { ...CALL, arguments: { amount: 101 } }));
    await refuses("invalid_request", ask(h, root, { ...CALL, arguments: { amount: 49 } }));
  });

  test("adds what the policy asks for, and refuses what it denies", async () => {
    const rules = [
      { id: "two", effect: "require_approval", approval: { approvers: 3 } },
      { id: "no", effect: "deny", when: { tools: ["web.search"] } },
    ];
    const h = house({ policy: staticRules({ version: "v7", rules }) });
    const root = await h.open({ grant: GATED });
    const { tickets } = await ask(h, root);
    expect(tickets.map(({ approvers }) => approvers)).toEqual([2, 3]);
    expect((await record(h, tickets[0]?.id ?? "")).policyVersion).toBe("v7");
    const search = { tool: "web.search", arguments: { q: "x" }, audience: "https://web.example" };
    await refuses("policy_denied", ask(h, root, search), { rule: "no" });
  });

  test("shows the exact arguments to the approver until the decision, and never to the audit", async () => {
    const h = house();
    const root = await h.open({ grant: GATED });
    const ticket = await askOne(h, root);
    expect((await record(h, ticket.id)).shown).toBe('{"amount":80}');
    await h.coordinator.deny({ approver: "ben" }, { ticket: ticket.id });
    expect((await record(h, ticket.id)).shown).toBeUndefined();
    expect(JSON.stringify(await audit(h))).not.toContain('"amount"');
  });

  test("D-stolen-chain gives no ticket to whoever does not hold the key", async () => {
    const h = house();
    const root = await h.open({ grant: GATED });
    await refuses("proof_invalid", ask(h, { ...root, key: generateSigningKey() }));
  });
});

describe("a hop that waits for approval", () => {
  const pending = async (h: H, more: object = {}) => {
    const root = await h.open();
    const key = generateSigningKey();
    const request = {
      agent: "reader",
      holderKey: key.jwk,
      grant: { tools: GRANT.tools },
      approval: { approvers: 1 },
      ...more,
    };
    const made = await h.coordinator.delegate(h.present(root, "delegate", request), request);
    if (made.status !== "pending") throw new Error("hop does not wait");
    return { root, key, request, made };
  };
  const stateOf = async (h: H, hop: string) => (await h.store.hop("default", hop))?.state;

  test("has no token, and becomes active when a person agrees", async () => {
    const h = house();
    const { made } = await pending(h);
    expect(made).not.toHaveProperty("token");
    expect(await stateOf(h, made.hop.id)).toBe("pending_approval");
    await h.coordinator.approve({ approver: "ben" }, { ticket: made.ticket });
    expect(await stateOf(h, made.hop.id)).toBe("active");
  });

  test("is denied by one no", async () => {
    const h = house();
    const { made } = await pending(h, { approval: { approvers: 2 } });
    await h.coordinator.approve({ approver: "ben" }, { ticket: made.ticket });
    await h.coordinator.deny({ approver: "cleo" }, { ticket: made.ticket });
    expect(await stateOf(h, made.hop.id)).toBe("denied");
  });

  test("H03 is not approved by its own agent, nor its delegator's", async () => {
    const h = house();
    const { made } = await pending(h);
    for (const approver of ["reader", "planner"]) {
      await refuses(
        "approver_not_allowed",
        h.coordinator.approve({ approver }, { ticket: made.ticket }),
      );
    }
  });

  test("D-cut-pending stays cut when its approval comes later", async () => {
    const h = house();
    const { root, made } = await pending(h);
    const boundary = { kind: "hop", tree: root.hop, hop: made.hop.id };
    await h.coordinator.revoke(op, { boundary });
    await refuses(
      "delegation_revoked",
      h.coordinator.approve({ approver: "ben" }, { ticket: made.ticket }),
    );
    expect(await stateOf(h, made.hop.id)).toBe("revoked");
  });

  test("finishes the hop's part when the process died between the word and the hop", async () => {
    const h = house();
    const { root, made } = await pending(h);
    await h.store.decide({
      tenant: "default",
      ticket: made.ticket,
      approver: "ben",
      verdict: "approve",
      event: { kind: "ticket.decided", tenant: "default", tree: root.hop, hop: made.hop.id },
      now: START,
    });
    expect(await stateOf(h, made.hop.id)).toBe("pending_approval");
    await h.coordinator.approve({ approver: "ben" }, { ticket: made.ticket });
    expect(await stateOf(h, made.hop.id)).toBe("active");
  });

  test("is asked about once, however often the same request is sent", async () => {
    const h = house();
    const { root, request, made } = await pending(h, { idempotencyKey: "k" });
    const again = await h.coordinator.delegate(h.present(root, "delegate", request), request);
    expect(again).toMatchObject({ status: "pending", ticket: made.ticket });
  });

  test("R13 ends in one legal state when approve, deny and revoke race", async () => {
    const h = house();
    const { root, made } = await pending(h);
    const boundary = { kind: "hop", tree: root.hop, hop: made.hop.id };
    await Promise.allSettled([
      h.coordinator.approve({ approver: "ben" }, { ticket: made.ticket }),
      h.coordinator.deny({ approver: "cleo" }, { ticket: made.ticket }),
      h.coordinator.revoke(op, { boundary }),
    ]);
    const { effective } = await h.coordinator.inspectNode(op, made.hop.id);
    expect(["revoked", "denied"]).toContain(effective);
  });
});
