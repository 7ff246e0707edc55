/** What a child may try in order to hold more than its parent. @module */
import { describe, expect, test } from "vitest";
import { attenuate, escapesOf } from "../../src/grant/attenuate.js";
import { evaluate } from "../../src/grant/evaluate.js";
import type { Constraint } from "../../src/wire/constraint.js";
import { parseGrant } from "../../src/wire/grant.js";
import { call, expectEscapes, expectRefusal, grant, NOW, reading } from "./grants.js";

type Pair = readonly [why: string, parent: Constraint, child: Constraint];

const PLACE = ["tools.files.read.path"];

/** Both readings of a table: refused as a child, at minting and at verification, which are one function. */
function refuses(pairs: readonly Pair[]): void {
  for (const [why, parent, child] of pairs) {
    expect([why, escapesOf(reading(parent), reading(child))]).toEqual([why, PLACE]);
    expectEscapes(reading(parent), reading(child), PLACE);
  }
}

const range = (bounds: object): Constraint => ({ constraint_type: "range", ...bounds });
const pattern = (value: string, separator?: string): Constraint => ({
  constraint_type: "pattern",
  value,
  ...(separator === undefined ? {} : { separator }),
});
const path = (under: string): Constraint => ({ constraint_type: "path", under });
const cidr = (network: string): Constraint => ({ constraint_type: "cidr", network });
const exact = (value: string): Constraint => ({ constraint_type: "exact", value });
const oneOf = (...values: string[]): Constraint => ({ constraint_type: "one_of", values });
const notOneOf = (...excluded: string[]): Constraint => ({
  constraint_type: "not_one_of",
  excluded,
});
const contains = (...required: string[]): Constraint => ({ constraint_type: "contains", required });
const subset = (...allowed: string[]): Constraint => ({ constraint_type: "subset", allowed });
const all = (...constraints: Constraint[]): Constraint => ({ constraint_type: "all", constraints });
const any = (...constraints: Constraint[]): Constraint => ({ constraint_type: "any", constraints });
const host = (rest: object): Constraint => ({
  constraint_type: "host",
  hosts: ["a.example"],
  ...rest,
});

describe("tools and arguments", () => {
  test("A01 refuses a tool that the parent lacks", () => {
    const parent = grant({ tools: { read: {} } });
    expectEscapes(parent, grant({ tools: { read: {}, write: {} } }), ["tools.write"]);
  });

  test("A01 takes no tool from the prototype of things", () => {
    const parent = grant({ tools: { read: {} } });
    const child = grant({ tools: { constructor: {}, toString: {}, hasOwnProperty: {} } });
    expectEscapes(parent, child, ["tools.constructor", "tools.hasOwnProperty", "tools.toString"]);
  });

  test("A04 refuses a dropped and an added argument of a closed tool", () => {
    const parent = grant({ tools: { pay: { to: exact("a"), amount: range({ max: 5 }) } } });
    const dropped = grant({ tools: { pay: { to: exact("a") } } });
    expectEscapes(parent, dropped, ["tools.pay.amount"]);
    const added = grant({
      tools: { pay: { to: exact("a"), amount: range({ max: 5 }), mode: exact("x") } },
    });
    expectEscapes(parent, added, ["tools.pay.mode"]);
  });

  test("A05 lets an open tool be closed and refuses the way back", () => {
    const open = grant({ tools: { read: {} } });
    const closed = grant({ tools: { read: { path: path("/data") } } });
    expect(attenuate(open, closed).tools).toEqual(closed.tools);
    expectEscapes(closed, open, ["tools.read.path"]);
  });

  test("names all escapes, not the first", () => {
    const parent = grant({ tools: { read: { path: path("/data") } }, limits: { calls: 1 } });
    const child = grant({
      tools: { read: { path: path("/") }, write: {} },
      scopes: ["crm.read"],
      limits: { calls: 2 },
      expiresAt: NOW / 1_000 + 601,
    });
    expectEscapes(parent, child, [
      "tools.read.path",
      "tools.write",
      "scopes.crm.read",
      "limits.calls",
      "expiresAt",
    ]);
  });
});

