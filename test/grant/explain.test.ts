/** Explanations name the hop, the rule, what was asked and what would pass; values only for the operator. @module */
import { describe, expect, test } from "vitest";
import type { Json } from "../../src/base/json-value.js";
import { describe as inWords } from "../../src/grant/describe.js";
import { evaluate } from "../../src/grant/evaluate.js";
import { explain } from "../../src/grant/explain.js";
import type { Constraint } from "../../src/wire/constraint.js";
import { CONSTRAINTS } from "../model/constraint-domains.js";
import { call, grant } from "./grants.js";

const path = (under: string): Constraint => ({ constraint_type: "path", under });
const amount: Constraint = { constraint_type: "range", max: 100, min: 1, min_inclusive: false };
const root = grant({ tools: { "files.read": { path: path("/data") }, pay: { amount } } });
const leaf = grant({ tools: { "files.read": { path: path("/data/a") }, pay: { amount } } });
const chain = [root, leaf];
const hops = ["hop-root", "hop-leaf"];

describe("an explanation", () => {
  test("is absent when nothing refuses", () => {
    expect(explain(chain, hops, call("pay", { amount: 5 }))).toBeUndefined();
  });

  test("K04 shows the kind of a value to callers and the value to the operator", () => {
    const asked = call("files.read", { path: "/etc/passwd" });
    const shown = explain(chain, hops, asked);
    expect(shown).toEqual({
      hop: "hop-root",
      rule: "files.read.path",
      code: "argument_refused",
      asked: "files.read.path, a string",
      wouldPass: ["path: a normalised absolute path, /data/a or below"],
    });
    expect(JSON.stringify(shown)).not.toContain("passwd");
    expect(explain(chain, hops, asked, { operator: true })?.asked).toBe(
      'files.read.path, "/etc/passwd"',
    );
  });

  test("tells every change that is needed, from the narrowest hop, and none that is not", () => {
    expect(explain(chain, hops, call("pay", { amount: 500, note: "x" }))?.wouldPass).toEqual([
      "amount: a number more than 1 at most 100",
      "leave out note",
    ]);
    expect(explain(chain, hops, call("pay"))?.wouldPass).toEqual([
      "amount: a number more than 1 at most 100",
    ]);
  });

  test("is absent when only a hop above may not use what the leaf may", () => {
    const planner = grant({ tools: { deploy: {} }, limits: { delegateOnly: ["deploy"] } });
    const deployer = grant({ tools: { deploy: {} } });
    expect(explain([planner, deployer], hops, call("deploy"))).toBeUndefined();
  });

  test.each<[Record<string, Json>, string]>([
    [{ path: null }, "files.read.path, null"],
    [{ path: ["/data/a"] }, "files.read.path, an array"],
    [{ path: 7 }, "files.read.path, a number"],
    [{ path: "/data/a", depth: {} }, "files.read.depth, an object"],
    [{ path: "/data/a", "x\n": "secret" }, "files.read.?, not shown"],
    [{}, "files.read.path, absent"],
  ])("K04 tells of %j its place and its kind", (args, asked) => {
    expect(explain(chain, hops, call("files.read", args))?.asked).toBe(asked);
  });

  test.each<[string, Parameters<typeof explain>, string, string, string]>([
    [
      "a tool",
      [chain, hops, call("rm")],
      "rm",
      "use of rm",
      "a grant of rm to hop hop-leaf and to those below it",
    ],
    [
      "use",
      [[grant({ tools: { a: {} }, limits: { delegateOnly: ["a"] } })], ["h"], call("a")],
      "a",
      "use of a",
      "delegate a to another agent, online",
    ],
    [
      "the resource",
      [
        [grant({ tools: { a: {} }, audience: ["https://x.example", "https://y.example"] })],
        ["h"],
        call("a"),
      ],
      "audience",
      "a call at https://tools.example",
      "call at one of https://x.example, https://y.example",
    ],
    [
      "a ceiling",
      [[grant({ tools: { a: {} }, ceilings: [{ key: "n", max: 1 }] })], ["h"], call("a", { n: 2 })],
      "ceilings.n.max",
      "ceilings.n.max",
      "stay within ceilings.n.max",
    ],
  ])("speaks of %s", (_what, args, rule, asked, change) => {
    expect(explain(...args)).toMatchObject({ rule, asked, wouldPass: [change] });
  });

  test.each<[string, Record<string, Json>]>([
    ["files.read", { path: "/data/b" }],
    ["pay", { amount: 0 }],
    ["pay", {}],
    ["nothing", {}],
  ])("agrees with the decision on %s %j", (tool, args) => {
    const refusal = evaluate(chain, call(tool, args));
    const told = explain(chain, hops, call(tool, args));
    expect([told?.code, told?.rule, told?.hop]).toEqual([
      refusal?.code,
      refusal?.rule,
      hops[refusal?.index ?? -1],
    ]);
  });
});

