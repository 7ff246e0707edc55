/** The drawing of a table. @module */
import { expect, test } from "vitest";
import { toMermaid } from "../../src/lifecycle/mermaid.js";
import { LEASE_TABLE } from "../../src/lifecycle/table.js";
import { PAIRS } from "./machines.js";

test("a lease is drawn with its start, its arrows and its ends", () => {
  expect(toMermaid(LEASE_TABLE)).toBe(
    [
      "stateDiagram-v2",
      "  [*] --> held",
      "  held --> lapsed: lapse",
      "  held --> released: release",
      "  held --> held: renew",
      "  lapsed --> [*]",
      "  released --> [*]",
    ].join("\n"),
  );
});

test.each(PAIRS)(
  "the drawing of the $name holds each row of its table once and nothing else",
  (pair) => {
    const { table } = pair;
    const drawn = toMermaid(table)
      .split("\n")
      .flatMap((line) => {
        const arrow = /^ {2}(\w+) --> (\w+): (.+)$/.exec(line);
        return (arrow?.[3] ?? "")
          .split(", ")
          .filter((event) => event !== "")
          .map((event) => `${arrow?.[1]}>${event}=${arrow?.[2]}`);
      });
    const rows = Object.entries(table.rows).flatMap(([from, row]) =>
      Object.entries(row).map(([event, to]) => `${from}>${event}=${to}`),
    );
    expect(drawn.sort()).toEqual(rows.sort());
  },
);
