/** The carrier against real guards: what is presented, what is remembered, what is shown again. @module */
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CODES, type Code } from "../../src/base/codes.js";
import { CHAIN_BYTES_MAX, SELF_LINKS_MAX, TOKENS_MAX } from "../../src/base/limits.js";
import { Carrier, type Presentation } from "../../src/carry/carrier.js";
import { withHop } from "../../src/carry/hop.js";
import type { Call, Decision } from "../../src/guard/decision.js";
import type { Guard } from "../../src/guard/guard.js";
import type { EmbeddedHop } from "../../src/memory/embedded.js";
import { tokenDigest } from "../../src/token/jws.js";
import type { McpAct } from "../../src/wire/mcp.js";
import { AUDIENCE, allows, GRANT, NARROW, READ, type Rig, reader, rig } from "../guard/rig.js";

const OTHER = "https://mail.example.com";
const ACT: McpAct = { tool: "files.read", arguments: READ };
const LIST: McpAct = { tool: "mcp:tools/list", arguments: {} };

let engine: Rig;
let guard: Guard;
let carrier: Carrier;
let root: EmbeddedHop;
beforeEach(async () => {
  engine = await rig();
  guard = await engine.watch();
  carrier = new Carrier({ audience: AUDIENCE, clock: engine.timers });
  root = await engine.root();
});
afterEach(() => engine.close());

function callOf({ meta }: Presentation, act: McpAct): Call {
  const { tokens = [], proof, session, tickets } = meta;
  const possession =
    session !== undefined
      ? ({
          kind: "session",
          session: session.id,
          sequence: session.sequence,
          mac: session.mac,
        } as const)
      : proof !== undefined
        ? ({ kind: "aat", proof } as const)
        : ({ kind: "none" } as const);
  return { ...act, tokens, possession, audience: AUDIENCE, ...(tickets ? { tickets } : {}) };
}

/** Presents, has the guard decide, and lets the carrier know. */
async function go(
  hop: EmbeddedHop,
  act = ACT,
  at: Guard = guard,
): Promise<[Presentation, Decision]> {
  const presentation = carrier.present(hop, act);
  const decision =
    act === LIST
      ? await at.authenticate(callOf(presentation, act))
      : await at.authorize(callOf(presentation, act));
  const code = decision.effect === "allow" ? undefined : decision.code;
  carrier.answered(presentation, code, decision.effect === "allow" ? decision.session : undefined);
  if (decision.effect === "allow") decision.end();
  return [presentation, decision];
}

describe("who calls", () => {
  test("is the hop that is said, before the carrier's own, before the run's", () => {
    const own = new Carrier({ audience: AUDIENCE, hop: root });
    withHop(root, () => {
      const said = { holder: root.holder };
      expect(own.hopOf({ hop: said })).toBe(said);
      expect(carrier.hopOf({ hop: said })).toBe(said);
      expect(carrier.hopOf(undefined)).toBe(root);
    });
    expect(own.hopOf(undefined)).toBe(root);
    expect(carrier.hopOf(undefined)).toBeUndefined();
  });

  test("is nobody where the carrier's own function finds nobody, whatever run this is", () => {
    const none = new Carrier({ audience: AUDIENCE, hop: () => undefined });
    expect(withHop(root, () => none.hopOf(undefined))).toBeUndefined();
  });
});

describe("possession", () => {
  test("is a signed proof first, and by session after its answer", async () => {
    const [first, one] = await go(root);
    const [second, two] = await go(root);
    expect([one.effect, two.effect]).toEqual(["allow", "allow"]);
    expect([first.meta.proof !== undefined, first.meta.session]).toEqual([true, undefined]);
    expect([second.meta.proof, second.meta.session?.sequence]).toEqual([undefined, 1]);
  });

  test("is signed again when the session's time is up", async () => {
    const presentation = carrier.present(root, ACT);
    const decision = await allows(guard, callOf(presentation, ACT));
    const { session } = decision;
    if (session === undefined) throw new Error("no session was opened");
    const expiresAt = engine.timers.now() + 1_000;
    carrier.answered(presentation, undefined, { ...session, expiresAt });
    engine.timers.advance(999);
    expect(carrier.present(root, ACT).meta.session).toBeDefined();
    engine.timers.advance(1);
    expect(carrier.present(root, ACT).meta.session).toBeUndefined();
  });

  test("opens one session for each hop, and none beside one that is being opened", async () => {
    const child = await reader(root);
    const [a, b, c] = [
      carrier.present(root, ACT),
      carrier.present(root, ACT),
      carrier.present(child, ACT),
    ];
    expect([a.offer, b.offer, c.offer].map((offer) => offer !== undefined)).toEqual([
      true,
      false,
      true,
    ]);
    carrier.unanswered(a);
    expect(carrier.present(root, ACT).offer).toBeDefined();
  });

  test("goes without a session whose answer agrees on no key", async () => {
    const presentation = carrier.present(root, ACT);
    const expiresAt = engine.timers.now() + 60_000;
    carrier.answered(presentation, undefined, { id: "s", serverKey: "A".repeat(43), expiresAt });
    const [next, decision] = await go(root);
    expect(next.meta.session).toBeUndefined();
    expect(decision.effect).toBe("allow");
  });

  test("is not asked of a bearer anchor", async () => {
    const bearer = await engine.root({ bearer: true, grant: { ...GRANT, limits: { depth: 0 } } });
    const [{ meta }, decision] = await go(bearer);
    expect(Object.keys(meta)).toEqual(["tokens"]);
    expect(decision.effect).toBe("allow");
  });
});

