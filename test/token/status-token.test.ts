import { compactVerify } from "jose";
import { describe, expect, test } from "vitest";
import { IAT_SKEW_MS, STATUS_TTL_MS_DEFAULT } from "../../src/base/limits.js";
import { parseJws, readClaims, signJws } from "../../src/token/jws.js";
import { StatusList } from "../../src/token/status-list.js";
import { checkStatuses, mintStatusToken, verifyStatusToken } from "../../src/token/status-token.js";
import { fault, keyOf, NOW, signed, thrownBy } from "./fixtures.js";

const key = keyOf(1);
const uri = "https://status.example.com/lists/1";
const list = StatusList.empty(16, 2);
list.set(1, 1);
list.set(2, 2);
list.set(3, 3);
const draft = { key, list, uri, nowMs: NOW };
const expected = { uri, key, nowMs: NOW };
const token = mintStatusToken({ ...draft, expiresAtMs: NOW + 60_000, ttlSeconds: 30 });

function forge(claims: object, header: object = {}): string {
  const jws = parseJws(token);
  return signed({ ...jws.header, ...header }, { ...readClaims(jws).claims, ...claims }, key);
}

describe("a status list token", () => {
  test("says what its list says, until it is stale", async () => {
    const fresh = verifyStatusToken(token, expected);
    expect(fresh.freshUntil).toBe(NOW + 30_000);
    expect([0, 1, 2, 3].map((index) => fresh.list.get(index))).toEqual([0, 1, 2, 3]);
    const { protectedHeader } = await compactVerify(token, key.key);
    expect(protectedHeader.typ).toBe("statuslist+jwt");
  });

  test.each([
    ["exp", { expiresAtMs: NOW + 10_000, ttlSeconds: 30 }, 10_000],
    ["exp alone", { expiresAtMs: NOW + 10_000 }, 10_000],
    ["ttl alone", { ttlSeconds: 5 }, 5_000],
    ["neither", {}, STATUS_TTL_MS_DEFAULT],
  ])("counts until the first of exp and ttl: %s", (_what, times, fresh) => {
    const text = mintStatusToken({ ...draft, ...times });
    expect(verifyStatusToken(text, expected).freshUntil).toBe(NOW + fresh);
  });

  test.each([
    ["S16 of a token's type", forge({}, { typ: "at+jwt" }), "malformed"],
    ["S16 without a type", forge({}, { typ: undefined }), "malformed"],
    ["of another place", forge({ sub: `${uri}0` }), "status_unknown"],
    ["without a place", forge({ sub: undefined }), "malformed"],
    ["from the future", forge({ iat: (NOW + IAT_SKEW_MS) / 1000 + 1 }), "status_unknown"],
    ["P17 at its exp", forge({ exp: NOW / 1000 }), "status_unknown"],
    ["with a ttl of nothing", forge({ ttl: 0 }), "malformed"],
    ["with three bits", forge({ status_list: { bits: 3, lst: "AA" } }), "malformed"],
    ["without a list", forge({ status_list: undefined }), "malformed"],
    ["S30 with a list that is none", forge({ status_list: { bits: 1, lst: "AA" } }), "malformed"],
    ["S12 by another key", mintStatusToken({ ...draft, key: keyOf(2) }), "signature_invalid"],
    ["S30 that is garbage", "garbage", "malformed"],
  ] as const)("one %s is refused", (_what, text, code) => {
    expect(() => verifyStatusToken(text, expected)).toThrow(fault(code));
  });

  test("may be far larger than a token", () => {
    const large = StatusList.empty(2 ** 20, 1);
    for (let index = 0; index < 2 ** 20; index += 3) large.set(index, (index * 7) % 2);
    for (let index = 0; index < 2 ** 20; index += 97) large.set(index, index % 2);
    const text = mintStatusToken({ ...draft, list: large });
    expect(verifyStatusToken(text, expected).list.get(97)).toBe(1);
    expect(signJws({}, {}, key).length).toBeLessThan(text.length);
  });
});

describe("checkStatuses", () => {
  const fresh = verifyStatusToken(token, expected);
  const lists = (wanted: string) => (wanted === uri ? fresh : undefined);

  test("passes tokens that refer to nothing, and those that are VALID", () => {
    checkStatuses([], lists, NOW);
    checkStatuses([{ uri, index: 0 }], lists, NOW + 29_999);
  });

  test.each([
    ["INVALID", { uri, index: 1 }, 0, "delegation_revoked"],
    ["SUSPENDED", { uri, index: 2 }, 0, "delegation_suspended"],
    ["a status without a meaning", { uri, index: 3 }, 0, "delegation_revoked"],
    ["an index beyond the list", { uri, index: 16 }, 0, "status_unknown"],
    ["an index that is none", { uri, index: -1 }, 0, "status_unknown"],
    ["a list that is not at hand", { uri: `${uri}0`, index: 0 }, 0, "status_unknown"],
    ["P17 a list that has just become stale", { uri, index: 0 }, 30_000, "status_unknown"],
    ["P16 a clock that shows nothing", { uri, index: 0 }, Number.NaN, "status_unknown"],
  ] as const)("denies %s", (_what, reference, later, code) => {
    const good = { uri, index: 0 };
    const references = later === 0 ? [good, reference] : [reference];
    expect(() => checkStatuses(references, lists, NOW + later)).toThrow(fault(code));
  });

  test("denies a list that is handed out under another name", () => {
    const { code } = thrownBy(() => checkStatuses([{ uri: "other", index: 0 }], () => fresh, NOW));
    expect(code).toBe("status_unknown");
  });
});
