import { describe, expect, test } from "vitest";
import { systemRandom } from "../../src/base/random.js";
import { makeAgentProof } from "../../src/token/agent-proof.js";
import { generateSigningKey } from "../../src/token/key.js";
import { audit, claimsOf, GRANT, house, ISSUER, refuses, START } from "./house.js";

describe("open", () => {
  test("makes a tree whose root anchor stands alone, with a lineage of one", async () => {
    const h = house();
    const root = await h.open();
    const chain = h.verify(root.tokens);
    expect(chain).toMatchObject({
      tree: root.hop,
      tenant: "default",
      principal: { issuer: "https://id.example", subject: "ana" },
      hops: [{ id: root.hop, agent: "planner", identity: "asserted", holder: root.key.thumbprint }],
      bearer: false,
      hopsLeft: 4,
      offline: [],
    });
    expect(await h.store.hop("default", root.hop)).toMatchObject({ state: "active", depth: 0 });
    expect(await h.store.tree("default", root.hop)).toMatchObject({ trigger: "task-1" });
  });

  test("gives the default depth to a grant that names none", async () => {
    const h = house();
    const root = await h.open({ grant: { tools: GRANT.tools } });
    expect(h.verify(root.tokens).hopsLeft).toBe(5);
  });

  test("writes who asked, which agent and why into the audit log, in the same step", async () => {
    const h = house();
    const root = await h.open();
    const lines = await audit(h);
    expect(lines.map(({ event }) => event)).toContainEqual(
      expect.objectContaining({
        kind: "hop.opened",
        hop: root.hop,
        agent: "planner",
        requester: "https://id.example ana",
      }),
    );
  });

  test("K02 leaves no token and no key in the audit log", async () => {
    const h = house();
    const root = await h.open();
    const child = await h.delegate(root);
    const text = JSON.stringify(await audit(h));
    for (const secret of [root.tokens[0], child.tokens[0], root.key.jwk.x, child.key.jwk.x]) {
      expect(text).not.toContain(secret);
    }
  });

  test("takes an agent for proven when its identity key signed this holder key", async () => {
    const h = house();
    const identity = generateSigningKey();
    h.agents.add("planner", identity.jwk);
    const key = generateSigningKey();
    const agentProof = makeAgentProof({
      key: identity,
      agent: "planner",
      holder: key.thumbprint,
      parent: "",
      audience: ISSUER,
      nowMs: START,
      random: systemRandom,
    });
    const root = await h.open({ agentProof }, key);
    expect(h.verify(root.tokens).hops[0]?.identity).toBe("proven");
  });

  test("refuses a proof of identity that is for another key instead of taking the agent as asserted", async () => {
    const h = house();
    const identity = generateSigningKey();
    h.agents.add("planner", identity.jwk);
    const agentProof = makeAgentProof({
      key: identity,
      agent: "planner",
      holder: generateSigningKey().thumbprint,
      parent: "",
      audience: ISSUER,
      nowMs: START,
      random: systemRandom,
    });
    await refuses("proof_invalid", h.open({ agentProof }), { rule: "sub" });
  });

  test("never signs a token that outlives the root's lease", async () => {
    const h = house();
    const root = await h.open({ leaseSeconds: 60 });
    expect(root.issued.expiresAt).toBe(START + 60_000);
    expect(root.issued.hop.expiresAt).toBe(START + 300_000);
  });

  test("mints a bearer root for one audience, minutes to live and no hops left", async () => {
    const h = house();
    const grant = { ...GRANT, limits: {}, audience: ["https://files.example.com"] };
    const root = await h.open({ bearer: true, grant });
    expect(h.verify(root.tokens)).toMatchObject({ bearer: true, hopsLeft: 0 });
    expect(claimsOf(root.tokens[0] ?? "").exp).toBeLessThanOrEqual((START + 300_000) / 1_000);
  });

  const audience = ["https://files.example.com"];
  test.each([
    ["two audiences", { audience: [...audience, "https://b.example"] }, "audience"],
    ["no audience", {}, "audience"],
    ["a hop left", { audience, limits: { depth: 1 } }, "limits.depth"],
    ["an hour to live", { audience, expiresAt: START / 1_000 + 3_600 }, "expiresAt"],
  ])("refuses to mint as bearer with %s", async (_what, more, rule) => {
    const grant = { tools: GRANT.tools, ...more };
    await refuses("bearer_not_allowed", house().open({ bearer: true, grant }), { rule });
  });

  const jwk = generateSigningKey().jwk;
  test.each([
    [
      "C25 refuses a root without a subject",
      { principal: { issuer: "x", subject: "" } },
      "invalid_request",
    ],
    [
      "refuses a root without an issuer of its subject",
      { principal: { subject: "ana" } },
      "invalid_request",
    ],
    ["refuses an unknown member", { lifetime: 1 }, "invalid_request"],
    [
      "S10 refuses a holder key with a private member",
      { holderKey: { ...jwk, d: jwk.x } },
      "key_invalid",
    ],
    ["refuses a grant without tools and scopes", { grant: {} }, "invalid_grant_shape"],
    [
      "S20 refuses a constraint of an unknown type",
      { grant: { tools: { t: { a: { constraint_type: "cel" } } } } },
      "unknown_constraint",
    ],
    [
      "A29 refuses a life longer than the ceiling",
      { grant: { ...GRANT, expiresAt: START / 1_000 + 91 * 86_400 } },
      "lifetime_invalid",
    ],
    [
      "refuses a life that is over",
      { grant: { ...GRANT, expiresAt: START / 1_000 - 1 } },
      "lifetime_invalid",
    ],
  ])("%s", async (_what, request, code) => {
    await refuses(code, house().open(request));
  });

  test("D-chosen-id gives every hop an id that nobody can choose", async () => {
    const h = house();
    await refuses("invalid_request", h.open({ id: "chosen" }));
    const [a, b] = [await h.open(), await h.open()];
    expect(a.hop).not.toBe(b.hop);
  });

  test("R23 refuses a banned agent", async () => {
    const h = house();
    const boundary = { kind: "ban", agent: "planner" };
    await h.coordinator.revoke({ operator: "op" }, { boundary });
    await refuses("delegation_revoked", h.open());
  });
});