describe("tokens", () => {
  test("are the last one alone once the server has accepted the chain", async () => {
    const child = root.link({ agent: "reader", grant: NARROW });
    const [first] = await go(child);
    const [second, decision] = await go(child);
    expect([first.tokens.length, second.tokens.length]).toEqual([2, 1]);
    expect([first.whole, second.whole]).toEqual([true, false]);
    expect(decision.effect).toBe("allow");
  });

  test("are the whole chain again after a refusal that came before it was verified", async () => {
    const child = root.link({ agent: "reader", grant: NARROW });
    carrier.answered(carrier.present(child, ACT), "store_unavailable", undefined);
    expect(carrier.present(child, ACT).whole).toBe(true);
    carrier.answered(carrier.present(child, ACT), "argument_refused", undefined);
    expect(carrier.present(child, ACT).whole).toBe(false);
  });

  test.each([
    ["names this audience alone", [AUDIENCE], 1],
    ["names several", [AUDIENCE, OTHER], 2],
    ["names none", [], 2],
  ])("of a hop whose grant %s", async (_why, audience, tokens) => {
    const hop = await engine.root({ grant: { ...GRANT, audience } });
    const [presentation, decision] = await go(hop);
    expect(presentation.tokens.length).toBe(tokens);
    expect(decision).toMatchObject({ effect: "allow" });
    if (decision.effect !== "allow" || tokens === 1) return;
    expect(decision.chain.selfLink).toBe(true);
    expect(decision.chain.grant.audience).toEqual([AUDIENCE]);
    expect(Object.keys(decision.chain.grant.tools)).toEqual(["files.read"]);
  });

  test("for what no grant names are the hop's own, with a proof for this audience", async () => {
    const hop = await engine.root({ grant: { ...GRANT, audience: [AUDIENCE, OTHER] } });
    const [presentation, decision] = await go(hop, LIST);
    expect(presentation.tokens).toEqual(hop.holder.tokens);
    expect(decision.effect).toBe("allow");
    const elsewhere = await engine.guard({ audience: OTHER });
    const replayed = { ...callOf(presentation, LIST), audience: OTHER };
    expect(await elsewhere.authenticate(replayed)).toMatchObject({ code: "proof_invalid" });
  });

  test("narrowed to one tool are of no use for another, nor at another server", async () => {
    const hop = await engine.root({ grant: { ...GRANT, audience: [AUDIENCE, OTHER] } });
    const { tokens } = carrier.present(hop, ACT);
    const asked = { tokens, audience: OTHER, tool: "files.read", arguments: READ };
    const elsewhere = await engine.guard({ audience: OTHER });
    expect(await elsewhere.examine(asked)).toMatchObject({ code: "audience_mismatch" });
    const search = { tokens, tool: "web.search", arguments: {} };
    expect(await guard.examine(search)).toMatchObject({ code: "tool_not_granted" });
  });

  test("narrowed serve for half a minute, and are made anew then", async () => {
    const hop = await engine.root({ grant: { ...GRANT, audience: [AUDIENCE, OTHER] } });
    const { digest } = carrier.present(hop, ACT);
    engine.timers.advance(29_999);
    expect(carrier.present(hop, ACT).digest).toBe(digest);
    engine.timers.advance(1);
    expect(carrier.present(hop, ACT).digest).not.toBe(digest);
  });

  test("of a chain that has no room for one more are its own", async () => {
    let hop = await engine.root({
      grant: { ...GRANT, audience: [AUDIENCE, OTHER], limits: { depth: 40 } },
      depth: 40,
    });
    while (hop.holder.tokens.length < TOKENS_MAX)
      hop = hop.link({ agent: "next", grant: { tools: { "web.search": {} } } });
    const { tokens } = carrier.present(hop, { tool: "web.search", arguments: {} });
    expect(tokens.length).toBe(TOKENS_MAX);
    expect(tokens.join("").length).toBeLessThan(CHAIN_BYTES_MAX);
  });

  test("of many tools do not fill the process", async () => {
    const names = Array.from({ length: 200 }, (_, index) => `tool-${index}`);
    const tools = Object.fromEntries(names.map((name) => [name, {}]));
    const [one, two] = [await wide(tools), await wide(tools)];
    const first = carrier.present(one, { tool: "tool-0", arguments: {} });
    for (const hop of [one, two])
      for (const tool of names) carrier.present(hop, { tool, arguments: {} });
    expect(2 * names.length).toBeGreaterThan(SELF_LINKS_MAX);
    expect(carrier.present(one, { tool: "tool-0", arguments: {} }).digest).not.toBe(first.digest);
  });

  test.each([
    ["another server", { ...GRANT, audience: [OTHER] }, 0, "audience_mismatch"],
    ["a time that is over", { ...GRANT, expiresAt: 1_800_000_060 }, 60_000, "token_expired"],
  ])("for %s are not shown at all", async (_why, grant, wait, code) => {
    const hop = await engine.root({ grant });
    engine.timers.advance(wait);
    expect(() => carrier.present(hop, ACT)).toThrow(expect.objectContaining({ code }));
    expect(() => carrier.presentAlone(hop, "GET", "https://a.example/mcp")).toThrow(
      expect.objectContaining({ code }),
    );
  });

  async function wide(tools: Record<string, object>) {
    return engine.root({ grant: { tools: tools as never, audience: [AUDIENCE, OTHER] } });
  }
});

