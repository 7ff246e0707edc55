import { describe, expect, test } from "vitest";
import { parseCoordinatorConfig } from "../../src/wire/config.js";

const least = { issuer: "https://legate.example" };

describe("the coordinator's configuration", () => {
  test("fills in what is not said", () => {
    expect(parseCoordinatorConfig(least)).toMatchObject({
      tenant: "default",
      depth: 5,
      lifetimeMs: 300_000,
      principalApproves: true,
    });
  });

  test.each([
    ["no issuer", {}],
    ["an issuer that is no url", { issuer: "legate" }],
    ["a misspelt option", { ...least, lifetime: 1 }],
    ["a number as text", { ...least, depth: "5" }],
    ["a depth beyond the ceiling", { ...least, depth: 64 }],
    ["no life at all", { ...least, lifetimeMs: 0 }],
    ["a longer life than any token's", { ...least, lifetimeMs: 91 * 86_400_000 }],
  ])("refuses %s", (_what, config) => {
    expect(() => parseCoordinatorConfig(config)).toThrow(
      expect.objectContaining({ code: "config_invalid" }),
    );
  });
});
