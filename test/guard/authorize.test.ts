/** What one call needs to be allowed, with exactly one fault at a time. @module */
import { describe, expect, test } from "vitest";
import { canonicalDigest } from "../../src/base/canonical.js";
import { systemRandom } from "../../src/base/random.js";
import { type Holder, handOn, holdChain, narrowToCall } from "../../src/chain/holder.js";
import { AgentRegistry } from "../../src/coordinator/agents.js";
import type { Call } from "../../src/guard/decision.js";
import { Guard } from "../../src/guard/guard.js";
import { refusalOf } from "../../src/guard/run.js";
import type { EmbeddedHop } from "../../src/memory/embedded.js";
import { MemoryReplayStore } from "../../src/memory/replay.js";
import { staticRules } from "../../src/policy/static-rules.js";
import { makeAatProof } from "../../src/token/aat-proof.js";
import { makeDpopProof } from "../../src/token/dpop.js";
import { generateSigningKey, type SigningKey } from "../../src/token/key.js";
import type { Possession } from "../../src/wire/proof.js";
import { faultyFeed } from "./faulty-feed.js";
import {
  AUDIENCE,
  allows,
  denies,
  GRANT,
  NARROW,
  PRINCIPAL,
  READ,
  read,
  reader,
  rig,
  START,
  settled,
} from "./rig.js";

const OTHER = "https://other.example.com";

/** A signed proof for a read with this hop's token, by any key and at any time. */
function proof(
  hop: Pick<EmbeddedHop, "holder">,
  more: {
    key?: SigningKey;
    nowMs?: number;
    audience?: string;
    tool?: string;
    arguments?: object;
  } = {},
): Possession {
  const { key, tokens, chain } = hop.holder;
  const text = makeAatProof({
    key,
    tokenId: chain.tokenId,
    tool: "files.read",
    arguments: READ,
    audience: AUDIENCE,
    accessToken: tokens.at(-1) ?? "",
    nowMs: START,
    random: systemRandom,
    ...more,
  });
  return { kind: "aat", proof: text };
}

async function scene(options: Parameters<typeof rig>[0] = {}) {
  const r = await rig(options);
  const guard = await r.watch();
  const root = await r.root();
  const child = await reader(root);
  return { ...r, guard, root, child };
}

