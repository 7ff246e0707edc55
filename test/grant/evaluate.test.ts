/** What a chain of grants says to one call. @module */
import { describe, expect, test } from "vitest";
import type { Json } from "../../src/base/json-value.js";
import { compileAuthority } from "../../src/grant/compile.js";
import { evaluate, evaluateScope } from "../../src/grant/evaluate.js";
import type { Constraint } from "../../src/wire/constraint.js";
import type { Grant } from "../../src/wire/grant.js";
import { parseInvocation } from "../../src/wire/invocation.js";
import { call, expectRefusal, grant, reading } from "./grants.js";

const path: Constraint = { constraint_type: "path", under: "/data" };
const atMost: Constraint = { constraint_type: "range", max: 100 };
const host: Constraint = { constraint_type: "host", hosts: ["*.example.com", "example.com"] };

function refusal(code: string, rule: string, index = 0): object {
  return { code, rule, index };
}

describe("tools", () => {
  const chain = [grant({ tools: { "files.read": {}, "files.list": {} } })];

  test("lets a granted tool through, with any arguments when it is open", () => {
    expect(
      evaluate(chain, call("files.read", { anything: [1], constructor: null })),
    ).toBeUndefined();
  });

  test.each([
    ["E06 another case", "Files.read"],
    ["E06 a look-alike letter", "f\u0456les.read"],
    ["E11 a name space", "agent::files.read"],
    ["E11 a null byte", "files.read\0"],
    ["E11 a space", "files.read "],
    ["what objects inherit", "constructor"],
    ["what objects inherit", "__proto__"],
    ["what objects inherit", "hasOwnProperty"],
  ])("refuses %s as another, ungranted tool", (_why, tool) => {
    expect(evaluate(chain, call(tool))).toEqual(refusal("tool_not_granted", tool));
  });

  test("E11 refuses a name with control characters before it is compared", () => {
    const input = { tool: "files.read\0", arguments: {}, audience: "https://tools.example" };
    expectRefusal(() => parseInvocation(input), "invalid_request", "tool");
  });

  test("refuses every call on an empty chain", () => {
    expect(evaluate([], call("files.read"))).toEqual(refusal("tool_not_granted", "files.read"));
  });

  test("E18 refuses at a hole in a chain", () => {
    expect(evaluate([undefined as never, ...chain], call("files.read"))).toEqual(
      refusal("tool_not_granted", "files.read"),
    );
  });

  test("judges use on the leaf alone", () => {
    const planner = grant({ tools: { deploy: {} }, limits: { delegateOnly: ["deploy"] } });
    const deployer = grant({ tools: { deploy: {} } });
    expect(evaluate([planner], call("deploy"))).toEqual(refusal("tool_delegate_only", "deploy"));
    expect(evaluate([planner, deployer], call("deploy"))).toBeUndefined();
  });
});

describe("arguments", () => {
  const chain = [grant({ tools: { pay: { amount: atMost, to: path } } })];
  const good = { amount: 5, to: "/data/a" };

  test("lets through what meets all constraints", () => {
    expect(evaluate(chain, call("pay", good))).toBeUndefined();
  });

  test.each<[string, Record<string, Json>, string, string]>([
    ["E01 an unknown argument", { ...good, note: "x" }, "argument_unexpected", "pay.note"],
    ["E03 a numeral in a string", { ...good, amount: "99" }, "argument_refused", "pay.amount"],
    ["E04 NaN", { ...good, amount: Number.NaN }, "argument_refused", "pay.amount"],
    ["an infinity", { ...good, amount: -Infinity }, "argument_refused", "pay.amount"],
    ["null", { ...good, amount: null }, "argument_refused", "pay.amount"],
    ["a boolean", { ...good, amount: true }, "argument_refused", "pay.amount"],
    ["a list", { ...good, amount: [5] }, "argument_refused", "pay.amount"],
    ["an argument that is absent", { amount: 5 }, "argument_missing", "pay.to"],
  ])("refuses %s", (_why, args, code, rule) => {
    expect(evaluate(chain, call("pay", args))).toEqual(refusal(code, rule));
  });

  test.each([
    "/data/../etc/passwd",
    "/data/%2e%2e/etc",
    "/data/%252e%252e/etc",
    "/data\\..\\etc",
    "/data/a\0.png",
    "/data/./a",
    "//data/a",
    "/data/",
    "data/a",
    "/data/\u2025/etc",
    "/data/\uff0e\uff0e/etc",
    "/database",
    "/DATA/a",
  ])("E05 refuses the path %j", (value) => {
    expect(evaluate([reading(path)], call("files.read", { path: value }))).toEqual(
      refusal("argument_refused", "files.read.path"),
    );
  });

  test.each([
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://127.1/",
    "https://[::ffff:127.0.0.1]/",
    "https://example.com@evil.org/",
    "https://user:pass@example.com/",
    "https://example.com./",
    "https://EXAMPLE.com/",
    "https://ex\u0430mple.com/",
    "https://\uff45xample.com/",
    "https://evil.org\\.example.com/",
    "https://evil.org#.example.com/",
    "https://evil.org?.example.com/",
    "https:/example.com/",
    "https://example.com:22/",
    "http://example.com/",
    "javascript://example.com/",
    "\thttps://example.com/",
    "https://exam\nple.com/",
    "badexample.com",
  ])("E08 E06 refuses the host %j", (value) => {
    expect(evaluate([reading(host)], call("files.read", { path: value }))).toEqual(
      refusal("argument_refused", "files.read.path"),
    );
  });

  test.each(["https://example.com", "https://a.example.com/x?y=1#z", "a.b.example.com"])(
    "lets the host %j through",
    (value) => {
      expect(evaluate([reading(host)], call("files.read", { path: value }))).toBeUndefined();
    },
  );

  test("holds every hop, not the leaf alone", () => {
    const forged = [reading(path), reading({ constraint_type: "wildcard" })];
    expect(evaluate(forged, call("files.read", { path: "/etc/passwd" }))).toEqual(
      refusal("argument_refused", "files.read.path", 0),
    );
  });

  const trap = new Proxy([], {
    get: () => {
      throw new Error("trap");
    },
  });

  test("E18 denies when a check throws", () => {
    const wanting = reading({ constraint_type: "contains", required: ["a"] });
    expect(evaluate([wanting], call("files.read", { path: trap }))).toEqual(
      refusal("argument_refused", "files.read.path"),
    );
  });

  test("E18 denies when a constraint that was never parsed cannot be compiled", () => {
    const broken = { constraint_type: "any", constraints: null } as never as Constraint;
    const forged: Grant = { ...reading(path), tools: { "files.read": { path: broken } } };
    expect(evaluate([forged], call("files.read", { path: "/data/a" }))).toEqual(
      refusal("argument_refused", "files.read.path"),
    );
  });

  test("E18 denies an argument that is named and has no value, whatever it may be", () => {
    const anything = reading({ constraint_type: "wildcard" });
    const asked = call("files.read", { path: undefined as never });
    expect(evaluate([anything], asked)).toEqual(refusal("argument_refused", "files.read.path"));
  });

  test("does not carry a sender's odd text in a rule", () => {
    const args = { path: "/data/a", "x\n\u202esecret": 1 };
    expect(evaluate([reading(path)], call("files.read", args))).toEqual(
      refusal("argument_unexpected", "files.read.?"),
    );
  });
});

