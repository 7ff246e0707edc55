/** Who asks, where no grant speaks: a proven, living chain, and nothing else. @module */
import { describe, expect, test } from "vitest";
import { DelegationError } from "../../src/base/error.js";
import { AUDIENCE, NARROW, READ, reader, rig } from "./rig.js";

const LIST = "mcp:tools/list";

async function scene() {
  const r = await rig();
  const guard = await r.watch({ name: "files" });
  const root = await r.root();
  const child = await reader(root);
  const cut = () => r.revoke({ kind: "hop", tree: child.tree, hop: child.id });
  const { tokens } = child.holder;
  return { ...r, guard, root, child, cut, tokens };
}

describe("authenticate", () => {
  test("lets a living chain through for what its grant does not name, and writes it down", async () => {
    const s = await scene();
    const seen = await s.guard.authenticate(s.child.call(LIST, {}));
    expect(seen).toMatchObject({ effect: "allow", chain: { tree: s.root.tree } });
    await s.guard.flush();
    const lines = await s.lines(s.root.tree);
    expect(JSON.stringify(lines.at(-1))).toContain(LIST);
  });

  test("charges nothing", async () => {
    const s = await scene();
    const once = await s.root.delegate({
      agent: "counted",
      grant: { ...NARROW, limits: { calls: 1 } },
    });
    await s.guard.authenticate(once.call(LIST, {}));
    await s.guard.authenticate(once.call(LIST, {}));
    const call = once.call("files.read", READ);
    expect(await s.guard.authorize(call)).toMatchObject({ effect: "allow" });
  });

  test("refuses a chain that comes without its proof", async () => {
    const s = await scene();
    const seen = await s.guard.authenticate({
      ...s.child.call(LIST, {}),
      possession: { kind: "none" },
    });
    expect(seen).toMatchObject({ effect: "deny", code: "proof_missing" });
  });

  test("refuses a proof that was made for a tool", async () => {
    const s = await scene();
    const seen = await s.guard.authenticate({ ...s.child.call("files.read", {}), tool: LIST });
    expect(seen).toMatchObject({ effect: "deny", code: "proof_invalid" });
  });

  test("refuses a chain that was cut", async () => {
    const s = await scene();
    await s.cut();
    const seen = await s.guard.authenticate(s.child.call(LIST, {}));
    expect(seen).toMatchObject({ effect: "deny", code: "delegation_revoked", hop: s.child.id });
  });

  test("fires its signal at a cut, until it is ended", async () => {
    const s = await scene();
    const seen = await s.guard.authenticate(s.child.call(LIST, {}));
    if (seen.effect !== "allow") throw new Error(seen.code);
    expect(seen.signal.aborted).toBe(false);
    await s.cut();
    expect(seen.signal.reason).toMatchObject({ code: "delegation_revoked" });
  });
});

describe("examine", () => {
  test("tells without proof that a chain lives, and writes nothing", async () => {
    const s = await scene();
    const before = await s.lines(s.root.tree);
    const seen = await s.guard.examine({ tokens: s.tokens });
    expect(seen).toMatchObject({ effect: "allow", chain: { tree: s.root.tree } });
    await s.guard.flush();
    expect(await s.lines(s.root.tree)).toHaveLength(before.length);
  });

  test("names hop and rule of a call that the grants refuse, and keeps the chain", async () => {
    const s = await scene();
    const question = { tokens: s.tokens, tool: "files.read", arguments: { path: "/etc/passwd" } };
    expect(await s.guard.examine(question)).toMatchObject({
      effect: "deny",
      code: "argument_refused",
      rule: "files.read.path",
      chain: { tree: s.root.tree },
    });
  });

  test("refuses an audience that the guard does not stand for", async () => {
    const s = await scene();
    const seen = await s.guard.examine({ tokens: s.tokens, audience: `${AUDIENCE}/other` });
    expect(seen).toMatchObject({ effect: "deny", code: "audience_mismatch" });
  });

  test("refuses a chain that was cut, and shows it to nobody", async () => {
    const s = await scene();
    await s.cut();
    const seen = await s.guard.examine({ tokens: s.tokens });
    expect(seen).toMatchObject({ effect: "deny", code: "delegation_revoked" });
    expect(seen).not.toHaveProperty("chain");
  });
});

describe("what a door knows besides", () => {
  test("refuses before anything is charged, and the refusal is written down", async () => {
    const s = await scene();
    const once = await s.root.delegate({
      agent: "counted",
      grant: { ...NARROW, limits: { calls: 1 } },
    });
    const accept = () => {
      throw new DelegationError("session_mismatch", "another's", { rule: "session" });
    };
    const call = { ...once.call("files.read", READ), accept };
    expect(await s.guard.authorize(call)).toMatchObject({
      effect: "deny",
      code: "session_mismatch",
    });
    const listing = { ...once.call(LIST, {}), accept };
    expect(await s.guard.authenticate(listing)).toMatchObject({ code: "session_mismatch" });
    expect(await s.guard.authorize(once.call("files.read", READ))).toMatchObject({
      effect: "allow",
    });
    await s.guard.flush();
    expect(JSON.stringify(await s.lines(s.root.tree))).toContain("session_mismatch");
  });

  test("is not asked about a chain that is not proven", async () => {
    const s = await scene();
    let asked = 0;
    const accept = () => {
      asked += 1;
    };
    const call = {
      ...s.child.call("files.read", READ),
      possession: { kind: "none" as const },
      accept,
    };
    expect(await s.guard.authorize(call)).toMatchObject({ code: "proof_missing" });
    expect(asked).toBe(0);
  });
});

describe("watch", () => {
  test("tells of a cut once, after the call is over", async () => {
    const s = await scene();
    const seen = await s.guard.authenticate(s.child.call(LIST, {}));
    if (seen.effect !== "allow") throw new Error(seen.code);
    const told: string[] = [];
    s.guard.watch(seen, "mcp:session", ({ code }) => told.push(code));
    seen.end();
    await s.cut();
    await s.revoke({ kind: "tree", tree: s.root.tree });
    expect(told).toEqual(["delegation_revoked"]);
    expect(seen.cut).toBeUndefined();
  });

  test("tells nothing once it is ended", async () => {
    const s = await scene();
    const seen = await s.guard.authenticate(s.child.call(LIST, {}));
    if (seen.effect !== "allow") throw new Error(seen.code);
    const told: string[] = [];
    const end = s.guard.watch(seen, "mcp:session", ({ code }) => told.push(code));
    end();
    await s.cut();
    expect(told).toEqual([]);
    expect(seen).toMatchObject({ cut: { code: "delegation_revoked" }, signal: { aborted: true } });
  });
});