describe("a call", () => {
  test("is allowed with its own key, and told where it stands", async () => {
    const s = await scene();
    const allowed = await allows(s.guard, read(s.child));
    expect(allowed.arguments).toEqual(READ);
    expect(allowed.chain.hops.map(({ agent }) => agent)).toEqual(["planner", "reader"]);
    expect(allowed.signal.aborted).toBe(false);
    expect(s.guard.status()).toMatchObject({ feed: "live", callsInFlight: 1, auditWaiting: 1 });
    allowed.end();
    allowed.end();
    expect(s.guard.status()).toMatchObject({ callsInFlight: 0 });
    await s.close();
  });

  test("is allowed with a DPoP proof that names the invocation, and refused with one that does not", async () => {
    const s = await scene();
    const { key, tokens } = s.child.holder;
    const draft = {
      key,
      method: "POST",
      url: `${AUDIENCE}/mcp`,
      accessToken: tokens.at(-1) ?? "",
      nowMs: START,
      random: systemRandom,
    };
    const binding = {
      audience: AUDIENCE,
      tool: "files.read",
      argumentsDigest: canonicalDigest(READ),
    };
    const call = (text: string): Call => ({
      ...read(s.child),
      possession: { kind: "dpop", proof: text, method: "POST", url: `${AUDIENCE}/mcp` },
    });
    await allows(s.guard, call(makeDpopProof({ ...draft, binding })));
    await denies(s.guard, call(makeDpopProof(draft)), "proof_invalid");
    await s.close();
  });

  test.each<[string, Parameters<typeof denies>[2], (c: EmbeddedHop, root: EmbeddedHop) => Call]>([
    ["with no token", "chain_empty", (c) => ({ ...read(c), tokens: [] })],
    ["with tokens that are no list", "malformed", (c) => ({ ...read(c), tokens: "a~b" as never })],
    ["with no tokens at all", "malformed", (c) => ({ ...read(c), tokens: undefined as never })],
    [
      "E15 with a forged token",
      "signature_invalid",
      (c) => ({ ...read(c), tokens: [forged(c.holder.tokens[0] ?? "")] }),
    ],
    [
      "P01 without proof of its key",
      "proof_missing",
      (c) => ({ ...read(c), possession: { kind: "none" } }),
    ],
    [
      "P02 with another token than the one that its proof was made for",
      "proof_invalid",
      (c, root) => ({ ...read(c), possession: proof(root) }),
    ],
    [
      "P03 by a delegator that shows its child's token",
      "proof_invalid",
      (c, root) => ({ ...read(c), possession: proof(c, { key: root.holder.key }) }),
    ],
    [
      "P05 with a proof by an ancestor's key below a link",
      "proof_invalid",
      (c) => {
        const link = c.link({ agent: "deeper", grant: NARROW });
        return { ...read(link), possession: proof(link, { key: c.holder.key }) };
      },
    ],
    [
      "P10 with a proof for another enforcement point",
      "proof_invalid",
      (c) => ({ ...read(c), possession: proof(c, { audience: OTHER }) }),
    ],
    [
      "P13 with a proof for other arguments",
      "proof_invalid",
      (c) => ({ ...read(c), possession: proof(c, { arguments: { path: "/reports/q3/b.csv" } }) }),
    ],
    [
      "with a proof for another tool",
      "proof_invalid",
      (c) => ({ ...read(c), possession: proof(c, { tool: "files.list" }) }),
    ],
    [
      "with a proof of no known kind",
      "proof_invalid",
      (c) => ({ ...read(c), possession: { kind: "word" } as never }),
    ],
    [
      "with a session that nobody opened",
      "session_unknown",
      (c) => ({
        ...read(c),
        possession: { kind: "session", session: "pos_x", sequence: 1, mac: "m" },
      }),
    ],
    ["for a tool that is not granted", "tool_not_granted", (c) => c.call("mail.send", {})],
    ["E06 for a tool in another case", "tool_not_granted", (c) => c.call("Files.read", READ)],
    [
      "E11 for a tool with another agent's prefix",
      "tool_not_granted",
      (c) => c.call("reader::files.read", READ),
    ],
    [
      "for an argument out of bounds",
      "argument_refused",
      (c) => c.call("files.read", { path: "/etc/passwd" }),
    ],
    [
      "E01 for an argument that the grant does not name",
      "argument_unexpected",
      (c) => c.call("files.read", { ...READ, follow: true }),
    ],
    ["without an argument", "argument_missing", (c) => c.call("files.read", {})],
    [
      "for a tool whose name is no name",
      "invalid_request",
      (c) => ({ ...read(c), tool: "files\u0000read" }),
    ],
    [
      "with arguments that JSON cannot say",
      "invalid_request",
      (c) => ({ ...read(c), arguments: { path: () => "/reports/q3" } }),
    ],
    [
      "with a number that is none",
      "non_finite",
      (c) => ({ ...read(c), arguments: { path: Number.NaN } }),
    ],
    [
      "at a position that nobody has reached",
      "status_unknown",
      (c) => ({ ...read(c), minPosition: 1_000 }),
    ],
    [
      "at a position that is no number",
      "status_unknown",
      (c) => ({ ...read(c), minPosition: Number.NaN }),
    ],
    ["that is nothing", "server_error", () => null as never],
  ])("is refused %s", async (_what, code, made) => {
    const s = await scene();
    await denies(s.guard, made(s.child, s.root), code);
    await allows(s.guard, read(s.child));
    await s.close();
  });

  test.each([
    ["another scheme", "http://files.example.com"],
    ["another port", "https://files.example.com:8443"],
    ["a subdomain", "https://a.files.example.com"],
    ["another case", "https://Files.example.com"],
    ["a slash more", "https://files.example.com/"],
  ])("P11 is refused for %s of the audience, by guard and grant alike", async (_what, audience) => {
    const s = await scene();
    await denies(s.guard, s.child.call("files.read", READ, { audience }), "audience_mismatch", {
      rule: "aud",
    });
    const both = await s.watch({ audience: [AUDIENCE, audience] });
    await denies(both, s.child.call("files.read", READ, { audience }), "audience_mismatch", {
      rule: "audience",
    });
    await allows(both, read(s.child));
    await s.close();
  });

  test("is refused under a grant that is for no audience", async () => {
    const s = await scene();
    const unbound = await s.open({
      principal: PRINCIPAL,
      agent: "planner",
      trigger: "t",
      grant: { tools: GRANT.tools ?? {} },
    });
    const call = unbound.call("files.read", READ, { audience: AUDIENCE });
    await denies(s.guard, call, "audience_mismatch", { hop: unbound.id, rule: "audience" });
    await s.close();
  });

  test("D-stripped-link is refused with a chain stripped of its last link, without the key of what is left", async () => {
    const s = await scene();
    const link = s.root.link({ agent: "thief", grant: NARROW });
    const stripped = { ...read(link), tokens: link.holder.tokens.slice(0, -1) };
    await denies(s.guard, stripped, "proof_invalid");
    await denies(
      s.guard,
      { ...stripped, possession: proof(s.root, { key: link.holder.key }) },
      "proof_invalid",
    );
    await s.close();
  });

  test("needs no more than its last token once the guard knows the chain", async () => {
    const s = await scene();
    const link = s.root.link({ agent: "reader", grant: NARROW });
    const alone = () => ({ ...read(link), tokens: link.holder.tokens.slice(-1) });
    await denies(s.guard, alone(), "chain_incomplete", { retry: true });
    await allows(s.guard, read(link));
    await allows(s.guard, alone());
    await s.revoke({ kind: "hop", tree: s.root.tree, hop: s.root.id });
    await denies(s.guard, alone(), "delegation_revoked");
    await s.close();
  });

  test("waits for the position that it demands, and knows the cut by then", async () => {
    const s = await scene();
    const { entry } = await s.revoke({ kind: "hop", tree: s.child.tree, hop: s.child.id });
    await denies(s.guard, { ...read(s.child), minPosition: entry.position }, "delegation_revoked");
    await allows(s.guard, { ...read(s.root), minPosition: entry.position });
    await s.close();
  });
});

