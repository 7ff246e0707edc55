/** What only the store can let happen: budgets, approvals and single use. @module */
import { describe, expect, test } from "vitest";
import { systemRandom } from "../../src/base/random.js";
import type { EmbeddedHop, OpenOptions } from "../../src/memory/embedded.js";
import { staticRules } from "../../src/policy/static-rules.js";
import { makeAatProof } from "../../src/token/aat-proof.js";
import { keyRing } from "../../src/token/jwks.js";
import { generateSigningKey } from "../../src/token/key.js";
import type { GrantInput } from "../../src/wire/grant.js";
import { AUDIENCE, allows, denies, GRANT, NARROW, READ, read, reader, rig, START } from "./rig.js";

async function scene(limits: GrantInput["limits"] = {}, more: Partial<OpenOptions> = {}) {
  const r = await rig();
  const guard = await r.watch({
    costOf: (tool) => (tool === "web.search" ? { EUR: "0.30" } : undefined),
  });
  const root = await r.root({ grant: { ...GRANT, limits: { ...limits } }, ...more });
  return { ...r, guard, root };
}

const SEARCH: GrantInput = { tools: { "web.search": {} } };
const search = (hop: EmbeddedHop) => hop.call("web.search", {});

describe("a budget of calls", () => {
  test("R32 that two children drain at once is never exceeded", async () => {
    const s = await scene({ calls: 10 });
    const [one, two] = [await reader(s.root), await reader(s.root, { agent: "other" })];
    const decisions = await Promise.all(
      Array.from({ length: 40 }, (_, at) => s.guard.authorize(read(at % 2 === 0 ? one : two))),
    );
    expect(decisions.filter(({ effect }) => effect === "allow")).toHaveLength(10);
    const refused = decisions.flatMap((d) => (d.effect === "deny" ? [`${d.code} ${d.hop}`] : []));
    expect(new Set(refused)).toEqual(new Set([`budget_exhausted ${s.root.id}`]));
    expect(await s.store.counters("default", s.root.id)).toMatchObject({ calls: 10 });
    await s.close();
  });

  test("of an offline link is its own, and its parent's is charged as well", async () => {
    const s = await scene({ calls: 5 });
    const link = s.root.link({ agent: "reader", grant: { ...NARROW, limits: { calls: 2 } } });
    await allows(s.guard, read(link));
    await allows(s.guard, read(link));
    await denies(s.guard, read(link), "budget_exhausted", { hop: link.id, rule: "limits.calls" });
    const deeper = link.link({ agent: "deeper", grant: NARROW });
    await denies(s.guard, read(deeper), "budget_exhausted", { hop: link.id });
    for (let call = 0; call < 3; call += 1) await allows(s.guard, read(s.root));
    await denies(s.guard, read(s.root), "budget_exhausted", { hop: s.root.id });
    await s.close();
  });

  test("of an offline link stays used up when the link is registered", async () => {
    const s = await scene({ calls: 5 });
    const link = s.root.link({ agent: "reader", grant: { ...NARROW, limits: { calls: 2 } } });
    await allows(s.guard, read(link));
    await link.exchange();
    await allows(s.guard, read(link));
    await denies(s.guard, read(link), "budget_exhausted", { hop: link.id });
    await s.close();
  });

  test("is charged to a self-link's own hop", async () => {
    const s = await scene({ calls: 1 });
    await allows(s.guard, read(s.root.selfLink("files.read")));
    await denies(s.guard, read(s.root.selfLink("files.read")), "budget_exhausted");
    await s.close();
  });

  test("is not charged for a call that is refused", async () => {
    const s = await scene({ calls: 1 });
    await denies(s.guard, s.root.call("mail.send", {}), "tool_not_granted");
    await denies(s.guard, { ...read(s.root), possession: { kind: "none" } }, "proof_missing");
    await allows(s.guard, read(s.root));
    await s.close();
  });

  test("refuses what the store knows to be cut, though the guard does not yet", async () => {
    const s = await scene({ calls: 9 });
    const { tenant, tree } = s.root.holder.chain;
    const event = { kind: "cut", tenant, tree };
    const boundary = { kind: "tree", tree } as const;
    // Done at once in the store; the guard hears of it a turn later.
    const cutting = s.store.revoke({ tenant, boundary, event, now: START });
    const decision = s.guard.authorize(read(s.root));
    expect(await decision).toMatchObject({ effect: "deny", code: "delegation_revoked" });
    await cutting;
    await s.close();
  });
});

