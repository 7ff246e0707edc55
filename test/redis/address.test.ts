/** URLs and options of a deployment become one plain description, or a refusal that shows nothing of them. @module */
import { describe, expect, test } from "vitest";
import { placeOf, serversOf } from "../../src/redis/address.js";

describe("a deployment's address", () => {
  test.each([
    ["one server", "redis://h", [{ host: "h", port: 6379 }]],
    ["one server and its port", "redis://h:7000/0", [{ host: "h", port: 7000 }]],
    ["an IPv6 address", "redis://[::1]:7000", [{ host: "::1", port: 7000 }]],
    [
      "several URLs in one text",
      "redis://a:1,redis://b:2",
      [
        { host: "a", port: 1 },
        { host: "b", port: 2 },
      ],
    ],
    [
      "several hosts in one URL",
      "redis://a:1,b:2",
      [
        { host: "a", port: 1 },
        { host: "b", port: 2 },
      ],
    ],
  ])("names %s", (_what, url, seeds) => {
    expect(serversOf({ url })).toMatchObject({ seeds, master: undefined, tls: undefined });
  });

  test("names Sentinels, and the master that they watch", () => {
    const url = "redis+sentinel://ada:pass%40word@a,b:27000/main";
    expect(serversOf({ url })).toMatchObject({
      seeds: [
        { host: "a", port: 26379 },
        { host: "b", port: 27000 },
      ],
      master: "main",
      login: { username: "ada", password: "pass@word" },
    });
  });

  test("has the login of the options rather than of the URL, and TLS when either says so", () => {
    const options = { url: "rediss://ada:one@h", username: "bob", password: "two" };
    expect(serversOf(options)).toMatchObject({
      login: { username: "bob", password: "two" },
      tls: {},
    });
    expect(serversOf({ url: "redis://h", tls: { ca: "x" } }).tls).toEqual({ ca: "x" });
  });

  test.each([
    ["no URL", ""],
    ["another scheme", "http://secret-host"],
    ["a scheme that only begins like one", "redis2://secret-host"],
    ["no host", "redis://"],
    ["a database of its own", "redis://secret-host/1"],
    ["Sentinels without a master", "redis+sentinel://secret-host"],
    ["TLS on some", "redis://secret-host,rediss://b"],
    ["an empty list", []],
    ["a port that is none", "redis://secret-host:999999"],
  ])("is refused with %s", (_what, url) => {
    const refuse = () => serversOf({ url });
    expect(refuse).toThrow(expect.objectContaining({ code: "config_invalid" }));
    expect(refuse).not.toThrow(/secret/);
  });

  test("is written with brackets around what has colons", () => {
    expect(placeOf({ host: "::1", port: 1 })).toBe("[::1]:1");
    expect(placeOf({ host: "h", port: 1 })).toBe("h:1");
  });
});
