/** The tables against the machines, cell by cell, and what a table refuses. @module */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { transition } from "xstate";
import type { HopEvent, HopState } from "../../src/lifecycle/state.js";
import {
  encodeTable,
  FEED_TABLE,
  HOP_TABLE,
  next,
  permits,
  type Table,
} from "../../src/lifecycle/table.js";
import { CELLS, PAIRS } from "./machines.js";

/** Every state that some sequence of events leads to from `from`, itself included. */
function reachable(table: Table<string, string>, from: string): Set<string> {
  const found = new Set([from]);
  for (const state of found)
    for (const to of Object.values(table.rows[state] ?? {})) {
      if (to !== undefined) found.add(to);
    }
  return found;
}

/** Every path from `path`'s end that visits no state twice, as lists of events. */
function simplePaths(
  table: Table<string, string>,
  seen: string[],
  events: string[] = [],
): string[][] {
  const here = seen.at(-1) ?? "";
  const onward = Object.entries(table.rows[here] ?? {}).flatMap(([event, to]) =>
    to === undefined || seen.includes(to)
      ? []
      : simplePaths(table, [...seen, to], [...events, event]),
  );
  return [events, ...onward];
}

describe("R31 every cell", () => {
  test.each(CELLS)("agrees with the machine: $name $state > $event", (cell) => {
    const { machine, table, state, event } = cell;
    const before = machine.resolveState({ value: state, context: {} });
    const [after] = transition(machine, before, { type: event });
    if (permits(table, state, event)) {
      expect(before.can({ type: event })).toBe(true);
      expect(after.value).toBe(next(table, state, event));
      return;
    }
    expect(before.can({ type: event })).toBe(false);
    expect(after.value).toBe(state);
    expect(() => next(table, state, event)).toThrow(
      expect.objectContaining({
        code: "illegal_transition",
        message: `the ${table.name} does not permit this event`,
        rule: `${state}>${event}`,
      }),
    );
  });

  test.each(PAIRS)("of the $name: some permit and some refuse", ({ name, table }) => {
    const cells = CELLS.filter((cell) => cell.name === name);
    const legal = cells.filter(({ state, event }) => permits(table, state, event));
    expect(legal.length).toBeGreaterThan(2);
    expect(legal.length).toBeLessThan(cells.length);
  });
});

describe("R31 a name that no table knows", () => {
  test.each([
    ["active", "constructor", "active>constructor"],
    ["active", "__proto__", "active>__proto__"],
    ["active", "toString", "active>toString"],
    ["active", "hasOwnProperty", "active>hasOwnProperty"],
    ["constructor", "name", "constructor>name"],
    ["__proto__", "constructor", "__proto__>constructor"],
    ["gone", "use", "gone>use"],
    ["active", "", "active>?"],
    ["ACTIVE", "use", "ACTIVE>use"],
    ["active", "Use", "active>Use"],
    ["active ", "use", "?>use"],
    ["active", "eyJhbGciOiJub25lIn0.e30.", "active>?"],
    ["a".repeat(33), "use", "?>use"],
    ["a".repeat(32), "use", `${"a".repeat(32)}>use`],
  ])("is refused: %j on %j", (state, event, rule) => {
    expect(permits(HOP_TABLE, state as HopState, event as HopEvent)).toBe(false);
    expect(() => next(HOP_TABLE, state as HopState, event as HopEvent)).toThrow(
      expect.objectContaining({ code: "illegal_transition", rule }),
    );
  });
});

describe("the life of a hop", () => {
  test("R21 every final state is absorbing: it permits no event at all", () => {
    expect(HOP_TABLE.final).toHaveLength(5);
    for (const { table } of PAIRS) {
      for (const state of table.final) {
        expect(Object.keys(table.rows[state] ?? {})).toEqual([]);
        expect([...reachable(table, state)]).toEqual([state]);
      }
    }
  });

  test("is revoked or expired from every state that is not final, in one step", () => {
    const open = HOP_TABLE.states.filter((state) => !HOP_TABLE.final.includes(state));
    expect(open).toEqual(["requested", "pending_approval", "active", "suspended"]);
    for (const state of open) {
      expect(next(HOP_TABLE, state, "revoke")).toBe("revoked");
      expect(next(HOP_TABLE, state, "expire")).toBe("expired");
    }
  });

  test.each(["use", "delegate", "renew"] as const)("permits %s on an active hop alone", (event) => {
    const permitting = HOP_TABLE.states.filter((state) => permits(HOP_TABLE, state, event));
    expect(permitting).toEqual(["active"]);
    expect(next(HOP_TABLE, "active", event)).toBe("active");
  });

  test("H07 an approval after the end does not bring a hop to life", () => {
    for (const state of HOP_TABLE.final) {
      expect(() => next(HOP_TABLE, state, "approve")).toThrow(
        expect.objectContaining({ code: "illegal_transition", rule: `${state}>approve` }),
      );
    }
  });

  test("a suspended hop can end or resume, and cannot be narrowed", () => {
    expect(HOP_TABLE.rows.suspended).toEqual({
      suspend: "suspended",
      lift: "suspended",
      resume: "active",
      complete: "completed",
      revoke: "revoked",
      expire: "expired",
    });
  });

  test("becomes active only by activate, approve or resume", () => {
    const ways = HOP_TABLE.states.flatMap((state) =>
      Object.entries(HOP_TABLE.rows[state])
        .filter(([, to]) => to === "active" && state !== "active")
        .map(([event]) => `${state}>${event}`),
    );
    expect(ways.sort()).toEqual([
      "pending_approval>approve",
      "requested>activate",
      "suspended>resume",
    ]);
  });
});