describe("spend", () => {
  test("is exact, shared below, and refuses the call that would pass the limit", async () => {
    const s = await scene({ spend: { EUR: "1" } });
    const child = await s.root.delegate({ agent: "searcher", grant: SEARCH });
    for (const hop of [s.root, child, child]) await allows(s.guard, search(hop));
    await denies(s.guard, search(child), "budget_exhausted", {
      hop: s.root.id,
      rule: "limits.spend.EUR",
    });
    expect(await s.store.counters("default", s.root.id)).toMatchObject({ spend: { EUR: "0.90" } });
    await s.close();
  });

  test("without a price is refused", async () => {
    const s = await scene({ spend: { EUR: "1" } });
    await denies(s.guard, read(s.root), "spend_unpriced", { rule: "limits.spend" });
    await denies(await s.watch(), search(s.root), "spend_unpriced");
    await s.close();
  });

  test.each([
    ["that is no amount", { EUR: "cheap" }, "spend_unpriced"],
    ["that is negative", { EUR: "-1" }, "spend_unpriced"],
    ["in a currency without a limit", { USD: "0.01" }, "budget_exhausted"],
    ["of nothing in another currency", { EUR: "0", USD: "0" }, undefined],
  ] as const)("with a price %s", async (_what, price, code) => {
    const s = await scene({ spend: { EUR: "1" } });
    const guard = await s.watch({ costOf: () => price });
    if (code === undefined) await allows(guard, search(s.root));
    else await denies(guard, search(s.root), code);
    await s.close();
  });
});

const GATED: GrantInput["limits"] = {
  approval: {
    "pay.refund": {
      when: { amount: { constraint_type: "range", min: 50 } },
      approvers: 2,
      from: ["bo", "cy", "di"],
    },
  },
};
const REFUND = { amount: 60 };

