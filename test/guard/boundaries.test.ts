/** Each boundary of a cut, as a guard keeps it: what stops, and what lives on. @module */
import { describe, expect, test } from "vitest";
import { canonicalDigest } from "../../src/base/canonical.js";
import { systemRandom } from "../../src/base/random.js";
import { handOn } from "../../src/chain/holder.js";
import type { Call } from "../../src/guard/decision.js";
import type { Guard } from "../../src/guard/guard.js";
import type { EmbeddedHop } from "../../src/memory/embedded.js";
import { makeAatProof } from "../../src/token/aat-proof.js";
import { tokenDigest } from "../../src/token/jws.js";
import { generateSigningKey } from "../../src/token/key.js";
import { offerSession, type SessionClient } from "../../src/token/session.js";
import type { Boundary } from "../../src/wire/cut.js";
import { parseGrant } from "../../src/wire/grant.js";
import {
  AUDIENCE,
  allows,
  denies,
  GRANT,
  NARROW,
  PRINCIPAL,
  READ,
  type Rig,
  read,
  reader,
  rig,
  START,
} from "./rig.js";

/** root ─ middle ─ leaf, and a sibling of the middle. */
async function family(r: Rig) {
  const guard = await r.watch();
  const root = await r.root();
  const middle = await reader(root, { agent: "middle" });
  const leaf = await reader(middle, { agent: "leaf" });
  const sibling = await reader(root, { agent: "sibling" });
  return { guard, root, middle, leaf, sibling };
}

type Member = "root" | "middle" | "leaf" | "sibling";
type Family = Awaited<ReturnType<typeof family>>;

async function living({ guard, ...hops }: Family): Promise<Member[]> {
  const alive: Member[] = [];
  for (const name of ["root", "middle", "leaf", "sibling"] as const) {
    if ((await guard.authorize(read(hops[name]))).effect === "allow") alive.push(name);
  }
  return alive;
}

const hopOf = (hop: EmbeddedHop): Boundary => ({ kind: "hop", tree: hop.tree, hop: hop.id });

