/** The one error class and the one table. @module */
import { describe, expect, test } from "vitest";
import { CODES, type Code, type CodeRow } from "../../src/base/codes.js";
import { DelegationError, exposed } from "../../src/base/error.js";

const rows = Object.entries(CODES) as [Code, CodeRow][];
const JSON_RPC = [-32700, -32600, -32601, -32602, -32603];

describe("the table of codes", () => {
  test.each(rows)("%s has an answer for every door", (code, row) => {
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
    for (const [status, error] of [row.tokenEndpoint, row.resource]) {
      expect(Number.isInteger(status) && status >= 400 && status <= 599).toBe(true);
      expect(error).toMatch(/^[a-z]+(_[a-z]+)*$/);
    }
    const ours = row.mcp <= -32000 && row.mcp >= -32019;
    expect(ours || JSON_RPC.includes(row.mcp)).toBe(true);
  });

  test("invites nobody to repeat what no repetition can help", () => {
    for (const code of ["delegation_revoked", "proof_replayed", "signature_invalid"] as const) {
      expect(CODES[code].retry).toBe(false);
    }
  });

  test("answers 503, and retry, wherever the engine does not know", () => {
    for (const [, row] of rows.filter(([, { resource }]) => resource[0] === 503)) {
      expect(row.retry).toBe(true);
      expect(row.tokenEndpoint[0]).toBe(503);
    }
  });
});

describe("DelegationError", () => {
  test("carries its code, its row and what the refusal may tell", () => {
    const cause = new Error("inner");
    const refusal = { hop: "h1", rule: "files.read.path", required: "under /reports", cause };
    const error = new DelegationError("argument_refused", "path is outside", refusal);
    expect(error).toMatchObject({ name: "DelegationError", code: "argument_refused", ...refusal });
    expect(error.row).toBe(CODES.argument_refused);
  });

  test("has no cause where none was given", () => {
    expect("cause" in new DelegationError("malformed", "not json")).toBe(false);
    expect("cause" in new DelegationError("malformed", "not json").at("h1")).toBe(false);
  });

  test("takes the hop that it is told, unless it named one", () => {
    const nameless = new DelegationError("malformed", "not json", { rule: "payload" });
    expect(nameless.at("h2")).toMatchObject({ hop: "h2", rule: "payload", code: "malformed" });
    const named = nameless.at("h1");
    expect(named.at("h2")).toBe(named);
  });
});

describe("exposed", () => {
  test("shows a DelegationError as it is", () => {
    const error = new DelegationError("malformed", "not json");
    expect(exposed(error)).toBe(error);
  });

  test.each<[string, unknown]>([
    ["an error", new Error("password is hunter2")],
    ["a look-alike", { code: "malformed", message: "hunter2", name: "DelegationError" }],
    ["a string", "hunter2"],
    ["undefined", undefined],
  ])("hides %s behind server_error", (_what, thrown) => {
    const shown = exposed(thrown);
    expect(shown).toMatchObject({ code: "server_error", message: "internal error" });
    expect(shown.message).not.toContain("hunter2");
  });
});
