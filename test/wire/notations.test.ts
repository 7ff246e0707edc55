/** The notations inside constraints: addresses, instants, hosts, paths, globs, scopes. @module */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isSeparator, parseGlob } from "../../src/wire/glob.js";
import { isHost, isHostPattern, parseTarget } from "../../src/wire/host.js";
import { parseInstant } from "../../src/wire/instant.js";
import { inNetwork, parseAddress, parseNetwork } from "../../src/wire/ip.js";
import { isNormalPath, isWithin } from "../../src/wire/path.js";
import { classifyScope, parseScopeClaim, toScopeClaim } from "../../src/wire/scope.js";

describe("an address", () => {
  test.each([
    ["10.0.0.1", [2560, 1]],
    ["255.255.255.255", [65535, 65535]],
    ["::", [0, 0, 0, 0, 0, 0, 0, 0]],
    ["1::", [1, 0, 0, 0, 0, 0, 0, 0]],
    ["::1", [0, 0, 0, 0, 0, 0, 0, 1]],
    ["1:2:3:4:5:6:7::", [1, 2, 3, 4, 5, 6, 7, 0]],
    ["64:ff9b::10.0.0.1", [0x64, 0xff9b, 0, 0, 0, 0, 2560, 1]],
    ["::ffff:10.0.0.1", [2560, 1]],
  ])("%s is read", (text, groups) => {
    expect(parseAddress(text)).toEqual(groups);
  });

  test.each([
    ...[
      "",
      "1",
      "1.2.3",
      "1.2.3.4.5",
      "01.2.3.4",
      "1.2.3.256",
      "0x1.2.3.4",
      "1.2.3.4 ",
      " 1.2.3.4",
    ],
    ...[":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", "g::", "::1%lo"],
    ...["1:2:3:4:5:6:7::8", "::1.2.3", "1.2.3.4::", "[::1]", "1.2.3.4:80", "::ffff:01.2.3.4"],
    ...["1.2.3.4\n", "\uff11.2.3.4", `::${"0".repeat(60)}1`],
  ])("%j is refused", (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  test("lies in every network that keeps its leading bits", () => {
    const ipv4 = fc.ipV4();
    fc.assert(
      fc.property(ipv4, fc.integer({ min: 0, max: 32 }), ipv4, (base, bits, other) => {
        const number = (ip: string) =>
          ip.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
        const block = 2 ** (32 - bits);
        const start = Math.floor(number(base) / block) * block;
        const dotted = [24, 16, 8, 0]
          .map((shift) => Math.floor(start / 2 ** shift) % 256)
          .join(".");
        const network = parseNetwork(`${dotted}/${bits}`);
        const address = parseAddress(other);
        if (network === undefined || address === undefined) throw new Error("not read");
        const inside = number(other) >= start && number(other) < start + block;
        expect(inNetwork(address, network)).toBe(inside);
      }),
    );
  });

  test.each([
    "10.0.0.0",
    "10.0.0.0/",
    "10.0.0.0/08",
    "10.0.0.0/-1",
    "10.0.0.0/33",
    "::/129",
    "10.0.0.1/24",
    "/8",
  ])("the network %j is refused", (text) => {
    expect(parseNetwork(text)).toBeUndefined();
  });
});

describe("an instant", () => {
  test.each([
    ["1970-01-01T00:00:00Z", 0],
    ["1970-01-01T00:00:00.000001Z", 1],
    ["1970-01-01T01:00:00+01:00", 0],
    ["1969-12-31T23:00:00-01:00", 0],
    ["2024-02-29T00:00:00Z", Date.UTC(2024, 1, 29) * 1_000],
    ["0001-01-01T00:00:00Z", Date.parse("0001-01-01T00:00:00Z") * 1_000],
  ])("%s is read", (text, microseconds) => {
    // Before 1684 a microsecond is beyond exact integers.
    expect(parseInstant(text)).toBe(Number.isSafeInteger(microseconds) ? microseconds : undefined);
  });

  test.each([
    ...[
      "2026-01-01",
      "2026-01-01T00:00Z",
      "2026-01-01t00:00:00Z",
      "2026-01-01T00:00:00z",
      "2026-01-01T00:00:00",
    ],
    ...[
      "2026-13-01T00:00:00Z",
      "2026-00-01T00:00:00Z",
      "2026-02-30T00:00:00Z",
      "2025-02-29T00:00:00Z",
    ],
    ...[
      "2026-01-01T24:00:00Z",
      "2026-01-01T00:60:00Z",
      "2026-01-01T00:00:60Z",
      "2026-01-01T00:00:00+24:00",
    ],
    ...[
      "2026-01-01T00:00:00.Z",
      "2026-01-01T00:00:00.1234567Z",
      "+002026-01-01T00:00:00Z",
      "9999-12-31T23:59:59Z",
    ],
  ])("%j is refused", (text) => {
    expect(parseInstant(text)).toBeUndefined();
  });
});

describe("a host", () => {
  test.each(["localhost", "a.example", "xn--80ak6aa92e.com", "10.0.0.1", "a-b.c", "1a.example"])(
    "%s is one",
    (text) => {
      expect([isHost(text), isHostPattern(text)]).toEqual([true, true]);
    },
  );

  test.each([
    "",
    ".",
    "a.",
    ".a",
    "a..b",
    "-a.b",
    "a-.b",
    "A.b",
    "a_b.c",
    "a.1",
    "a.0x1",
    "1.2.3",
    "a b",
    "é.com",
    "a".repeat(64),
  ])("%j is none", (text) => {
    expect(isHost(text)).toBe(false);
  });

  test.each([
    ["*.example.com", true],
    ["*.com", true],
    ["*", false],
    ["*.", false],
    ["*.*.com", false],
    ["*.10.0.0.1", false],
    ["*example.com", false],
  ])("the pattern %j is one: %s", (text, valid) => {
    expect(isHostPattern(text)).toBe(valid);
  });

  test("is what the platform's URL parser reads, whenever it is read at all", () => {
    const part = fc.constantFrom(
      "https://",
      "http://",
      "a",
      "example",
      ".",
      ":",
      "/",
      "@",
      "\\",
      "#",
      "?",
      "%2e",
      "0x7f",
      "1",
      "[::1]",
      "é",
      "443",
      "0",
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const text = parts.join("");
        const target = parseTarget(text);
        if (target?.scheme === undefined) return;
        const url = new URL(text);
        expect([url.hostname, url.protocol, url.username]).toEqual([
          target.host,
          `${target.scheme}:`,
          "",
        ]);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe("a path", () => {
  test("is in normal form only if nothing in it moves or hides", () => {
    const part = fc.constantFrom(
      "/",
      "/",
      "a",
      ".",
      "..",
      "%2e",
      "\\",
      "\0",
      "é",
      "e\u0301",
      "\uff0f",
      "\u2025",
      "b c",
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const text = parts.join("");
        if (!isNormalPath(text)) return;
        expect(new URL(text, "file:///x/y").pathname).toBe(encodeURI(text));
        expect(text.normalize("NFKC").split("/")).not.toContain("..");
      }),
      { numRuns: 5_000 },
    );
  });

  test.each([
    ["/data/a", "/data", true],
    ["/data", "/data", true],
    ["/database", "/data", false],
    ["/dat", "/data", false],
    ["/anything", "/", true],
  ])("%s is within %s: %s", (path, root, within) => {
    expect(isWithin(path, root)).toBe(within);
  });
});

describe("a glob", () => {
  test("is read token by token", () => {
    expect(parseGlob("a*?**\\*")?.map((token) => token.kind)).toEqual([
      "literal",
      "segment",
      "one",
      "many",
      "literal",
    ]);
    expect(parseGlob("")).toEqual([]);
    expect(parseGlob("\u{1f600}")?.length).toBe(1);
  });

  test.each(["***", "a\\", "\\a", "a".repeat(257)])("%j is refused", (text) => {
    expect(parseGlob(text)).toBeUndefined();
  });

  test.each([
    ["/", true],
    [".", true],
    ["\u{1f600}", true],
    ["", false],
    ["ab", false],
    ["*", false],
    ["?", false],
    ["\\", false],
  ])("%j separates segments: %s", (text, valid) => {
    expect(isSeparator(text)).toBe(valid);
  });
});

describe("a scope", () => {
  test.each([
    ["crm.read", "literal"],
    ["a.b.c_d-e", "literal"],
    ["crm.*", "wildcard"],
    ["a.b.*", "wildcard"],
    ["User.Read", "opaque"],
    ["openid", "opaque"],
    ["https://x/y", "opaque"],
    ["*", undefined],
    ["crm.re*", undefined],
    ["crm.*.read", undefined],
    ["User.*", undefined],
    ["crm.read\n", undefined],
    ["a b", undefined],
    ['a"b', undefined],
    ["a\\b", undefined],
    ["é", undefined],
    ["", undefined],
    ["a".repeat(257), undefined],
  ])("%j is %s", (text, kind) => {
    expect(classifyScope(text)).toBe(kind);
  });

  test("travels in a claim, parted by single spaces", () => {
    expect(parseScopeClaim(toScopeClaim(["crm.*", "User.Read"]))).toEqual(["crm.*", "User.Read"]);
    expect(parseScopeClaim("")).toEqual([]);
    for (const text of [" crm.read", "crm.read ", "a  b", "crm.re*", "a\tb"]) {
      expect(() => parseScopeClaim(text)).toThrow(
        expect.objectContaining({ code: "malformed", rule: "scope" }),
      );
    }
  });
});
