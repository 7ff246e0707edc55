/** Which scope covers which. @module */
import { expect, test } from "vitest";
import { coversScope, scopeEscapes } from "../../src/grant/scope.js";

test.each<[string, string, boolean]>([
  ["crm.read", "crm.read", true],
  ["crm.*", "crm.read", true],
  ["crm.*", "crm.x.y.z", true],
  ["crm.*", "crm.x.*", true],
  ["crm.*", "crm.*", true],
  ["crm.x.*", "crm.*", false],
  ["crm.*", "crm", false],
  ["crm.*", "crmx.read", false],
  ["crm.read", "crm.*", false],
  ["crm.read", "crm.readall", false],
  ["drive.*", "drive.Read", false],
  ["User.Read", "User.Read", true],
  ["User.Read", "user.read", false],
  ["crm.read", "CRM.READ", false],
  ["crm.*", "crm.re*", false],
  ["*", "*", false],
  ["crm.*", "crm.read\n", false],
  ["User.Read", "User.Read.All", false],
])("%j covers %j: %s", (held, asked, covered) => {
  expect(coversScope(held, asked)).toBe(covered);
});

test("names the scopes that get out", () => {
  expect(scopeEscapes(["crm.*", "User.Read"], ["crm.x", "User.Write", "User.Read"])).toEqual([
    "scopes.User.Write",
  ]);
});