describe("a cut", () => {
  test.each<[string, (f: Family) => Boundary, Member[]]>([
    ["R01 of the root's hop stops everything", (f) => hopOf(f.root), []],
    ["R02 of a middle hop stops its branch alone", (f) => hopOf(f.middle), ["root", "sibling"]],
    ["R03 of a leaf stops the leaf alone", (f) => hopOf(f.leaf), ["root", "middle", "sibling"]],
    [
      "below a hop lets the hop itself live",
      (f) => ({ kind: "below", tree: f.root.tree, hop: f.middle.id }),
      ["root", "middle", "sibling"],
    ],
    ["of the tree stops everything", (f) => ({ kind: "tree", tree: f.root.tree }), []],
    [
      "of an agent stops its hops and what lies below",
      () => ({ kind: "agent", agent: "middle" }),
      ["root", "sibling"],
    ],
    [
      "of an agent that acts nowhere stops nothing",
      () => ({ kind: "agent", agent: "leav" }),
      ["root", "middle", "leaf", "sibling"],
    ],
    ["of the principal stops all of their trees", () => ({ kind: "principal", ...PRINCIPAL }), []],
    [
      "of another issuer's principal of that name stops nothing",
      () => ({ kind: "principal", ...PRINCIPAL, issuer: "https://id.example.org" }),
      ["root", "middle", "leaf", "sibling"],
    ],
    ["of the epoch stops everything minted so far", () => ({ kind: "epoch" }), []],
    [
      "of a key stops whatever it signs or confirms",
      (f) => ({ kind: "key", thumbprint: f.middle.holder.key.thumbprint }),
      ["root", "sibling"],
    ],
    [
      "of the coordinator's key stops everything",
      (f) => ({ kind: "key", thumbprint: signerOf(f.root) }),
      [],
    ],
    [
      "that bans an agent stops it and what lies below",
      () => ({ kind: "ban", agent: "leaf" }),
      ["root", "middle", "sibling"],
    ],
  ])("%s", async (_what, boundary, alive) => {
    const r = await rig();
    const f = await family(r);
    expect(await living(f)).toEqual(["root", "middle", "leaf", "sibling"]);
    await r.revoke(boundary(f));
    expect(await living(f)).toEqual(alive);
    await r.close();
  });

  test("names the hop that it hits and its kind", async () => {
    const r = await rig();
    const { guard, root, middle, leaf } = await family(r);
    await r.revoke(hopOf(middle));
    await denies(guard, read(leaf), "delegation_revoked", { hop: middle.id, rule: "hop" });
    await r.revoke({ kind: "tree", tree: root.tree });
    await denies(guard, read(leaf), "delegation_revoked", { hop: root.id, rule: "tree" });
    await r.close();
  });

  test("holds in its own tenant and no other", async () => {
    const r = await rig();
    const guard = await r.watch();
    const here = await r.root();
    const there = await r.root({ tenant: "other" });
    await r.coordinator.revoke(
      { operator: "op", tenant: "other" },
      { boundary: { kind: "epoch" } },
    );
    await allows(guard, read(here));
    await denies(guard, read(there), "delegation_revoked", { rule: "epoch" });
    await r.close();
  });

  test.each<Boundary>([
    { kind: "agent", agent: "planner" },
    { kind: "principal", ...PRINCIPAL },
    { kind: "epoch" },
  ])(
    "of $kind covers what was minted before it, and not what is minted after",
    async (boundary) => {
      const r = await rig();
      const guard = await r.watch();
      const before = await r.root();
      await r.revoke(boundary);
      const after = await r.root();
      await denies(guard, read(before), "delegation_revoked", { rule: boundary.kind });
      await allows(guard, read(after));
      await expect(before.renew()).rejects.toMatchObject({ code: "delegation_revoked" });
      await expect(reader(before)).rejects.toMatchObject({ code: "delegation_revoked" });
      await r.revoke(boundary);
      await denies(guard, read(after), "delegation_revoked", { rule: boundary.kind });
      await r.close();
    },
  );

  test("of what was minted so far covers links that are made later below an older anchor", async () => {
    const r = await rig();
    const guard = await r.watch();
    const root = await r.root();
    await r.revoke({ kind: "agent", agent: "reader" });
    const late = () => read(root.link({ agent: "reader", grant: NARROW }));
    await denies(guard, late(), "delegation_revoked", { rule: "agent" });
    await root.renew();
    await allows(guard, late());
    await r.close();
  });

  test.each(["key", "ban"] as const)(
    "R23 by %s covers what comes after it as well",
    async (kind) => {
      const r = await rig();
      const guard = await r.watch();
      const root = await r.root();
      const link = root.link({ agent: "mallory", grant: NARROW });
      await r.revoke(
        kind === "ban"
          ? { kind, agent: "mallory" }
          : { kind, thumbprint: link.holder.key.thumbprint },
      );
      await root.renew();
      const again = root.link({ agent: "mallory", grant: NARROW, key: link.holder.key });
      await denies(guard, read(again), "delegation_revoked", { rule: kind, hop: again.id });
      await allows(guard, read(root));
      await r.close();
    },
  );

  test("below a hop leaves its self-links alive", async () => {
    const r = await rig();
    const { guard, middle, leaf, root } = await family(r);
    await r.revoke({ kind: "below", tree: root.tree, hop: middle.id });
    await allows(guard, read(middle.selfLink("files.read")));
    await denies(guard, read(leaf.selfLink("files.read")), "delegation_revoked", { rule: "below" });
    await r.close();
  });

  test("R06 is a holder's own to make", async () => {
    const r = await rig();
    const { guard, root, leaf } = await family(r);
    await leaf.revoke();
    await denies(guard, read(leaf), "delegation_revoked", { hop: leaf.id });
    await allows(guard, read(root));
    await r.close();
  });

  test("R09 of a link that nobody has seen is kept when it appears", async () => {
    const r = await rig();
    const guard = await r.watch();
    const root = await r.root();
    const link = root.link({ agent: "reader", grant: NARROW });
    await r.revoke(hopOf(link));
    await denies(guard, read(link), "delegation_revoked", { hop: link.id });
    await denies(guard, read(link.link({ agent: "deeper", grant: NARROW })), "delegation_revoked", {
      hop: link.id,
    });
    await allows(guard, read(root));
    await r.close();
  });

  test("R11 covers links made offline after it", async () => {
    const r = await rig();
    const { guard, leaf } = await family(r);
    await r.revoke(hopOf(leaf));
    const link = leaf.link({ agent: "later", grant: NARROW });
    await denies(guard, read(link), "delegation_revoked", { hop: leaf.id });
    await r.close();
  });

  test("R14 of the root reaches living hops below an expired one", async () => {
    const r = await rig();
    const guard = await r.watch();
    const root = await r.root({ grant: { ...GRANT, limits: { depth: 60 } } });
    let deep = root;
    for (let depth = 0; depth < 25; depth += 1) deep = await reader(deep, { agent: `a${depth}` });
    await allows(guard, read(deep));
    await r.revoke(hopOf(root));
    await denies(guard, read(deep), "delegation_revoked", { hop: root.id });
    await r.close();
  });

  test("R04 above ten thousand descendants is one write and stops them all", async () => {
    const r = await rig();
    const guard = await r.watch();
    const root = await r.root();
    const parents: EmbeddedHop[] = [];
    for (let at = 0; at < 10; at += 1) parents.push(await reader(root, { agent: `p${at}` }));
    // One key and one session for all: a signature each would be most of the test's time.
    const key = generateSigningKey();
    const opener = parents[0]?.link({ agent: "c", grant: NARROW, key }) ?? root;
    const session = await openSession(guard, opener);
    const calls = parents.flatMap(({ holder }) =>
      Array.from({ length: 1_000 }, (_, at) => {
        const { tools } = parseGrant(NARROW, { now: START });
        const draft = { agent: `c${at}`, holderKey: key, grant: { tools }, now: START };
        return sessionCall(session, handOn(holder, draft));
      }),
    );
    await allows(guard, calls[0] ?? read(root));
    const before = (await r.lines()).length;
    const { entry } = await r.revoke(hopOf(root));
    expect((await r.lines()).length - before).toBe(1);
    expect(guard.status()).toMatchObject({ cutsKnown: 1, position: entry.position });
    const verdicts: Record<string, number> = {};
    for (const call of calls.slice(1)) {
      const code = await codeOf(guard, call);
      verdicts[code] = (verdicts[code] ?? 0) + 1;
    }
    expect(verdicts).toEqual({ delegation_revoked: 9_999 });
    await r.close();
  }, 300_000);
});