describe("a request that was refused", () => {
  test("is shown with all tokens and a signed proof to a server that has forgotten both", async () => {
    const child = root.link({ agent: "reader", grant: NARROW });
    await go(child);
    await go(child);
    const restarted = await engine.watch({ name: "restarted" });
    const [first, one] = await go(child, ACT, restarted);
    expect(one).toMatchObject({ code: "chain_incomplete" });
    const whole = carrier.again(first, "chain_incomplete", {});
    const second = carrier.present(child, ACT, whole);
    const two = await restarted.authorize(callOf(second, ACT));
    expect(two).toMatchObject({ code: "session_unknown" });
    const signed = carrier.again(second, "session_unknown", whole ?? {});
    const third = carrier.present(child, ACT, signed);
    expect(await restarted.authorize(callOf(third, ACT))).toMatchObject({ effect: "allow" });
    expect(carrier.again(third, "chain_incomplete", signed ?? {})).toBeUndefined();
  });

  test("keeps its tickets", () => {
    const presentation = carrier.present(root, ACT, { tickets: ["t-1"] });
    expect(presentation.meta.tickets).toEqual(["t-1"]);
    const again = carrier.again(presentation, "proof_expired", { tickets: ["t-1"] });
    expect(again).toEqual({ tickets: ["t-1"], signed: true });
  });

  test("is shown again for no other reason, and for each of these once", () => {
    const codes = Object.keys(CODES) as Code[];
    fc.assert(
      fc.property(fc.constantFrom(...codes), fc.boolean(), fc.boolean(), (code, whole, session) => {
        const meta = session ? { session: { id: "s", sequence: 1, mac: "m" } } : { proof: "p" };
        const presentation = { ...carrier.present(root, ACT), whole, meta };
        const again = carrier.again(presentation, code, { signed: !session, whole });
        const helps =
          (code === "chain_incomplete" && !whole) ||
          ((code === "session_unknown" || code === "proof_invalid" || code === "proof_expired") &&
            session);
        expect(again !== undefined).toBe(helps);
      }),
    );
  });
});

test("what is presented alone is bound to the method, the url and the leaf", async () => {
  const { tokens, proof = "" } = carrier.presentAlone(root, "GET", "https://a.example/mcp");
  const leaf = tokens.at(-1) ?? "";
  const [, payload = ""] = proof.split(".");
  expect(JSON.parse(Buffer.from(payload, "base64url").toString())).toMatchObject({
    htm: "GET",
    htu: "https://a.example/mcp",
    ath: tokenDigest(leaf),
    legate: { aud: AUDIENCE, tool: "mcp:http/get" },
  });
});