describe("an approval", () => {
  const gated = async () => {
    const s = await scene(GATED);
    const refund = (tickets?: readonly string[], args: object = REFUND) =>
      s.root.call("pay.refund", args, tickets === undefined ? {} : { tickets });
    const asked = async () => {
      const [ticket] = await s.root.ask("pay.refund", REFUND);
      if (ticket === undefined) throw new Error("no ticket");
      return ticket;
    };
    const approve = (ticket: string, ...people: string[]) =>
      Promise.all(people.map((approver) => s.coordinator.approve({ approver }, { ticket })));
    return { ...s, refund, asked, approve };
  };

  test("H01 is asked for where a gate is triggered, and nowhere else", async () => {
    const s = await gated();
    expect(await s.guard.authorize(s.refund())).toEqual({
      effect: "ask",
      code: "approval_required",
      hop: s.root.id,
      approvals: [{ approvers: 2, from: ["bo", "cy", "di"] }],
      policyVersion: "",
      position: 0,
      partition: 0,
    });
    await expect(s.guard.run(s.refund(), () => "paid")).rejects.toMatchObject({
      code: "approval_required",
    });
    await allows(s.guard, s.refund(undefined, { amount: 49 }));
    await s.close();
  });

  test("H01 by fewer people than are due does not let the call pass", async () => {
    const s = await gated();
    const { ticket, id } = await s.asked();
    await denies(s.guard, s.refund([ticket]), "approval_pending", { retry: true });
    await s.approve(id, "bo");
    await denies(s.guard, s.refund([ticket]), "approval_pending");
    await s.approve(id, "cy");
    await allows(s.guard, s.refund([ticket]));
    await s.close();
  });

  test("D-ticket-twice lets exactly one of many calls pass", async () => {
    const s = await gated();
    const { ticket, id } = await s.asked();
    await s.approve(id, "bo", "cy");
    const decisions = await Promise.all(
      Array.from({ length: 20 }, () => s.guard.authorize(s.refund([ticket]))),
    );
    expect(decisions.filter(({ effect }) => effect === "allow")).toHaveLength(1);
    const codes = decisions.flatMap((d) => (d.effect === "deny" ? [d.code] : []));
    expect(new Set(codes)).toEqual(new Set(["approval_used"]));
    await s.close();
  });

  test("H03 is for the arguments that were shown, and the hop that asked", async () => {
    const s = await gated();
    const { ticket, id } = await s.asked();
    await s.approve(id, "bo", "cy");
    await denies(s.guard, s.refund([ticket], { amount: 61 }), "approval_mismatch", {
      hop: s.root.id,
    });
    const child = await s.root.delegate({
      agent: "payer",
      grant: {
        tools: { "pay.refund": { amount: { constraint_type: "range", max: 100 } } },
        limits: GATED,
      },
    });
    await denies(
      s.guard,
      child.call("pay.refund", REFUND, { tickets: [ticket] }),
      "approval_mismatch",
    );
    await allows(s.guard, s.refund([ticket]));
    await s.close();
  });

  test("H03 after its time is refused", async () => {
    const r = await rig({ defaults: { ticketMs: 5_000 } });
    const guard = await r.watch();
    const root = await r.root({ grant: { ...GRANT, limits: GATED } });
    const [ticket] = await root.ask("pay.refund", REFUND);
    await r.pass(5_000);
    const call = root.call("pay.refund", REFUND, { tickets: [ticket?.ticket ?? ""] });
    await denies(guard, call, "approval_lapsed", { retry: false });
    await r.close();
  });

  test("that was denied stays denied", async () => {
    const s = await gated();
    const { ticket, id } = await s.asked();
    await s.coordinator.deny({ approver: "di" }, { ticket: id });
    await denies(s.guard, s.refund([ticket]), "approval_denied", { retry: false });
    await s.close();
  });

  test.each([
    ["a ticket that is none", "yes", "ticket_not_found"],
    [
      "a ticket that nobody handed out",
      `apr_${"x".repeat(22)}.n_${"y".repeat(22)}`,
      "approval_required",
    ],
  ] as const)("H06 by %s is refused, not taken for none", async (_what, ticket, code) => {
    const s = await gated();
    await denies(s.guard, s.refund([ticket]), code);
    await s.close();
  });

  test("P18 that took long is shown with a fresh proof and passes", async () => {
    const s = await gated();
    const first = s.refund();
    expect(await s.guard.authorize(first)).toMatchObject({ effect: "ask" });
    const { ticket, id } = await s.asked();
    await s.pass(120_000);
    await s.approve(id, "bo", "cy");
    await denies(s.guard, { ...first, tickets: [ticket] }, "proof_expired", { retry: true });
    await allows(s.guard, s.refund([ticket]));
    await s.close();
  });

  test.each(["suspended", "cut"] as const)(
    "H08 does not let a call pass whose hop was %s",
    async (how) => {
      const s = await gated();
      const { ticket, id } = await s.asked();
      await s.approve(id, "bo", "cy");
      if (how === "cut") await s.root.revoke();
      else await s.coordinator.suspend({ operator: "op" }, { hop: s.root.id });
      const code = how === "cut" ? "delegation_revoked" : "delegation_suspended";
      await denies(s.guard, s.refund([ticket]), code);
      await s.close();
    },
  );

  test("that a policy obliges to is asked for, bound to the policy's version", async () => {
    const rules = (version: string) =>
      staticRules({
        version,
        default: "allow",
        rules: [{ id: "search", effect: "require_approval", when: { tools: ["web.*"] } }],
      });
    const r = await rig({ policy: rules("7") });
    const guard = await r.watch();
    const root = await r.root();
    expect(await guard.authorize(search(root))).toMatchObject({
      effect: "ask",
      approvals: [{ approvers: 1 }],
      policyVersion: "7",
    });
    const [asked] = await root.ask("web.search", {});
    const tickets = [asked?.ticket ?? ""];
    await r.coordinator.approve({ approver: "bo" }, { ticket: asked?.id ?? "" });
    const other = await r.watch({ policy: rules("8") });
    await denies(other, root.call("web.search", {}, { tickets }), "approval_mismatch");
    await allows(guard, root.call("web.search", {}, { tickets }));
    await r.close();
  });

  test("too few of several are refused before any is used", async () => {
    const policy = staticRules({
      version: "1",
      default: "allow",
      rules: [{ id: "pay", effect: "require_approval", when: { tools: ["pay.*"] } }],
    });
    const r = await rig({ policy });
    const guard = await r.watch();
    const root = await r.root({ grant: { ...GRANT, limits: GATED } });
    const asked = await root.ask("pay.refund", REFUND);
    expect(asked.map(({ approvers }) => approvers)).toEqual([2, 1]);
    for (const { id } of asked) {
      for (const approver of ["bo", "cy"]) {
        await r.coordinator.approve({ approver }, { ticket: id }).catch(() => undefined);
      }
    }
    const [gate, obligation] = asked.map(({ ticket }) => ticket);
    if (gate === undefined || obligation === undefined) throw new Error("no tickets");
    const call = (tickets: string[]) => root.call("pay.refund", REFUND, { tickets });
    await denies(guard, call([gate]), "approval_required", { rule: "limits.approval.pay.refund" });
    await denies(guard, call([obligation, gate]), "approval_mismatch");
    await allows(guard, call([gate, obligation]));
    await r.close();
  });
});

