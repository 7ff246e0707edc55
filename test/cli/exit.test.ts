import { describe, expect, test } from "vitest";
import { CODES, type Code } from "../../src/base/codes.js";
import { DelegationError } from "../../src/base/error.js";
import { CommandError, EXIT, exitOf, lineOf } from "../../src/cli/exit.js";

describe("exitOf", () => {
  test.each<[Code, number]>([
    ["argument_refused", 3],
    ["delegation_revoked", 3],
    ["signature_invalid", 3],
    ["audit_broken", 3],
    ["journal_damaged", 3],
    ["invalid_request", 2],
    ["invalid_grant_shape", 2],
    ["hop_not_found", 4],
    ["ticket_not_found", 4],
    ["illegal_transition", 5],
    ["id_taken", 5],
    ["store_locked", 5],
    ["store_unavailable", 6],
    ["status_unknown", 6],
    ["config_invalid", 1],
    ["server_error", 1],
  ])("ends %s with %i", (code, exit) => {
    expect(exitOf(new DelegationError(code, "no"))).toBe(exit);
  });

  test("never ends a refusal with 0, whatever its code", () => {
    for (const code of Object.keys(CODES) as Code[]) {
      expect([1, 2, 3, 4, 5, 6]).toContain(exitOf(new DelegationError(code, "no")));
    }
  });

  test("ends what is no refusal with 1", () => {
    expect(exitOf(new TypeError("x is not a function"))).toBe(EXIT.error);
    expect(exitOf(undefined)).toBe(EXIT.error);
    expect(exitOf(new CommandError(EXIT.conflict, "stale"))).toBe(5);
  });
});

describe("lineOf", () => {
  test("tells a refusal's code, hop and rule in one line", () => {
    const refusal = new DelegationError("argument_refused", "no", {
      hop: "h",
      rule: "files.read.path",
    });
    expect(lineOf(refusal)).toBe("argument_refused: no (hop h, rule files.read.path)");
    expect(lineOf(new DelegationError("store_locked", "no"))).toBe("store_locked: no");
  });

  test("keeps the words of what is no refusal to itself", () => {
    expect(lineOf(new Error("/home/ada/keys.json"))).toBe("server_error: internal error");
  });
});