test("a refusal names thirty-two places at most, and counts the rest", () => {
  const tools = (count: number) =>
    grant({ tools: Object.fromEntries(Array.from({ length: count }, (_, i) => [`t${i}`, {}])) });
  const message = (count: number): string => {
    try {
      attenuate(grant({}), tools(count));
      return "accepted";
    } catch (error) {
      return error instanceof Error ? error.message : "not an error";
    }
  };
  expect(message(1)).toBe("child exceeds parent in: tools.t0");
  expect(message(32)).toMatch(/^child exceeds parent in: (tools\.t\d+, ){31}tools\.t\d+$/);
  expect(message(34)).toMatch(/in: (tools\.t\d+, ){31}tools\.t\d+ and 2 more$/);
});

describe("constraints", () => {
  test("A02 refuses a pattern that matches more", () => {
    refuses([
      ["star for a beginning", pattern("allowed*"), pattern("*")],
      ["star for an end", pattern("*-safe"), pattern("*")],
      ["the star moved", pattern("a*"), pattern("*a")],
      ["many for one segment", pattern("/data/*"), pattern("/data/**")],
      ["another separator", pattern("a*"), pattern("a*", ".")],
      ["a wildcard for a pattern", pattern("a*"), { constraint_type: "wildcard" }],
    ]);
  });

  test("A06 refuses bounds that move out, open, or go", () => {
    refuses([
      ["higher", range({ max: 100 }), range({ max: 1_000 })],
      ["lower", range({ min: 1 }), range({ min: 0 })],
      ["opened above", range({ max: 5, max_inclusive: false }), range({ max: 5 })],
      ["opened below", range({ min: 5, min_inclusive: false }), range({ min: 5 })],
      ["gone above", range({ min: 1, max: 5 }), range({ min: 1 })],
      ["gone below", range({ min: 1, max: 5 }), range({ max: 5 })],
    ]);
  });

  test("A07 refuses another exact value", () => refuses([["", exact("a"), exact("b")]]));

  test("A09 refuses exclusions under a list", () =>
    refuses([["", oneOf("read", "write"), notOneOf("write")]]));

  test("A10 refuses fewer exclusions", () => refuses([["", notOneOf("a", "b"), notOneOf("a")]]));

  test("A11 compares long lists like short ones", () => {
    const many = Array.from("abcdefghi");
    refuses([["one more than many", subset(...many), subset("a", "z")]]);
    expect(escapesOf(reading(subset(...many)), reading(subset("i", "a")))).toEqual([]);
  });

  test("A11 refuses fewer required, more allowed, and one for the other", () => {
    refuses([
      ["fewer required", contains("a", "b"), contains("a")],
      ["more allowed", subset("a"), subset("a", "b")],
      ["contains for subset", subset("a"), contains("a")],
      ["subset for contains", contains("a"), subset("a")],
    ]);
  });

  test("A12 refuses a dropped clause, and one clause in place of two", () => {
    const low = range({ max: 5 });
    const high = range({ min: 1 });
    const both = range({ min: 1, max: 5 });
    refuses([
      ["dropped", all(low, high), all(low)],
      ["one for two", all(low, high), all(both)],
      ["one for two, and another", all(low, range({ max: 6 })), all(low, high)],
      ["a new alternative", any(low), any(low, range({ max: 9 }))],
    ]);
    expect(escapesOf(reading(all(low, high)), reading(all(both, low)))).toEqual([]);
    expect(escapesOf(reading(all(low, high)), reading(all(low, both)))).toEqual([]);
  });

  test("A17 refuses a constraint of another type", () =>
    refuses([
      ["pattern to range", pattern("a*"), range({ max: 1 })],
      ["path to prefix", path("/data"), { constraint_type: "prefix", value: "/data/" }],
    ]));

  test("A19 refuses a larger network, another family, and mapped addresses that get out", () => {
    refuses([
      ["larger", cidr("10.1.0.0/16"), cidr("10.0.0.0/8")],
      ["other family", cidr("10.0.0.0/8"), cidr("::/0")],
      ["mapped, larger", cidr("10.1.0.0/16"), cidr("::ffff:10.0.0.0/104")],
      ["all of IPv6 around the mapped", cidr("::ffff:0:0/96"), cidr("::/0")],
    ]);
    const mapped = reading(cidr("::ffff:10.1.0.0/112"));
    expect(escapesOf(reading(cidr("10.0.0.0/8")), mapped)).toEqual([]);
  });

  test("A20 A25 refuses a path above, beside, or that only looks like one below", () => {
    refuses([
      ["above", path("/data"), path("/")],
      ["beside", path("/data"), path("/etc")],
      ["look-alike", path("/data"), path("/database")],
      ["look-alike", path("/store"), path("/storehouse")],
    ]);
  });

  test("A21 refuses a path that differs in case", () =>
    refuses([["", path("/data"), path("/Data/a")]]));

  test("A22 refuses another host, scheme or port, and a dropped list", () => {
    refuses([
      ["a host more", host({}), host({ hosts: ["a.example", "b.example"] })],
      ["the whole domain", host({}), host({ hosts: ["*.example"] })],
      ["a scheme more", host({ schemes: ["https"] }), host({ schemes: ["https", "http"] })],
      ["a web socket more", host({ schemes: ["wss"] }), host({ schemes: ["wss", "ws"] })],
      ["a port more", host({ ports: [443] }), host({ ports: [443, 22] })],
      ["no more schemes", host({ schemes: ["http"] }), host({})],
      ["no more ports", host({ ports: [8443] }), host({})],
    ]);
  });
});