async function openSession(guard: Guard, hop: EmbeddedHop): Promise<SessionClient> {
  const { key, tokens, chain } = hop.holder;
  const offer = offerSession();
  const asked = { tool: "files.read", arguments: READ, audience: AUDIENCE };
  const accessToken = tokens.at(-1) ?? "";
  const proof = makeAatProof({
    ...asked,
    key,
    accessToken,
    tokenId: chain.tokenId,
    nowMs: START,
    random: systemRandom,
    epk: offer.epk,
  });
  const { session } = await allows(guard, { ...asked, tokens, possession: { kind: "aat", proof } });
  if (session === undefined) throw new Error("no session");
  return offer.accept(session, { holder: key.thumbprint, audience: AUDIENCE });
}

function sessionCall(session: SessionClient, tokens: readonly string[]): Call {
  const leafDigest = tokenDigest(tokens.at(-1) ?? "");
  const possession = session.prove({
    leafDigest,
    tool: "files.read",
    argumentsDigest: canonicalDigest(READ),
  });
  return { tokens, possession, tool: "files.read", arguments: READ, audience: AUDIENCE };
}

async function codeOf(guard: Guard, call: Call): Promise<string> {
  const decision = await guard.authorize(call);
  return decision.effect === "allow" ? "allow" : decision.code;
}