describe("audience and ceilings", () => {
  const at = (audience: string[]) => grant({ tools: { read: {} }, audience });

  test("refuses another resource at any hop, byte by byte", () => {
    const asked = { ...call("read"), audience: "https://tools.example" };
    expect(evaluate([at(["https://tools.example"])], asked)).toBeUndefined();
    for (const other of [
      "https://tools.example/",
      "http://tools.example",
      "https://Tools.example",
    ]) {
      expect(evaluate([at([]), at([other])], asked)).toEqual(
        refusal("audience_mismatch", "audience", 1),
      );
    }
  });

  test("applies ceilings to tool calls too, and has no totals for cumulative ones", () => {
    const bounded = (ceiling: object) => [
      grant({ tools: { read: {} }, ceilings: [ceiling as never] }),
    ];
    const asked = call("read", { rows: 5 });
    expect(evaluate(bounded({ key: "rows", max: 5 }), asked)).toBeUndefined();
    expect(evaluate(bounded({ key: "rows", max: 4 }), asked)).toEqual(
      refusal("ceiling_exceeded", "ceilings.rows.max"),
    );
    expect(evaluate(bounded({ key: "rows", max_subtree: 9 }), asked)).toEqual(
      refusal("ceiling_exceeded", "ceilings.rows.max_subtree"),
    );
  });
});

describe("scope requests", () => {
  const request = { scope: "crm.read", audience: "https://crm.example", request: { rows: 5 } };
  const scoped = (input: object) => grant({ scopes: ["crm.*"], ...input });

  test("asks every hop for the scope, and the leaf for the audience", () => {
    const root = scoped({ audience: ["https://elsewhere.example"] });
    const leaf = scoped({ audience: ["https://crm.example"] });
    expect(evaluateScope([root, leaf], request)).toBeUndefined();
    expect(evaluateScope([leaf], request)).toBeUndefined();
    expect(evaluateScope([leaf, root], request)).toEqual(
      refusal("audience_mismatch", "audience", 1),
    );
    expect(evaluateScope([scoped({ scopes: ["crm.x"] }), leaf], request)).toEqual(
      refusal("scope_not_granted", "scopes.crm.read", 0),
    );
    expect(evaluateScope([], request)).toEqual(refusal("scope_not_granted", "scopes.crm.read"));
  });

  test("holds every hop's ceilings", () => {
    const chain = [scoped({ ceilings: [{ key: "rows", max: 4 }] }), scoped({})];
    expect(evaluateScope(chain, request)).toEqual(refusal("ceiling_exceeded", "ceilings.rows.max"));
  });
});

test("an authority is compiled once, a tool when it is first asked for", () => {
  const authority = reading(path);
  expect(compileAuthority(authority)).toBe(compileAuthority(authority));
  expect(compileAuthority(authority).tool("files.read")).toBe(
    compileAuthority(authority).tool("files.read"),
  );
  expect(compileAuthority(authority).tool("toString")).toBeUndefined();
});