describe("a single use", () => {
  test("is the first of many", async () => {
    const s = await scene();
    const decisions = await Promise.all(
      Array.from({ length: 10 }, () => s.guard.authorize({ ...read(s.root), once: true })),
    );
    expect(decisions.filter(({ effect }) => effect === "allow")).toHaveLength(1);
    await denies(s.guard, { ...read(s.root), once: true }, "proof_replayed");
    await s.close();
  });

  test("P07 is used up by whatever spelling of the token's signature", async () => {
    const r = await rig({ keys: keyRing(generateSigningKey("ES256")) });
    const guard = await r.watch();
    const root = await r.root();
    await allows(guard, { ...read(root), once: true });
    const token = otherSpelling(root.holder.tokens[0] ?? "");
    const proof = makeAatProof({
      key: root.holder.key,
      tokenId: root.holder.chain.tokenId,
      tool: "files.read",
      arguments: READ,
      audience: AUDIENCE,
      accessToken: token,
      nowMs: START,
      random: systemRandom,
    });
    const call = { ...read(root), tokens: [token], possession: { kind: "aat", proof } } as const;
    await denies(guard, { ...call, once: true }, "proof_replayed");
    await r.close();
  });
});

/** Order of the group that P-256 is made of. */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** The same token with s negated: both verify (RFC 6979 does not say which, RFC 7518 §3.4 takes either). */
function otherSpelling(token: string): string {
  const dot = token.lastIndexOf(".") + 1;
  const signature = Buffer.from(token.slice(dot), "base64url");
  const s = BigInt(`0x${signature.toString("hex", 32)}`);
  signature.write((ORDER - s).toString(16).padStart(64, "0"), 32, "hex");
  return token.slice(0, dot) + signature.toString("base64url");
}