describe("a suspension", () => {
  test("R22 stops a hop and all below until it is lifted, and no longer than the hop lives", async () => {
    const r = await rig();
    const { guard, root, middle, leaf, sibling } = await family(r);
    const operator = { operator: "op" };
    const { entry } = await r.coordinator.suspend(operator, { hop: middle.id });
    await denies(guard, read(leaf), "delegation_suspended", {
      hop: middle.id,
      rule: "suspension",
      retry: true,
    });
    await allows(guard, read(root));
    await allows(guard, read(sibling));
    await r.coordinator.resume(operator, { hop: middle.id, suspension: entry.id });
    await allows(guard, read(leaf));
    await r.coordinator.suspend(operator, { hop: middle.id });
    await r.revoke(hopOf(middle));
    await denies(guard, read(leaf), "delegation_revoked", { hop: middle.id });
    await r.close();
  });

  test("D-suspend-resume holds while any one of several is not lifted", async () => {
    const r = await rig();
    const { guard, middle } = await family(r);
    const operator = { operator: "op" };
    const one = await r.coordinator.suspend(operator, { hop: middle.id });
    const two = await r.coordinator.suspend(operator, { hop: middle.id });
    await r.coordinator.resume(operator, { hop: middle.id, suspension: two.entry.id });
    await denies(guard, read(middle), "delegation_suspended");
    await r.coordinator.resume(operator, { hop: middle.id, suspension: one.entry.id });
    await allows(guard, read(middle));
    await r.close();
  });
});

describe("the end of a task", () => {
  test("ends its hop and everything below, and nothing else", async () => {
    const r = await rig();
    const { guard, root, middle, leaf } = await family(r);
    await middle.complete("done");
    await denies(guard, read(middle), "delegation_revoked", { hop: middle.id });
    await denies(guard, read(leaf), "delegation_revoked", { hop: middle.id });
    await allows(guard, read(root));
    await r.close();
  });

  test("by narrowing leaves the narrower hop, with the same key", async () => {
    const r = await rig();
    const { guard, middle } = await family(r);
    const narrower = await middle.narrow({
      tools: { "files.read": { path: { constraint_type: "path", under: "/reports/q3/b" } } },
    });
    await denies(guard, read(middle), "delegation_revoked", { hop: middle.id });
    await denies(guard, read(narrower), "argument_refused", { rule: "files.read.path" });
    await allows(guard, narrower.call("files.read", { path: "/reports/q3/b/c" }));
    await r.revoke(hopOf(middle));
    await denies(
      guard,
      narrower.call("files.read", { path: "/reports/q3/b/c" }),
      "delegation_revoked",
    );
    await r.close();
  });

  test("D-lapsed-lease by a lease that nobody renews stops the whole tree", async () => {
    const r = await rig();
    const guard = await r.watch();
    const root = await r.root({ leaseSeconds: 10 });
    const child = await reader(root);
    await r.pass(6_000);
    await root.renewLease(10);
    await child.renew();
    await r.pass(6_000);
    await allows(guard, read(child));
    const running = await allows(guard, read(root));
    await r.pass(4_000);
    expect(running.signal.aborted).toBe(true);
    await denies(guard, read(root), "token_expired");
    await expect(root.renewLease(10)).rejects.toMatchObject({ code: "token_expired" });
    await r.close();
  });
});

function signerOf(hop: EmbeddedHop): string {
  const [signer] = hop.holder.chain.keys;
  if (signer === undefined) throw new Error("no key");
  return signer;
}
