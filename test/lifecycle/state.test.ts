/** The order of hop states and the effective state along a chain. @module */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HOP_STATES, type HopState, isFinal, worst } from "../../src/lifecycle/state.js";
import { HOP_TABLE } from "../../src/lifecycle/table.js";

const anyState = fc.constantFrom(...HOP_STATES);
const chain = fc.array(anyState, { minLength: 1, maxLength: 8 });

describe("the effective state of a hop", () => {
  test("is active only if every hop of its chain is exactly active", () => {
    fc.assert(
      fc.property(chain, (states) => {
        expect(worst(states) === "active").toBe(states.every((state) => state === "active"));
      }),
    );
  });

  test("is the meet of the lattice: commutative, associative, idempotent, with active as its top", () => {
    for (const a of HOP_STATES) {
      expect(worst([a, a])).toBe(a);
      expect(worst(["active", a])).toBe(a);
      expect(worst([a, "revoked"])).toBe("revoked");
      for (const b of HOP_STATES) {
        expect(worst([a, b])).toBe(worst([b, a]));
        for (const c of HOP_STATES) {
          expect(worst([a, worst([b, c])])).toBe(worst([worst([a, b]), c]));
          expect(worst([a, b, c])).toBe(worst([worst([a, b]), c]));
        }
      }
    }
  });

  test("is the greatest lower bound: no better than any hop, and the state of one of them", () => {
    fc.assert(
      fc.property(chain, (states) => {
        const ranks = states.map((state) => HOP_STATES.indexOf(state));
        expect(HOP_STATES.indexOf(worst(states))).toBe(Math.max(...ranks));
        expect(states).toContain(worst(states));
      }),
    );
  });

  test("never gets better by a longer chain", () => {
    fc.assert(
      fc.property(chain, anyState, (states, more) => {
        const before = HOP_STATES.indexOf(worst(states));
        expect(HOP_STATES.indexOf(worst([...states, more]))).toBeGreaterThanOrEqual(before);
      }),
    );
  });

  test.each<[HopState, HopState]>([
    ["active", "suspended"],
    ["suspended", "pending_approval"],
    ["pending_approval", "requested"],
    ["requested", "completed"],
    ["completed", "superseded"],
    ["superseded", "denied"],
    ["denied", "expired"],
    ["expired", "revoked"],
  ])("says that %s is better than %s", (better, worse) => {
    expect(worst([better, worse])).toBe(worse);
    expect(worst([worse, better])).toBe(worse);
  });

  test("refuses an empty chain as chain_empty", () => {
    expect(() => worst([])).toThrow(
      expect.objectContaining({
        code: "chain_empty",
        message: "no hop, no effective state",
      }),
    );
  });

  test.each(["", "ACTIVE", "constructor", "0"])("refuses the unknown state %j", (unknown) => {
    expect(() => worst(["active", unknown as HopState])).toThrow(
      expect.objectContaining({ code: "hop_not_active", message: "unknown state of a hop" }),
    );
  });
});

describe("a final state", () => {
  test.each(HOP_STATES)("is known as such in the table and in the order: %s", (state) => {
    expect(isFinal(state)).toBe(HOP_TABLE.final.includes(state));
    expect(isFinal(state)).toBe(Object.keys(HOP_TABLE.rows[state]).length === 0);
  });

  test("is not asked of a state that nobody knows", () => {
    expect(() => isFinal("gone" as HopState)).toThrow(
      expect.objectContaining({ code: "hop_not_active" }),
    );
  });

  test("the order names exactly the states of the table", () => {
    expect([...HOP_STATES].sort()).toEqual([...HOP_TABLE.states].sort());
  });
});
