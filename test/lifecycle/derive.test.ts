/** What a table is derived from, and which machines no flat table can hold. @module */
import { describe, expect, test } from "vitest";
import { createMachine } from "xstate";
import { deriveTable } from "../../src/lifecycle/derive.js";
import { PAIRS } from "./machines.js";

describe("the derived table", () => {
  test.each(PAIRS)("of the $name is the committed one", ({ machine, table }) => {
    expect(deriveTable(machine)).toEqual(table);
  });

  test("lists states as defined and events in alphabetical order", () => {
    const machine = createMachine({
      id: "m",
      initial: "b",
      states: { b: { on: { z: "a", c: "b" } }, a: { type: "final" } },
    });
    expect(deriveTable(machine)).toMatchObject({
      name: "m",
      initial: "b",
      states: ["b", "a"],
      events: ["c", "z"],
      final: ["a"],
      rows: { b: { c: "b", z: "a" }, a: {} },
    });
  });

  test("takes a delay for the event that it is named after", () => {
    const machine = createMachine(
      { id: "m", initial: "a", states: { a: { after: { lapse: "b" } }, b: {} } },
      { delays: { lapse: 1 } },
    );
    expect(deriveTable(machine).rows).toEqual({ a: { lapse: "b" }, b: {} });
  });
});

describe("a machine that a flat table cannot hold is refused:", () => {
  const b = {};
  test.each([
    ["a guard", { a: { on: { go: { target: "b", guard: () => true } } }, b }, /guard or an action/],
    [
      "an action",
      { a: { on: { go: { target: "b", actions: () => {} } } }, b },
      /guard or an action/,
    ],
    [
      "two ways",
      { a: { on: { go: [{ target: "b" }, { target: "a" }] } }, b },
      /exactly one target/,
    ],
    ["no way", { a: { on: { go: [] } }, b }, /exactly one target/],
    ["no target", { a: { on: { go: {} } }, b }, /exactly one target/],
    ["a target outside", { a: { on: { go: "#m" } }, b }, /exactly one target/],
    ["two targets", { a: { on: { go: { target: ["b", "a"] } } }, b }, /exactly one target/],
    ["a digit before", { a: { on: { "1go": "b" } }, b }, /no plain event/],
    ["a dot within", { a: { on: { "go.on": "b" } }, b }, /no plain event/],
    ["a wildcard", { a: { on: { "*": "b" } }, b }, /no plain event/],
    ["a nameless delay", { a: { after: { 5: "b" } }, b }, /no plain event/],
    ["a step without event", { a: { always: "b" }, b }, /without an event/],
    ["a nested state", { a: { initial: "c", states: { c: {} } } }, /not a flat state/],
    [
      "a delay that disagrees with its event",
      { a: { on: { go: "a" }, after: { go: "b" } }, b },
      /disagree/,
    ],
  ])("%s", (_why, states, message) => {
    const machine = createMachine({ id: "m", initial: "a", states }, { delays: { go: 1 } });
    expect(() => deriveTable(machine)).toThrow(message);
  });

  test("no first state", () => {
    const machine = createMachine({ id: "m", type: "parallel", states: { a: {}, b: {} } });
    expect(() => deriveTable(machine)).toThrow(/no initial state/);
  });
});