describe("the life of a feed", () => {
  test("R17 becomes live only by a heartbeat on a copy that was completed", () => {
    const ways = FEED_TABLE.states.flatMap((state) =>
      Object.entries(FEED_TABLE.rows[state])
        .filter(([, to]) => to === "live" && state !== "live")
        .map(([event]) => `${state}>${event}`),
    );
    expect(ways.sort()).toEqual(["blind>heartbeat", "stale>heartbeat"]);
  });

  test.each(["connecting", "syncing"] as const)(
    "is lifted out of %s by no number of heartbeats",
    (state) => {
      expect(next(FEED_TABLE, state, "heartbeat")).toBe(state);
      expect(next(FEED_TABLE, state, "late_heartbeat")).toBe(state);
    },
  );

  test("leaves live, stale and blind on every sign that the copy may lack a cut", () => {
    for (const state of ["live", "stale", "blind"] as const) {
      expect(next(FEED_TABLE, state, "gap")).toBe("syncing");
      expect(next(FEED_TABLE, state, "regress")).toBe("syncing");
      expect(next(FEED_TABLE, state, "connected")).toBe("syncing");
      expect(next(FEED_TABLE, state, "disconnected")).toBe("connecting");
    }
  });
});

describe("every table", () => {
  test.each(PAIRS)(
    "of the $name reaches each of its states from the first",
    ({ table, machine }) => {
      expect(reachable(table, table.initial)).toEqual(new Set(table.states));
      const ends = new Set<string>();
      for (const events of simplePaths(table, [table.initial])) {
        let snapshot = machine.resolveState({ value: table.initial, context: {} });
        let state = table.initial;
        for (const type of events) {
          [snapshot] = transition(machine, snapshot, { type });
          state = next(table, state, type);
          expect(snapshot.value).toBe(state);
        }
        expect(snapshot.status).toBe(table.final.includes(state) ? "done" : "active");
        ends.add(state);
      }
      expect(ends).toEqual(new Set(table.states));
    },
  );

  test.each(PAIRS)("of the $name can be encoded, and read back by a plain search", ({ table }) => {
    const text = encodeTable(table);
    expect(text).toMatch(/^(;[a-z_]+>[a-z_]+=[a-z_]+)+;$/);
    expect(table.digest).toBe(createHash("sha256").update(text).digest("hex"));
    for (const state of table.states) {
      for (const event of table.events) {
        const key = `;${state}>${event}=`;
        const at = text.indexOf(key);
        const to = at < 0 ? undefined : text.slice(at + key.length, text.indexOf(";", at + 1));
        expect(to).toBe(table.rows[state]?.[event]);
      }
    }
  });

  test.each(PAIRS)("of the $name cannot be written to", ({ table }) => {
    for (const part of [table, table.states, table.events, table.final, table.rows]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
    for (const row of Object.values(table.rows)) expect(Object.isFrozen(row)).toBe(true);
  });

  test("encodes the lease like this", () => {
    const lease = PAIRS.find(({ name }) => name === "lease");
    expect(lease && encodeTable(lease.table)).toBe(
      ";held>lapse=lapsed;held>release=released;held>renew=held;",
    );
  });

  test("is loaded without xstate", () => {
    const seen = new Set<string>();
    const visit = (url: URL): void => {
      if (seen.has(url.href)) return;
      seen.add(url.href);
      const source = readFileSync(url, "utf8");
      for (const [, specifier] of source.matchAll(/(?:from|import)\s*\(?"([^"]+)"/g)) {
        expect(specifier).toMatch(/^(\.|node:)/);
        if (specifier?.startsWith(".")) visit(new URL(specifier.replace(/\.js$/, ".ts"), url));
      }
    };
    for (const file of ["table", "state", "mermaid"]) {
      visit(new URL(`../../src/lifecycle/${file}.ts`, import.meta.url));
    }
    expect(seen.size).toBeGreaterThanOrEqual(5);
    expect([...seen].some((href) => href.endsWith("-machine.ts"))).toBe(false);
  });
});