describe("a proof", () => {
  test("P07 is good once", async () => {
    const s = await scene();
    const call = read(s.child);
    await allows(s.guard, call);
    await denies(s.guard, call, "proof_replayed");
    await s.close();
  });

  test("P08 passes for exactly one of fifty at once, also at different guards of one engine", async () => {
    const s = await scene();
    const other = await s.watch();
    const call = read(s.child);
    const decisions = await Promise.all(
      Array.from({ length: 50 }, (_, at) => (at % 2 === 0 ? s.guard : other).authorize(call)),
    );
    expect(decisions.filter(({ effect }) => effect === "allow")).toHaveLength(1);
    const codes = decisions.flatMap((d) => (d.effect === "deny" ? [d.code] : []));
    expect(new Set(codes)).toEqual(new Set(["proof_replayed"]));
    await s.close();
  });

  test.each([
    ["P06 from too far ahead", 31_000, "proof_expired"],
    ["P06 from too long ago", -31_000, "proof_expired"],
    ["P17 from exactly as far ahead as is tolerated", 30_000, undefined],
    ["P17 from exactly as long ago as is tolerated", -30_000, undefined],
  ] as const)("%s", async (_what, offset, code) => {
    const s = await scene();
    const call = { ...read(s.child), possession: proof(s.child, { nowMs: START + offset }) };
    if (code === undefined) await allows(s.guard, call);
    else await denies(s.guard, call, code);
    await s.close();
  });

  test("P16 of an earlier time is not brought back by a clock that jumps back", async () => {
    const s = await scene();
    const call = read(s.child);
    await allows(s.guard, call);
    s.timers.jump(-600_000);
    await denies(s.guard, call, "proof_replayed");
    await s.close();
  });

  test("is not asked of an anchor that was minted as bearer, and of links never", async () => {
    const s = await scene();
    const bearer = await reader(s.root, {
      bearer: true,
      grant: { ...NARROW, audience: [AUDIENCE] },
    });
    const call = read(bearer);
    expect(call.possession).toEqual({ kind: "none" });
    await allows(s.guard, call);
    await allows(s.guard, call);
    await s.close();
  });

  test("can be a MAC once a signed proof opened a session, good once and for its call alone", async () => {
    const s = await scene();
    const allowed = await allows(s.guard, s.child.call("files.read", READ, { session: true }));
    s.child.join(allowed);
    const call = read(s.child);
    expect(call.possession.kind).toBe("session");
    await allows(s.guard, call);
    await denies(s.guard, call, "proof_replayed");
    await denies(
      s.guard,
      { ...read(s.child), arguments: { path: "/reports/q3/b" } },
      "proof_invalid",
      { rule: "mac" },
    );
    const link = s.child.link({ agent: "x", grant: NARROW });
    await denies(s.guard, { ...read(s.child), tokens: link.holder.tokens }, "session_unknown");
    await denies(await s.watch(), read(s.child), "session_unknown", { retry: true });
    await s.revoke({ kind: "hop", tree: s.child.tree, hop: s.child.id });
    await denies(s.guard, read(s.child), "delegation_revoked");
    await s.close();
  });
});

