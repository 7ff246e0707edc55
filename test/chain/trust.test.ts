/** Whose signatures begin a chain: which keys a header means, and what a change of trust changes. @module */
import { describe, expect, test } from "vitest";
import { TRUSTED_KEYS_MAX } from "../../src/base/limits.js";
import { Trust, type TrustSettings, trustedKeys } from "../../src/chain/trust.js";
import { keyOf, refuses } from "./forge.js";

const [one, two, three] = [keyOf(31), keyOf(32), keyOf(33)];

describe("trust", () => {
  test("takes the algorithms that this package verifies and the default tenant, unless told", () => {
    const plain = new Trust({ keys: [] });
    expect([plain.algs, plain.draftTenant]).toEqual([["EdDSA", "Ed25519", "ES256"], "default"]);
    const told = new Trust({ keys: [], algs: ["ES256"], draftTenant: "acme" });
    expect([told.algs, told.draftTenant]).toEqual([["ES256"], "acme"]);
  });

  test("tries the keys of a header's kid, else those without one, and all for a header without", () => {
    const trust = new Trust({
      keys: [
        { key: one, kid: "a" },
        { key: two, kid: "a" },
        { key: three },
        { key: one, kid: "b" },
      ],
    });
    expect(trust.candidates("a")).toEqual([one, two]);
    expect(trust.candidates("b")).toEqual([one]);
    expect(trust.candidates("c")).toEqual([three]);
    expect(trust.candidates(undefined)).toEqual([one, two, three, one]);
    expect(new Trust({ keys: [{ key: one, kid: "a" }] }).candidates("c")).toEqual([]);
  });

  test("names keys as their set does", () => {
    const keys = new Map([
      ["a", one],
      ["b", two],
    ]);
    expect(trustedKeys(keys)).toEqual([
      { kid: "a", key: one },
      { kid: "b", key: two },
    ]);
  });

  test("takes any issuer and tenant, or those that are named", () => {
    const any = new Trust({ keys: [] });
    expect([any.acceptsIssuer("x"), any.acceptsTenant("x")]).toEqual([true, true]);
    const named = new Trust({ keys: [], issuers: ["i"], tenants: ["t"] });
    expect([named.acceptsIssuer("i"), named.acceptsIssuer("t")]).toEqual([true, false]);
    expect([named.acceptsTenant("t"), named.acceptsTenant("i")]).toEqual([true, false]);
    const none = new Trust({ keys: [], issuers: [], tenants: [] });
    expect([none.acceptsIssuer("i"), none.acceptsTenant("t")]).toEqual([false, false]);
  });

  test("changes as a whole, and counts it", () => {
    const trust = new Trust({ keys: [{ key: one, kid: "a" }], issuers: ["i"] });
    expect(trust.epoch).toBe(0);
    trust.change({ keys: [{ key: two, kid: "b" }], algs: ["ES256"] });
    expect(trust.epoch).toBe(1);
    expect(trust.candidates("a")).toEqual([]);
    expect(trust.candidates("b")).toEqual([two]);
    expect(trust.candidates(undefined)).toEqual([two]);
    expect([trust.algs, trust.acceptsIssuer("x")]).toEqual([["ES256"], true]);
  });

  test("does not follow the caller's lists", () => {
    const lists = { keys: [{ key: one }], algs: ["EdDSA"], issuers: ["i"], tenants: ["t"] };
    const trust = new Trust(lists);
    for (const list of [lists.algs, lists.issuers, lists.tenants]) list.push("late");
    lists.keys.push({ key: two });
    expect([trust.algs, trust.candidates(undefined)]).toEqual([["EdDSA"], [one]]);
    expect([trust.acceptsIssuer("late"), trust.acceptsTenant("late")]).toEqual([false, false]);
  });

  test.each<[string, object, string]>([
    ["a single key", { keys: { key: one } }, "keys"],
    ["too many keys", { keys: Array(TRUSTED_KEYS_MAX + 1).fill({ key: one }) }, "keys"],
    ["one algorithm as text", { keys: [], algs: "EdDSA" }, "algs"],
    ["an issuer that is no text", { keys: [], issuers: ["i", 7] }, "issuers"],
    ["one tenant as text", { keys: [], tenants: "acme" }, "tenants"],
  ])("is not made of %s", (_what, settings, rule) => {
    refuses("config_invalid", () => new Trust(settings as TrustSettings), rule);
  });

  test("holds as many keys as may be", () => {
    const keys = Array(TRUSTED_KEYS_MAX).fill({ key: one });
    expect(new Trust({ keys }).candidates(undefined)).toHaveLength(TRUSTED_KEYS_MAX);
  });
});
