import { describe, expect, test } from "vitest";
import { terse } from "../../src/cli/constraint-words.js";
import { diffGrants, limitLines } from "../../src/cli/grant-diff.js";
import {
  type Authority,
  type Constraint,
  type GrantInput,
  parseGrant,
} from "../../src/wire/grant.js";

function authority(input: GrantInput): Authority {
  return parseGrant(input, { now: 0 });
}

const PARENT = authority({
  tools: {
    "pay.charge": { amount: { constraint_type: "range", max: 100 } },
    "files.read": {},
    "mail.send": {},
  },
  scopes: ["crm.*", "hr.read"],
  audience: ["https://a", "https://b"],
  limits: { calls: 10, depth: 3, spend: { EUR: "20" } },
});

describe("diffGrants", () => {
  test("finds nothing between equals but one hop less to follow", () => {
    const child: Authority = { ...PARENT, limits: { ...PARENT.limits, depth: 2 } };
    expect(diffGrants(PARENT, child)).toEqual({
      kept: ["files.read", "mail.send", "pay.charge", "crm.*", "hr.read"],
      dropped: [],
      narrowed: [],
    });
  });

  test("names what was dropped and tells what was narrowed, from and to", () => {
    const child = authority({
      tools: {
        "pay.charge": { amount: { constraint_type: "range", max: 50 } },
        "files.read": { path: { constraint_type: "path", under: "/x" } },
      },
      scopes: ["crm.read"],
      audience: ["https://a"],
      limits: { calls: 10, depth: 0, spend: { EUR: "5" } },
    });
    expect(diffGrants(PARENT, child)).toEqual({
      kept: [],
      dropped: ["mail.send", "hr.read"],
      narrowed: [
        { of: "files.read", what: "files.read", from: "any arguments", to: "path: /x/**" },
        { of: "pay.charge", what: "pay.charge.amount", from: "<= 100", to: "<= 50" },
        { of: "crm.*", what: "crm.*", from: "crm.*", to: "crm.read" },
        { of: "audience", what: "audience", from: "https://a https://b", to: "https://a" },
        { of: "limits.depth", what: "limits.depth", from: "3", to: "0" },
        { of: "limits.spend.EUR", what: "limits.spend.EUR", from: "20", to: "5" },
      ],
    });
  });
});

describe("limitLines", () => {
  test("tells every limit that is stated", () => {
    const { limits } = authority({
      tools: { a: {}, b: {} },
      limits: {
        children: 1,
        descendants: 2,
        delegateOnly: ["a"],
        useOnly: ["b"],
        approval: { b: { approvers: 2, when: { n: { constraint_type: "range", min: 5 } } } },
      },
    });
    expect(limitLines(limits)).toEqual([
      ["children", "1"],
      ["descendants", "2"],
      ["delegateOnly", "a"],
      ["useOnly", "b"],
      ["approval.b", "2 people when n is >= 5"],
    ]);
  });
});

describe("terse", () => {
  test.each<[Constraint, string]>([
    [{ constraint_type: "path", under: "/" }, "/**"],
    [{ constraint_type: "path", under: "/a" }, "/a/**"],
    [{ constraint_type: "exact", value: "x" }, '"x"'],
    [{ constraint_type: "prefix", value: "x" }, '"x"...'],
    [{ constraint_type: "one_of", values: ["EUR", 1] }, '"EUR" or 1'],
    [{ constraint_type: "range", min: 1, max: 2 }, "1 to 2"],
    [{ constraint_type: "range", max: 2, max_inclusive: false }, "a number less than 2"],
    [{ constraint_type: "range" }, "a number"],
    [{ constraint_type: "length", max: 4 }, "length <= 4"],
    [{ constraint_type: "wildcard" }, "anything"],
    [{ constraint_type: "cidr", network: "10.0.0.0/8" }, "an IP address in 10.0.0.0/8"],
  ])("says %o as %s", (constraint, text) => {
    expect(terse(constraint)).toBe(text);
  });
});