describe("time", () => {
  test.each([
    ["one millisecond before its end", 59_999, undefined],
    ["P17 at its very end", 60_000, "token_expired"],
  ] as const)("lets a token act %s", async (_what, after, code) => {
    const s = await scene();
    const expiresAt = START / 1_000 + 60;
    const short = await reader(s.root, { grant: { ...NARROW, expiresAt } });
    await s.pass(after - 50);
    await s.pass(50);
    if (code === undefined) await allows(s.guard, read(short));
    else await denies(s.guard, read(short), code);
    await s.close();
  });

  test("P16 that runs back brings nothing expired back", async () => {
    const s = await scene();
    const short = await reader(s.root, { grant: { ...NARROW, expiresAt: START / 1_000 + 10 } });
    await s.pass(10_000);
    await denies(s.guard, read(short), "token_expired");
    s.timers.jump(-9_000);
    await denies(s.guard, read(short), "token_expired");
    await s.close();
  });
});

describe("arguments", () => {
  test("E10 that a handler gets are those that were judged, whatever the caller changes meanwhile", async () => {
    const s = await scene({ policy: { version: "1", decide: slowly } });
    const args = { path: "/reports/q3/a.csv" };
    const call = { ...s.child.call("files.read", args), arguments: args };
    const run = s.guard.run(call, (allowed) => ({ ...allowed.arguments }));
    args.path = "/etc/passwd";
    expect(await run).toEqual({ path: "/reports/q3/a.csv" });
    await s.close();
  });

  test("E10 are those of the tool that was judged: its name is read once", async () => {
    const s = await scene();
    let reads = 0;
    const call = Object.defineProperty({ ...read(s.child) }, "tool", {
      get: () => (reads++ === 0 ? "files.read" : "mail.send"),
    });
    await allows(s.guard, call);
    expect(reads).toBe(1);
    await s.close();
  });

  test("E10 read by a getter are read once", async () => {
    const s = await scene();
    let reads = 0;
    const args = Object.defineProperty({}, "path", {
      enumerable: true,
      get: () => (reads++ === 0 ? READ.path : "/etc/passwd"),
    });
    const call = { ...read(s.child), arguments: args };
    expect((await allows(s.guard, call)).arguments).toEqual(READ);
    await s.close();
  });

  test("are written down as they were judged, whatever the handler does to them", async () => {
    const s = await scene();
    const digests = async (change: boolean) => {
      const bearer = await reader(s.root, {
        bearer: true,
        grant: { ...NARROW, audience: [AUDIENCE] },
      });
      await s.guard.run(read(bearer), ({ arguments: given }) => {
        if (change) (given as { path: string }).path = "/etc/passwd";
      });
      await s.guard.flush();
      const [line] = (await s.lines(s.root.tree))
        .filter(({ event }) => event.kind === "calls")
        .slice(-1);
      return JSON.stringify(line?.event.data).match(/"arguments":"([^"]+)"/)?.[1];
    };
    expect(await digests(true)).toBe(await digests(false));
    await s.close();
  });
});

