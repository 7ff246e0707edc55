/** OCSF encoding: the four questions are answered in every row. @module */
import { describe, expect, test } from "vitest";
import { toOcsf } from "../../src/audit/ocsf.js";
import type { AuditLine } from "../../src/wire/event.js";

const line = (event: AuditLine["event"]): AuditLine => ({
  seq: 7,
  at: 1_800_000_000_000,
  event,
  n: 3,
  prev: "p",
  up: "u",
  hash: "h",
});

describe("ocsf", () => {
  test("tells of a call who asked, which agent, which tool, which decision and rule", () => {
    const row = toOcsf(
      line({
        kind: "call",
        tenant: "acme",
        tree: "r",
        hop: "a",
        requester: "https://idp.example ada",
        agent: "reader",
        tool: "files.read",
        decision: "deny",
        code: "argument_refused",
        rule: "files.read.path",
      }),
    );
    expect(row).toMatchObject({
      class_uid: 6003,
      type_uid: 600_399,
      action_id: 2,
      status_code: "argument_refused",
      actor: { user: { uid: "https://idp.example ada" } },
      ai_agent: { uid: "reader" },
      api: { operation: "files.read" },
      authorizations: [{ decision: "deny", policy: { uid: "files.read.path" } }],
      delegation: { uid: "a", root_uid: "r" },
      attestation_list: [{ fingerprint: "h", prev_event: "p", sequence: 7 }],
    });
  });

  test.each([
    ["hop.created", 1],
    ["hop.suspended", 10],
    ["cut", 4],
    ["ticket.asked", 99],
  ])("tells of %s as entity management", (kind, activity) => {
    expect(toOcsf(line({ kind, tenant: "acme", hop: "a" }))).toMatchObject({
      class_uid: 3004,
      activity_id: activity,
      type_uid: 300_400 + activity,
    });
  });

  test("leaves out what is not there", () => {
    expect(JSON.stringify(toOcsf(line({ kind: "cut", tenant: "acme" })))).not.toContain(
      "undefined",
    );
    expect(toOcsf(line({ kind: "cut", tenant: "acme" }))).not.toHaveProperty("ai_agent");
  });
});