describe("scopes, times and places", () => {
  const scoped = (...scopes: string[]) => grant({ scopes });

  test("A25 refuses scopes that share only their first letters", () => {
    expectEscapes(scoped("crm.read"), scoped("crm.readsecrets"), ["scopes.crm.readsecrets"]);
    expectEscapes(scoped("crm.*"), scoped("crmx.read"), ["scopes.crmx.read"]);
  });

  test("A26 keeps a wildcard that both hold", () => {
    expect(attenuate(scoped("crm.*"), scoped("crm.*")).scopes).toEqual(["crm.*"]);
  });

  test("A27 refuses a wildcard under a specific scope", () => {
    expectEscapes(scoped("tool.search"), scoped("tool.*"), ["scopes.tool.*"]);
  });

  test("A29 refuses a life of a thousand years", () => {
    const expiresAt = NOW / 1_000 + 1_000 * 365 * 86_400;
    expectRefusal(
      () => parseGrant({ scopes: [], expiresAt }, { now: NOW }),
      "lifetime_invalid",
      "expiresAt",
    );
  });

  test("A30 refuses a child that outlives its parent", () => {
    const parent = grant({ expiresAt: NOW / 1_000 + 10 });
    expectEscapes(parent, grant({ expiresAt: NOW / 1_000 + 11 }), ["expiresAt"]);
  });

  test("A31 refuses a call outside any hop's time window", () => {
    const window = (from: string, until: string): Constraint => ({
      constraint_type: "time_window",
      from,
      until,
    });
    const parent = reading(window("2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"));
    const child = reading(window("2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z"));
    expectEscapes(parent, child, PLACE);
    // Even a child that got through would be held by its parent's window.
    expect(evaluate([parent, child], call("files.read", { path: "2026-01-01T12:00:00Z" }))).toEqual(
      {
        code: "argument_refused",
        index: 0,
        rule: "files.read.path",
      },
    );
  });

  test("refuses an audience more, and hands down the parent's when none is stated", () => {
    const at = (...audience: string[]) => grant({ audience });
    expectEscapes(at("https://a.example"), at("https://a.example", "https://b.example"), [
      "audience",
    ]);
    expect(
      escapesOf(at("https://a.example", "https://b.example"), at("https://b.example")),
    ).toEqual([]);
    expect(attenuate(at("https://a.example"), at()).audience).toEqual(["https://a.example"]);
    expect(attenuate(at(), at("https://a.example")).audience).toEqual(["https://a.example"]);
  });
});