describe("a refusal", () => {
  test("E13 is no allow, has neither signal nor arguments, and lets no handler run", async () => {
    const s = await scene();
    const call = s.child.call("mail.send", {});
    const decision = await s.guard.authorize(call);
    expect(decision).not.toHaveProperty("signal");
    expect(decision).not.toHaveProperty("arguments");
    let ran = false;
    const run = s.guard.run(s.child.call("mail.send", {}), () => {
      ran = true;
    });
    await expect(run).rejects.toMatchObject({ code: "tool_not_granted", rule: "mail.send" });
    expect(ran).toBe(false);
    await s.close();
  });

  test("K04 tells hop and rule, and no value, token or key", async () => {
    const s = await scene();
    const call = s.child.call("files.read", { path: "/secret/plan-9" });
    const decision = await denies(s.guard, call, "argument_refused", {
      hop: s.child.id,
      rule: "files.read.path",
    });
    if (decision.effect !== "deny") throw new Error("allowed");
    const told = JSON.stringify([decision, refusalOf(decision), refusalOf(decision).message]);
    expect(told).not.toContain("plan-9");
    expect(told).not.toContain("/reports");
    for (const token of call.tokens) expect(told).not.toContain(token.slice(-40));
    await s.guard.flush();
    const log = JSON.stringify(await s.lines());
    expect(log).toContain("argument_refused");
    expect(log).not.toContain("plan-9");
    await s.close();
  });

  test("of what is no refusal shows as server_error and nothing else", async () => {
    const s = await scene();
    const guard = await s.watch({
      costOf: () => {
        throw new Error("database password is hunter2");
      },
    });
    const spender = await s.open({
      principal: PRINCIPAL,
      agent: "planner",
      trigger: "t",
      grant: { ...GRANT, limits: { spend: { EUR: "10" } } },
    });
    const decision = await denies(guard, read(spender), "server_error");
    expect(JSON.stringify(decision)).not.toContain("hunter2");
    await s.close();
  });
});

describe("policy", () => {
  const rules = staticRules({
    version: "2",
    default: "deny",
    rules: [
      { id: "reads", effect: "allow", when: { tools: ["files.*"] } },
      { id: "mail", effect: "allow", when: { tools: ["mail.*"] } },
    ],
  });

  test("E21 and grant must both allow", async () => {
    const s = await scene({ policy: rules });
    await allows(s.guard, read(s.child));
    await denies(s.guard, s.root.call("web.search", { q: 1 }), "policy_denied", { hop: s.root.id });
    await denies(s.guard, s.root.call("mail.send", {}), "tool_not_granted");
    await s.close();
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
    ["rejects", () => Promise.reject(new Error("no"))],
    ["answers nonsense", () => true as never],
    [
      "answers with an obligation that nobody knows",
      () => ({ effect: "allow", rules: [], obligations: [{ kind: "pray" }] }) as never,
    ],
  ])("E18 that %s denies", async (_what, decide) => {
    const s = await scene({ policy: { version: "1", decide } });
    await denies(s.guard, read(s.child), "policy_failed", { retry: true });
    await s.close();
  });

  test("that does not answer in time denies", async () => {
    const s = await scene({ policy: { version: "1", decide: () => new Promise(() => {}) } });
    const decision = s.guard.authorize(read(s.child));
    await s.pass(1_100);
    expect(await decision).toMatchObject({ effect: "deny", code: "policy_failed" });
    await s.close();
  });

  test("that answers after a cut finds the call refused", async () => {
    const s = await scene({ policy: { version: "1", decide: slowly } });
    const decision = s.guard.authorize(read(s.child));
    await s.revoke({ kind: "hop", tree: s.child.tree, hop: s.child.id });
    expect(await decision).toMatchObject({ effect: "deny", code: "delegation_revoked" });
    await s.close();
  });

  test("that answers after the guard went stale finds the call refused, unless the store confirms it", async () => {
    let answer = (): void => {};
    const decide = async () => {
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      return { effect: "allow", rules: [], obligations: [] } as const;
    };
    const s = await scene({ policy: { version: "1", decide } });
    const wire = faultyFeed(s.store);
    const far = new Guard({
      name: "far",
      audience: [AUDIENCE],
      trust: s.trust,
      feed: wire,
      admission: s.store,
      replay: new MemoryReplayStore(),
      policy: { version: "1", decide },
      timers: s.timers,
      clock: s.timers,
      maxStalenessMs: 200,
    });
    await far.start();
    for (const [down, verdict] of [
      [true, { effect: "deny", code: "status_unknown" }],
      [false, { effect: "allow" }],
    ] as const) {
      const decision = far.authorize(read(s.child));
      await settled();
      wire.faults.down = down;
      s.timers.jump(200);
      answer();
      expect(await decision).toMatchObject(verdict);
      wire.faults.down = false;
    }
    await s.close();
  });

  test("that answers after the token's end finds the call refused", async () => {
    let answer = (): void => {};
    const waiting = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const decide = async () => {
      await waiting;
      return { effect: "allow", rules: [], obligations: [] } as const;
    };
    const s = await scene({ policy: { version: "1", decide } });
    const short = await reader(s.root, { grant: { ...NARROW, expiresAt: START / 1_000 + 10 } });
    await s.pass(9_500);
    const decision = s.guard.authorize(read(short));
    await s.pass(600);
    answer();
    expect(await decision).toMatchObject({ effect: "deny", code: "token_expired", rule: "exp" });
    await s.close();
  });
});

