/** What an approval is bound to, and the ticket that its asker holds. @module */
import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  type ApprovalSubject,
  approvalBinding,
  formatTicket,
  parseTicket,
} from "../../src/chain/approval-binding.js";
import { refuses } from "./forge.js";

const NONCE = "n0nce_n0nce-n0nce";
const SUBJECT: ApprovalSubject = {
  tenant: "acme",
  tree: "hop-root",
  hops: ["hop-root", "hop-leaf"],
  tool: "pay.refund",
  arguments: { amount: 80, to: "bob" },
  audience: "https://pay.example",
  policyVersion: "7",
  approvers: 2,
  from: ["cy", "ann", "bob"],
};

describe("the binding of an approval", () => {
  test.each<[string, ApprovalSubject, string]>([
    ["those who may approve, in one order", SUBJECT, '["ann","bob","cy"]'],
    ["nobody in particular", { ...SUBJECT, from: undefined }, "null"],
  ])("is the mac, under the nonce, of the call in canonical json and %s", (_who, subject, from) => {
    const text = `["legate-approval-v1","acme","hop-root",["hop-root","hop-leaf"],"pay.refund",{"amount":80,"to":"bob"},"https://pay.example","7",2,${from}]`;
    expect(approvalBinding(NONCE, subject)).toBe(
      createHmac("sha256", NONCE).update(text).digest("base64url"),
    );
  });

  test("does not tell in which order approvers or arguments were named", () => {
    const turned = { ...SUBJECT, from: ["bob", "cy", "ann"], arguments: { to: "bob", amount: 80 } };
    expect(approvalBinding(NONCE, turned)).toBe(approvalBinding(NONCE, SUBJECT));
    expect(turned.from).toEqual(["bob", "cy", "ann"]);
  });

  test.each<[string, Partial<ApprovalSubject>]>([
    ["another tenant", { tenant: "other" }],
    ["another tree", { tree: "hop-other" }],
    ["another chain", { hops: ["hop-root"] }],
    ["another tool", { tool: "pay.charge" }],
    ["other arguments", { arguments: { amount: 81, to: "bob" } }],
    ["another resource", { audience: "https://pay.example/" }],
    ["another policy", { policyVersion: "8" }],
    ["more approvers", { approvers: 3 }],
    ["other approvers", { from: ["ann", "bob"] }],
  ])("H03 differs for %s", (_what, change) => {
    expect(approvalBinding(NONCE, { ...SUBJECT, ...change })).not.toBe(
      approvalBinding(NONCE, SUBJECT),
    );
  });
});

describe("a ticket", () => {
  test("is the id of the record and the nonce", () => {
    expect(parseTicket(formatTicket("id-1", NONCE))).toEqual({ id: "id-1", nonce: NONCE });
    expect(formatTicket("id-1", NONCE)).toBe(`id-1.${NONCE}`);
  });

  test.each([
    ["without a full stop", NONCE],
    ["without an id", `.${NONCE}`],
    ["without a nonce", "id-1."],
    ["with a nonce that is too short", `id-1.${"a".repeat(15)}`],
    ["with a nonce that is too long", `id-1.${"a".repeat(65)}`],
    ["with more than a nonce", `id-1.${NONCE}.x`],
    ["with a line after it", `id-1.${NONCE}\n`],
    ["with odd text before the nonce", `id-1. ${NONCE}`],
  ])("is not found %s", (_why, handle) => {
    refuses("ticket_not_found", () => parseTicket(handle));
  });

  test.each([16, 64])("may have a nonce of %i characters", (length) => {
    expect(parseTicket(`i.${"a".repeat(length)}`).id).toBe("i");
  });
});
