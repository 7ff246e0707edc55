/** When a call needs approval. @module */
import { describe, expect, test } from "vitest";
import type { Json } from "../../src/base/json-value.js";
import { gatesOf } from "../../src/grant/evaluate.js";
import { isFrom } from "../../src/grant/gate.js";
import type { Constraint } from "../../src/wire/constraint.js";
import type { Grant } from "../../src/wire/grant.js";
import { call, grant } from "./grants.js";

const trap = new Proxy([], {
  get: () => {
    throw new Error("trap");
  },
});

describe("approval gates", () => {
  const above: Constraint = { constraint_type: "range", min: 50 };
  const gated = (gate: object): Grant =>
    grant({ tools: { pay: {} }, limits: { approval: { pay: gate as never } } });
  const big = gated({ when: { amount: above }, approvers: 1 });

  test.each<[string, Record<string, Json>, number]>([
    ["whose arguments meet the condition", { amount: 50 }, 1],
    ["that lacks the argument", {}, 1],
    ["below the condition", { amount: 49 }, 0],
    ["whose argument is of another type", { amount: "60" }, 0],
  ])("asks about a call %s", (_why, args, gates) => {
    expect(gatesOf([big], call("pay", args)).length).toBe(gates);
  });

  test("asks once for gates that include each other, and for each of those that do not", () => {
    const two = gated({ approvers: 2, from: ["ann", "bob"] });
    const other = gated({ approvers: 1, from: ["cy"] });
    const asked = call("pay", { amount: 60 });
    expect(gatesOf([big, two], asked).map(({ index }) => index)).toEqual([1]);
    expect(gatesOf([two, big], asked).map(({ index }) => index)).toEqual([1, 0]);
    expect(gatesOf([two, other], asked).map(({ index }) => index)).toEqual([1, 0]);
    expect(gatesOf([big], call("other", { amount: 60 }))).toEqual([]);
  });

  test.each<[string, root: object, leaf: object, asked: readonly number[]]>([
    [
      "enough people, but others",
      { approvers: 1, from: ["ann"] },
      { approvers: 2, from: ["cy", "dan"] },
      [1, 0],
    ],
    [
      "of the same people too few",
      { approvers: 2, from: ["ann", "bob"] },
      { approvers: 1, from: ["ann"] },
      [1, 0],
    ],
    [
      "as many of the same people",
      { approvers: 1, from: ["ann", "bob"] },
      { approvers: 1, from: ["ann"] },
      [1],
    ],
  ])(
    "asks the root's approvers too, unless the leaf's are enough: %s",
    (_why, root, leaf, asked) => {
      const gates = gatesOf([gated(root), gated(leaf)], call("pay"));
      expect(gates.map(({ index }) => index)).toEqual(asked);
    },
  );

  test("A36 takes no approvers at all for no stricter than some", () => {
    expect(isFrom({ approvers: 1, from: [] }, { approvers: 1, from: ["ann"] })).toBe(false);
  });

  test("E18 asks for approval when a condition throws, even where another does not apply", () => {
    const when: Record<string, Constraint> = {
      to: { constraint_type: "contains", required: ["a"] },
      amount: above,
    };
    const forged: Grant = {
      ...grant({ tools: { pay: {} } }),
      limits: { approval: { pay: { when, approvers: 1 } } },
    };
    expect(gatesOf([forged], call("pay", { to: trap, amount: 1 })).length).toBe(1);
  });

  test("E18 asks for approval when a gate's condition throws", () => {
    const when: Record<string, Constraint> = { to: { constraint_type: "length", max: 3 } };
    const broken = { to: { constraint_type: "any", constraints: null } as never as Constraint };
    for (const condition of [{ to: { constraint_type: "contains", required: ["a"] } }, broken]) {
      const gate = { when: condition as typeof when, approvers: 1 };
      const forged: Grant = {
        ...grant({ tools: { pay: {} } }),
        limits: { approval: { pay: gate } },
      };
      expect(gatesOf([forged], call("pay", { to: trap })).length).toBe(1);
    }
  });
});