describe("limits", () => {
  test("of what may only be handed on refuse its use", async () => {
    const s = await scene();
    const root = await s.open({
      principal: PRINCIPAL,
      agent: "planner",
      trigger: "t",
      grant: { ...GRANT, limits: { delegateOnly: ["files.read"] } },
    });
    await denies(s.guard, read(root), "tool_delegate_only", { hop: root.id });
    await allows(s.guard, root.call("web.search", {}));
    await s.close();
  });

  test("that a status list holds refuse a link that refers to one: no list is read here", async () => {
    const s = await scene();
    const { holder } = s.child;
    const key = generateSigningKey();
    const { tools } = holder.chain.grant;
    const status = { uri: "https://status.example.com/1", index: 3 };
    const draft = { agent: "deeper", holderKey: key, grant: { tools }, now: START };
    const listed = holdChain(key, handOn(holder, { ...draft, status }), {
      trust: s.trust,
      now: START,
    });
    const plain = holdChain(key, handOn(holder, draft), { trust: s.trust, now: START });
    const callWith = (held: Holder): Call => ({
      ...read(s.child),
      tokens: held.tokens,
      possession: proof({ holder: held }),
    });
    await allows(s.guard, callWith(plain));
    await denies(s.guard, callWith(listed), "status_unknown", { rule: "status" });
    await s.close();
  });

  test("that only the coordinator can count refuse links until they are exchanged", async () => {
    const s = await scene();
    const root = await s.open({
      principal: PRINCIPAL,
      agent: "planner",
      trigger: "t",
      grant: { ...GRANT, limits: { children: 1, depth: 3 } },
    });
    const link = root.link({ agent: "reader", grant: NARROW });
    await denies(s.guard, read(link), "hop_unregistered", { hop: link.id });
    const id = link.id;
    await link.exchange();
    expect(link.id).toBe(id);
    await allows(s.guard, read(link));
    const second = root.link({ agent: "reader", grant: NARROW });
    await expect(second.exchange()).rejects.toMatchObject({ code: "children_exhausted" });
    await s.close();
  });

  test("let links through offline where there are none", async () => {
    const s = await scene();
    const link = s.child.link({ agent: "deeper", grant: NARROW });
    await allows(s.guard, read(link));
    const { key, tokens, chain } = link.holder;
    const self = narrowToCall(
      { key, tokens, chain },
      { tool: "files.read", audience: AUDIENCE, now: START },
    );
    expect(self).toHaveLength(3);
    await allows(s.guard, read(link.selfLink("files.read")));
    await s.close();
  });
});

describe("an agent", () => {
  test("E23 may use its own broader token until it is cut, and no longer", async () => {
    const s = await scene();
    const link = s.root.link({ agent: "reader", grant: NARROW });
    await allows(s.guard, s.root.call("files.read", { path: "/reports/q2" }));
    await denies(s.guard, link.call("files.read", { path: "/reports/q2" }), "argument_refused");
    await s.revoke({ kind: "hop", tree: s.root.tree, hop: s.root.id });
    await denies(s.guard, s.root.call("files.read", { path: "/reports/q2" }), "delegation_revoked");
    await s.close();
  });

  test("that proved itself stands as proven, in a link too", async () => {
    const agents = new AgentRegistry();
    const identity = generateSigningKey();
    agents.add("reader", identity.jwk);
    const s = await scene({ agents });
    const proven = await reader(s.root, { identity });
    const link = s.root.link({ agent: "reader", grant: NARROW, identity });
    const identitiesOf = async (hop: EmbeddedHop) =>
      (await allows(s.guard, read(hop))).chain.hops.map((one) => one.identity);
    expect(await identitiesOf(proven)).toEqual(["asserted", "proven"]);
    expect(await identitiesOf(link)).toEqual(["asserted", "proven"]);
    expect(await identitiesOf(s.child)).toEqual(["asserted", "asserted"]);
    await s.close();
  });
});

function forged(token: string): string {
  const at = token.length - 10;
  const other = token[at] === "A" ? "B" : "A";
  return `${token.slice(0, at)}${other}${token.slice(at + 1)}`;
}

async function slowly() {
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  return { effect: "allow", rules: [], obligations: [] } as const;
}
