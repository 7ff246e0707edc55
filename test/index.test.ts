import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import * as door from "../src/index.js";

const ENTRY = fileURLToPath(new URL("../src/index.ts", import.meta.url));

/** Packages that a file and all that it imports name, types aside. */
function packagesOf(file: string, seen = new Set<string>()): ReadonlySet<string> {
  const found = new Set<string>();
  if (seen.has(file)) return found;
  seen.add(file);
  const source = readFileSync(file, "utf8");
  for (const [statement, name = ""] of source.matchAll(
    /^(?:import|export)[^;]*?from "([^"]+)"/gms,
  )) {
    if (/^(?:import|export) type /.test(statement)) continue;
    const inner = name.startsWith(".")
      ? packagesOf(join(dirname(file), name.replace(/\.js$/, ".ts")), seen)
      : new Set([name]);
    for (const each of inner) found.add(each);
  }
  return found;
}

describe("the front door", () => {
  test("loads nothing but jose and zod", () => {
    const outside = [...packagesOf(ENTRY)].filter((name) => !name.startsWith("node:"));
    expect(outside.filter((name) => name !== "jose" && name !== "zod")).toEqual([]);
    const builtin = [...packagesOf(ENTRY)].filter((name) => name.startsWith("node:"));
    expect(builtin).not.toContain("node:fs");
    expect(builtin).not.toContain("node:net");
  });

  test("narrows, verifies and evaluates without a coordinator at hand", () => {
    const now = 1_800_000_000_000;
    const [coordinator, planner, reader] = [1, 2, 3].map(() => door.generateSigningKey());
    if (coordinator === undefined || planner === undefined || reader === undefined) return;
    const trust = new door.Trust({ keys: [{ key: coordinator }] });
    const tools = {
      "files.read": { path: { constraint_type: "path" as const, under: "/reports" } },
    };
    const grant = door.parseGrant(
      { tools, audience: ["https://files.example"], limits: { depth: 2 } },
      { now },
    );
    const anchor = door.mintAnchor(
      {
        issuer: "https://coordinator.example",
        tokenId: "t",
        tenant: "acme",
        tree: "h",
        principal: { issuer: "https://people.example", subject: "alice" },
        lineage: [{ id: "h", agent: "planner", identity: "asserted", holder: planner.thumbprint }],
        grant,
        holderKey: planner,
        generation: "g",
        position: 0,
        issuedAt: now,
      },
      coordinator,
    );
    const held = door.holdChain(planner, [anchor], { trust, now });
    const tokens = door.handOn(held, { agent: "reader", holderKey: reader, grant: { tools }, now });
    const chain = door.verifyChain(door.parseChainText(door.formatChain(tokens)), { trust, now });
    const ask = (path: string) =>
      door.evaluate(
        chain.grants,
        door.parseInvocation({
          tool: "files.read",
          arguments: { path },
          audience: "https://files.example",
        }),
      );
    expect(ask("/reports/q3")).toBeUndefined();
    expect(ask("/etc/passwd")).toMatchObject({ code: "argument_refused", rule: "files.read.path" });
  });

  test("has a row for every code that it can refuse with", () => {
    expect(new door.DelegationError("chain_incomplete", "x").row).toBe(door.CODES.chain_incomplete);
  });
});