describe("a constraint in words", () => {
  test.each<[Constraint, string]>([
    [{ constraint_type: "exact", value: "a" }, 'exactly "a"'],
    [{ constraint_type: "range" }, "a number"],
    [
      { constraint_type: "range", min: 1, max: 2, max_inclusive: false },
      "a number at least 1 less than 2",
    ],
    [{ constraint_type: "one_of", values: [1, "b"] }, 'one of 1, "b"'],
    [
      { constraint_type: "one_of", values: [1, 2, 3, 4, 5, 6, 7, 8, 9] },
      "one of 1, 2, 3, 4, 5, 6, 7, 8 and 1 more",
    ],
    [{ constraint_type: "not_one_of", excluded: [1] }, "a plain value, none of 1"],
    [{ constraint_type: "contains", required: [1] }, "a list with 1 in it"],
    [{ constraint_type: "subset", allowed: [1] }, "a list of nothing but 1"],
    [{ constraint_type: "wildcard" }, "any value"],
    [{ constraint_type: "prefix", value: "a" }, 'text that starts with "a"'],
    [{ constraint_type: "pattern", value: "a*" }, "text that matches a*"],
    [{ constraint_type: "cidr", network: "10.0.0.0/8" }, "an IP address in 10.0.0.0/8"],
    [{ constraint_type: "host", hosts: ["a.b"] }, 'an https URL or a host at "a.b"'],
    [
      { constraint_type: "host", hosts: ["a.b"], schemes: ["http"], ports: [80] },
      'a URL (http) at "a.b", port 80',
    ],
    [
      { constraint_type: "host", hosts: ["a.b"], schemes: ["http", "https"], ports: [80, 443] },
      'a URL (http, https) at "a.b", port 80, 443',
    ],
    [
      { constraint_type: "one_of", values: [1, 2, 3, 4, 5, 6, 7, 8] },
      "one of 1, 2, 3, 4, 5, 6, 7, 8",
    ],
    [{ constraint_type: "length", min: 1 }, "text or a list of a length from 1"],
    [{ constraint_type: "regex" } as never as Constraint, "nothing: the constraint is not known"],
    [
      { constraint_type: "time_window", until: "2026-01-01T00:00:00Z" },
      "a time up to 2026-01-01T00:00:00Z",
    ],
    [{ constraint_type: "length", min: 1, max: 2 }, "text or a list of a length from 1 up to 2"],
    [
      { constraint_type: "all", constraints: [{ constraint_type: "wildcard" }, amount] },
      "any value, and a number more than 1 at most 100",
    ],
    [
      {
        constraint_type: "any",
        constraints: [{ constraint_type: "wildcard" }, { constraint_type: "exact", value: 1 }],
      },
      "any value, or exactly 1",
    ],
  ])("%j", (constraint, words) => {
    expect(inWords(constraint)).toBe(words);
  });

  test("is never empty", () => {
    for (const constraint of Object.values(CONSTRAINTS).flat())
      expect(inWords(constraint)).not.toBe("");
  });
});
