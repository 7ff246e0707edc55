import { describe, expect, test } from "vitest";
import { systemRandom } from "../../src/base/random.js";
import { createCoordinator } from "../../src/coordinator/coordinator.js";
import { MemoryReplayStore } from "../../src/memory/replay.js";
import { createMemoryStore } from "../../src/memory/store.js";
import { makeAgentProof } from "../../src/token/agent-proof.js";
import { generateSigningKey } from "../../src/token/key.js";
import {
  claimsOf,
  GRANT,
  type Holder,
  held,
  house,
  ISSUER,
  NARROW,
  refuses,
  START,
} from "./house.js";

const asked = (key = generateSigningKey(), more: object = {}) => ({
  agent: "reader",
  holderKey: key.jwk,
  grant: NARROW,
  ...more,
});

describe("delegate", () => {
  test("makes a narrower hop whose anchor names its whole lineage and carries one signature", async () => {
    const h = house();
    const root = await h.open();
    const child = await h.delegate(root);
    const chain = h.verify(child.tokens);
    expect(child.tokens).toHaveLength(1);
    expect(chain.hops.map(({ id, agent }) => [id, agent])).toEqual([
      [root.hop, "planner"],
      [child.hop, "reader"],
    ]);
    expect(chain.principal).toEqual({ issuer: "https://id.example", subject: "ana" });
    expect(Object.keys(chain.grant.tools)).toEqual(["files.read"]);
    expect(chain.hopsLeft).toBe(3);
    expect(await h.store.hop("default", child.hop)).toMatchObject({ parent: root.hop, depth: 1 });
  });

  test("C08 lets an agent appear twice in a chain, as another hop with another key", async () => {
    const h = house();
    const a = await h.open({ agent: "a" });
    const b = await h.delegate(a, { agent: "b", grant: GRANT_BELOW });
    const again = await h.delegate(b, { agent: "a" });
    expect(h.verify(again.tokens).hops.map(({ agent }) => agent)).toEqual(["a", "b", "a"]);
  });

  const GRANT_BELOW = { tools: GRANT.tools };

  test.each([
    [
      "A01 refuses a tool that the parent lacks",
      { tools: { "pay.refund": {} } },
      "tools.pay.refund",
    ],
    [
      "A20 refuses a path that only looks like the parent's",
      { tools: { "files.read": { path: { constraint_type: "path", under: "/reports2" } } } },
      "tools.files.read.path",
    ],
    [
      "A30 refuses a child that outlives its parent",
      { ...NARROW, expiresAt: START / 1_000 + 600 },
      "expiresAt",
    ],
    [
      "refuses as many hops as the parent has left",
      { ...NARROW, limits: { depth: 4 } },
      "limits.depth",
    ],
  ])("%s", async (_what, grant, rule) => {
    const h = house();
    const root = await h.open();
    await refuses("grant_exceeds_parent", h.delegate(root, { grant }), { rule });
  });

  test("gives a child that names no expiry what its parent has left", async () => {
    const h = house();
    const root = await h.open();
    h.clock.advance(100_000);
    const child = await h.delegate(root);
    expect(child.issued.expiresAt).toBe(START + 300_000);
  });

  test("S37 refuses a hop below one that has none left", async () => {
    const h = house();
    const root = await h.open({ depth: 0, grant: { tools: GRANT.tools } });
    await refuses("depth_exhausted", h.delegate(root), { hop: root.hop });
  });

  test("R33 gives exactly ten hops to a hundred parallel delegations at a limit of ten", async () => {
    const h = house();
    const root = await h.open({ grant: { ...GRANT, limits: { depth: 4, children: 10 } } });
    const all = await Promise.allSettled(Array.from({ length: 100 }, () => h.delegate(root)));
    expect(all.filter(({ status }) => status === "fulfilled")).toHaveLength(10);
    const codes = all.flatMap((one) => (one.status === "rejected" ? [one.reason.code] : []));
    expect(new Set(codes)).toEqual(new Set(["children_exhausted"]));
  });

  describe("possession", () => {
    test("P01 refuses a chain without a proof", async () => {
      const h = house();
      const root = await h.open();
      const run = h.coordinator.delegate(
        { tokens: root.tokens, possession: { kind: "none" } },
        asked(),
      );
      await refuses("proof_missing", run);
    });

    test("D-stolen-chain refuses a chain without its leaf's key", async () => {
      const h = house();
      const root = await h.open();
      const thief: Holder = { ...root, key: generateSigningKey() };
      await refuses("proof_invalid", h.delegate(thief));
    });

    test("P05 refuses a proof by an ancestor's key", async () => {
      const h = house();
      const root = await h.open();
      const child = await h.delegate(root);
      await refuses("proof_invalid", h.delegate({ ...child, key: root.key }));
    });

    test("P13 refuses a request of which anything was swapped after it was proved", async () => {
      const h = house();
      const root = await h.open();
      const request = asked();
      for (const swap of [
        { agent: "mallory" },
        { holderKey: generateSigningKey().jwk },
        { grant: GRANT },
      ]) {
        const presented = h.present(root, "delegate", request);
        await refuses("proof_invalid", h.coordinator.delegate(presented, { ...request, ...swap }), {
          rule: "hta",
        });
      }
    });

    test("P13 refuses a proof that was made for another verb", async () => {
      const h = house();
      const root = await h.open();
      const request = asked();
      const presented = h.present(root, "exchange", request);
      await refuses("proof_invalid", h.coordinator.delegate(presented, request), {
        rule: "aat_tool",
      });
    });

    test("P07 refuses a proof that was shown before", async () => {
      const h = house();
      const root = await h.open();
      const request = asked();
      const presented = h.present(root, "delegate", request);
      await h.coordinator.delegate(presented, request);
      await refuses("proof_replayed", h.coordinator.delegate(presented, request));
    });

    test("refuses a bearer token, which proves nobody's possession", async () => {
      const h = house();
      const grant = { ...GRANT, limits: {}, audience: ["https://files.example.com"] };
      const root = await h.open({ bearer: true, grant });
      const run = h.coordinator.delegate(
        { tokens: root.tokens, possession: { kind: "none" } },
        asked(),
      );
      await refuses("bearer_not_allowed", run);
    });
  });

  describe("the store's word", () => {
    test.each([
      ["hop", "delegation_revoked"],
      ["tree", "delegation_revoked"],
      ["agent", "delegation_revoked"],
      ["principal", "delegation_revoked"],
      ["epoch", "delegation_revoked"],
      ["key", "delegation_revoked"],
      ["ban", "delegation_revoked"],
      ["below", "delegation_revoked"],
    ])("refuses below a parent that a cut of kind %s covers", async (kind, code) => {
      const h = house();
      const root = await h.open();
      const boundary = {
        hop: { kind, tree: root.hop, hop: root.hop },
        below: { kind, tree: root.hop, hop: root.hop },
        tree: { kind, tree: root.hop },
        agent: { kind, agent: "planner" },
        principal: { kind, issuer: "https://id.example", subject: "ana" },
        epoch: { kind },
        key: { kind, thumbprint: root.key.thumbprint },
        ban: { kind, agent: "planner" },
      }[kind];
      await h.coordinator.revoke({ operator: "op" }, { boundary });
      await refuses(code, h.delegate(root));
    });

    test("looks again when a newer cut of the delegatee's agent would cover the hop, and then makes it", async () => {
      const h = house();
      const root = await h.open();
      await h.store.revoke({
        tenant: "default",
        boundary: { kind: "agent", agent: "reader" },
        event: { kind: "cut", tenant: "default" },
        now: START,
      });
      const child = await h.delegate(root);
      expect(h.verify(child.tokens).position).toBeGreaterThanOrEqual(1);
      expect(child.issued.hop.state).toBe("active");
    });

    test("C20 refuses an anchor that the store has no record of", async () => {
      const h = house();
      const other = house({ keys: h.keys });
      const root = await other.open();
      await refuses("hop_not_found", h.delegate(root));
    });

    test("D-empty-restart brings nothing back in a store that started empty", async () => {
      const h = house();
      const root = await h.open();
      const boundary = { kind: "hop", tree: root.hop, hop: root.hop };
      await h.coordinator.revoke({ operator: "op" }, { boundary });
      const restarted = house({ keys: h.keys, store: createMemoryStore({ clock: h.clock }) });
      await refuses("hop_not_found", restarted.delegate(root));
      await refuses(
        "hop_not_found",
        restarted.coordinator.exchange(restarted.present(root, "exchange", {}), {}),
      );
    });

    test("C26 answers a parent of another tenant exactly as one that does not exist", async () => {
      const h = house();
      const root = await h.open({ tenant: "acme" });
      const elsewhere = { operator: "op", tenant: "other" };
      const seen = await Promise.allSettled([
        h.coordinator.inspectNode(elsewhere, root.hop),
        h.coordinator.inspectNode(elsewhere, "01890000-0000-7000-8000-000000000000"),
      ]);
      const [theirs, nobodys] = seen.map((one) => (one.status === "rejected" ? one.reason : one));
      expect(theirs.code).toBe("hop_not_found");
      expect([theirs.code, theirs.message]).toEqual([nobodys.code, nobodys.message]);
    });

    test("S12 keeps a foreign coordinator's anchor out", async () => {
      const root = await house().open();
      await refuses("signature_invalid", house().delegate(root));
    });
  });

  describe("again with the same key", () => {
    test("gives the same hop to the same request, however often it is sent", async () => {
      const h = house();
      const root = await h.open();
      const key = generateSigningKey();
      const first = await h.delegate(root, { idempotencyKey: "k" }, key);
      const second = await h.delegate(root, { idempotencyKey: "k" }, key);
      expect(second.hop).toBe(first.hop);
      expect(second.issued.outcome).toBe("existing");
      expect((await h.coordinator.inspectNode({ operator: "op" }, root.hop)).children).toBe(1);
    });

    test("refuses another request under a key that was used", async () => {
      const h = house();
      const root = await h.open();
      await h.delegate(root, { idempotencyKey: "k" });
      await refuses(
        "idempotency_conflict",
        h.delegate(root, { idempotencyKey: "k", agent: "writer" }),
      );
    });

    test("D-new-key-retry cuts the first hop and takes its slot when a process comes back with another key", async () => {
      const h = house();
      const root = await h.open({ grant: { ...GRANT, limits: { depth: 4, children: 1 } } });
      const first = await h.delegate(root, { idempotencyKey: "k" });
      const second = await h.delegate(root, { idempotencyKey: "k" });
      expect(second.issued.outcome).toBe("replaced");
      expect((await h.store.hop("default", first.hop))?.state).toBe("revoked");
      expect((await h.store.hop("default", second.hop))?.state).toBe("active");
      await refuses("delegation_revoked", h.delegate(first));
    });

    test("does not bring back a hop that was cut meanwhile", async () => {
      const h = house();
      const root = await h.open();
      const key = generateSigningKey();
      const first = await h.delegate(root, { idempotencyKey: "k" }, key);
      const boundary = { kind: "hop", tree: root.hop, hop: first.hop };
      await h.coordinator.revoke({ operator: "op" }, { boundary });
      await refuses("delegation_revoked", h.delegate(root, { idempotencyKey: "k" }, key));
    });
  });

  describe("proven agents", () => {
    const proofFor = (h: ReturnType<typeof house>, parent: Holder, key = generateSigningKey()) => {
      const identity = generateSigningKey();
      h.agents.add("deployer", identity.jwk);
      const agentProof = makeAgentProof({
        key: identity,
        agent: "deployer",
        holder: key.thumbprint,
        parent: h.verify(parent.tokens).parHash,
        audience: ISSUER,
        nowMs: h.clock.now(),
        random: systemRandom,
      });
      return { key, request: { agent: "deployer", agentProof } };
    };
    const handOver = {
      tools: { "deploy.run": {} },
      limits: { depth: 2, delegateOnly: ["deploy.run"] },
    };
    const toUse = { tools: { "deploy.run": {} }, limits: { delegateOnly: [] } };

    test("get a tool that their parent may only hand on", async () => {
      const h = house();
      const root = await h.open({ grant: handOver });
      const { key, request } = proofFor(h, root);
      const child = await h.delegate(root, { ...request, grant: toUse }, key);
      expect(h.verify(child.tokens).hops.at(-1)?.identity).toBe("proven");
      expect(h.verify(child.tokens).grant.limits.delegateOnly).toEqual([]);
    });

    test("and asserted ones do not", async () => {
      const h = house();
      const root = await h.open({ grant: handOver });
      const run = h.delegate(root, { agent: "deployer", grant: toUse });
      await refuses("grant_exceeds_parent", run, { rule: "tools.deploy.run" });
    });

    test("nor the delegating agent itself, proven or not", async () => {
      const h = house();
      const root = await h.open({ grant: handOver, agent: "deployer" });
      const { key, request } = proofFor(h, root);
      const run = h.delegate(root, { ...request, grant: toUse }, key);
      await refuses("grant_exceeds_parent", run, { rule: "tools.deploy.run" });
    });

    test("cannot take their proof to another parent", async () => {
      const h = house();
      const [root, other] = [await h.open({ grant: handOver }), await h.open({ grant: handOver })];
      const { key, request } = proofFor(h, other);
      await refuses("proof_invalid", h.delegate(root, { ...request, grant: toUse }, key), {
        rule: "par",
      });
    });
  });

  test("serves a warm parent by a session's MAC once a signed proof has opened it", async () => {
    const { offerSession } = await import("../../src/token/session.js");
    const { makeAatProof } = await import("../../src/token/aat-proof.js");
    const { canonicalDigest } = await import("../../src/base/canonical.js");
    const h = house();
    const root = await h.open();
    const leaf = root.tokens[0] ?? "";
    const offer = offerSession();
    const first = asked();
    const proof = makeAatProof({
      key: root.key,
      tokenId: claimsOf(leaf).jti as string,
      tool: "legate.delegate",
      arguments: first,
      audience: ISSUER,
      accessToken: leaf,
      nowMs: START,
      random: systemRandom,
      epk: offer.epk,
    });
    const opened = await h.coordinator.delegate(
      { tokens: root.tokens, possession: { kind: "aat", proof } },
      first,
    );
    if (opened.session === undefined) throw new Error("no session came back");
    const session = offer.accept(opened.session, { holder: root.key.thumbprint, audience: ISSUER });
    const next = asked();
    const call = {
      leafDigest: h.verify(root.tokens).digest,
      tool: "legate.delegate",
      argumentsDigest: canonicalDigest(next),
    };
    const possession = session.prove(call);
    const made = await h.coordinator.delegate({ tokens: root.tokens, possession }, next);
    expect(made.status).toBe("active");
    await refuses(
      "proof_replayed",
      h.coordinator.delegate({ tokens: root.tokens, possession }, next),
    );
    // The MAC is over the key as it was sent, member for member.
    const { x = "" } = generateSigningKey().jwk;
    const bare = { x, kty: "OKP", crv: "Ed25519" };
    for (const holderKey of [
      bare,
      { ...bare, use: "sig" },
      { ...bare, kid: "mine", alg: "EdDSA" },
    ]) {
      const request = { ...asked(), holderKey };
      const proved = session.prove({ ...call, argumentsDigest: canonicalDigest(request) });
      const presented = { tokens: root.tokens, possession: proved };
      expect((await h.coordinator.delegate(presented, request)).status).toBe("active");
      const other = { ...request, holderKey: { ...holderKey, use: "sig", alg: "EdDSA" } };
      const swapped = session.prove({ ...call, argumentsDigest: canonicalDigest(request) });
      await refuses(
        "proof_invalid",
        h.coordinator.delegate({ tokens: root.tokens, possession: swapped }, other),
      );
    }
  });

  test("P20 keeps what an earlier key signed, and signs with the new one", async () => {
    const { rotate } = await import("../../src/token/jwks.js");
    const h = house();
    const root = await h.open();
    const ring = rotate(h.keys, generateSigningKey());
    h.coordinator.useKeys(ring);
    const request = asked();
    const made = await h.coordinator.delegate(h.present(root, "delegate", request), request);
    if (made.status !== "active") throw new Error("pending");
    const header = JSON.parse(Buffer.from(made.token.split(".")[0] ?? "", "base64url").toString());
    expect(header.kid).toBe(ring.current.kid);
  });

  test("E15 refuses a forged anchor before it looks at anything in it", async () => {
    const h = house();
    const forger = createCoordinator({
      store: createMemoryStore({ clock: h.clock }),
      keys: h.keys,
      issuer: "https://other.example",
      replay: new MemoryReplayStore(),
      clock: h.clock,
    });
    const key = generateSigningKey();
    const issued = await forger.open({
      principal: { issuer: "x", subject: "ana" },
      agent: "planner",
      holderKey: key.jwk,
      grant: GRANT,
      trigger: "t",
    });
    await refuses("issuer_invalid", h.delegate(held(issued, key)));
  });
});
