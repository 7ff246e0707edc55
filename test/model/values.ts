/** A small universe of argument values: ordinary ones, and those that attackers try. @module */
import type { Json } from "../../src/base/json-value.js";
import type { Scalar } from "../../src/wire/constraint.js";

export const SCALARS: readonly Scalar[] = ["a", "1", 1, true, null];
export const PATHS = ["/", "/data", "/data/a", "/data/a/b", "/database", "/etc", "/Data"];

/** All text over three letters, one of them the separator, up to four characters. */
const TEXTS = textsOver(["a", "b", "/"], 4);
export const VALUES: readonly Json[] = [
  ...[
    ...SCALARS,
    "b",
    false,
    0,
    -1,
    0.5,
    1.5,
    2,
    3,
    -0,
    "",
    "A",
    "\u{1f600}",
    "\u{1f600}\u{1f600}",
  ],
  ...subsetsOf<Json>([...SCALARS.slice(0, 4), "z"]),
  ...[[["a"]], {}, { a: 1 }, [1, 1], ["a", "a", "a"]],
  ...TEXTS,
  ...["*", "aaa", "aab", "a/b/b", "a/a/b/b", "ab", "aba"],
  ...PATHS,
  ...["/data/", "/data/../etc", "/data/./a", "//data", "/data//a", "/data\\a", "/data/%2e%2e/etc"],
  ...[
    "/data/%252e",
    "/data/\0",
    "data/a",
    "/data/..",
    "/data/．．/etc",
    "/data／a",
    "/data/é",
    "/etc/x",
  ],
  ...["/data/e\u0301", "/data/a\n", "/data/a/b/c", "/database/a", "/data/a/bc", "/Data/a", "/x"],
  ...[
    "10.0.0.0",
    "10.0.0.1",
    "10.0.0.2",
    "10.0.0.3",
    "10.0.0.4",
    "10.9.9.9",
    "11.0.0.1",
    "1.2.3.4",
  ],
  ...[
    "010.0.0.1",
    "10.0.1",
    "0x0a000001",
    "167772161",
    "10.0.0.1 ",
    "10.0.0.256",
    "::",
    "::1",
    "::2",
  ],
  ...[
    "::ffff:10.0.0.1",
    "::ffff:a00:1",
    "::ffff:10.0.0.2",
    "2001:db8::",
    "2001:db8::1",
    "2001:DB8::2",
  ],
  ...["2001:db8:0:0:0:0:0:1", "2001:db9::1", "fe80::1%eth0", "::10.0.0.1", "1:2:3:4:5:6:7", ":::1"],
  ...[
    "::fffe:a00:1",
    "example.com",
    "a.example.com",
    "b.example.com",
    "x.a.example.com",
    "example.org",
  ],
  ...["badexample.com", "EXAMPLE.com", "example.com.", "examplе.com", "xn--exampl-gva.com"],
  ...[
    "example.com:443",
    "example.com:8443",
    "a.example.com:443",
    "a.example.com:8443",
    "example.com:80",
  ],
  ...[
    "https://example.com",
    "https://example.com/",
    "https://a.example.com",
    "https://a.example.com/x?y#z",
  ],
  ...[
    "https://x.a.example.com",
    "https://a.example.com:443/",
    "https://a.example.com:8443",
    "http://a.example.com",
  ],
  ...[
    "http://a.example.com:443",
    "https://a.example.com:80",
    "wss://a.example.com",
    "ws://a.example.com",
  ],
  ...[
    "wss://example.com",
    "http://example.com",
    "https://example.com:8443/",
    "https://example.org/",
    "http://example.org",
  ],
  ...[
    "https://b.example.com",
    "http://b.example.com",
    "wss://b.example.com",
    "b.example.com:8443",
    "b.example.com:443",
  ],
  ...[
    "https://b.example.com:8443",
    "http://x.a.example.com",
    "wss://x.a.example.com",
    "x.a.example.com:8443",
  ],
  ...[
    "x.a.example.com:443",
    "https://x.a.example.com:8443",
    "http://10.0.0.1",
    "https://10.0.0.1",
    "wss://10.0.0.1",
  ],
  ...[
    "10.0.0.1:443",
    "10.0.0.1:8443",
    "https://10.0.0.1:8443",
    "wss://example.org",
    "example.org:443",
    "example.org:8443",
  ],
  ...[
    "https://example.org:8443",
    "http://a.example.com:80",
    "https://b.example.com:80",
    "http://b.example.com:443",
  ],
  ...[
    "http://example.com:443",
    "https://example.com:80",
    "http://10.0.0.1:443",
    "http://x.a.example.com:443",
  ],
  ...[
    "http://example.org:443",
    "https://example.com@evil.org",
    "https://user@example.com",
    "https://example.com\\.evil.org",
  ],
  ...[
    "https://167772161",
    "https://0x0a000001",
    "https://012.0.0.1",
    "https://10.1",
    "https://[::ffff:10.0.0.1]",
  ],
  ...[
    "https://EXAMPLE.com",
    "HTTPS://example.com",
    "https://example.com:0443",
    "https://example.com:0",
    "//example.com",
  ],
  ...[
    "https://evil.org#example.com",
    "https://evil.org?example.com",
    "https:example.com",
    "ftp://example.com",
    "https://",
  ],
  ...[
    "2026-01-01T00:00:00Z",
    "2025-12-31T23:59:59Z",
    "2026-01-01T00:00:00.000001Z",
    "2026-01-01T00:00:00.0000001Z",
  ],
  ...[
    "2026-01-01T01:00:00+01:00",
    "2026-01-01T00:30:00Z",
    "2026-01-01T01:00:00Z",
    "2026-01-01T01:00:00.000001Z",
  ],
  ...[
    "2026-01-01T00:00:00.000002Z",
    "2026-01-01t00:00:00z",
    "2026-01-01 00:00:00Z",
    "2026-02-30T00:00:00Z",
    "2026-01-01",
  ],
  ...[
    "2026-01-01T24:00:00Z",
    "2026-01-01T00:00:60Z",
    1767225600,
    1767225600.5,
    1767229200,
    1767229201,
    "1767225600",
    9e15,
  ],
];

/** Every choice of items, in their order. */
export function subsetsOf<T>(items: readonly T[]): T[][] {
  const sets: T[][] = [[]];
  for (const item of items) sets.push(...sets.map((set) => [...set, item]));
  return sets;
}

/** Every text of one to `length` letters. */
export function textsOver(letters: readonly string[], length: number): string[] {
  let longest = [""];
  const all: string[] = [];
  for (let i = 0; i < length; i += 1) {
    longest = longest.flatMap((text) => letters.map((letter) => text + letter));
    all.push(...longest);
  }
  return all;
}
