import { describe, expect, test } from "vitest";
import { systemRandom } from "../../src/base/random.js";
import { makeAgentProof } from "../../src/token/agent-proof.js";
import { generateSigningKey } from "../../src/token/key.js";
import { GRANT, type Holder, held, house, ISSUER, NARROW, refuses, START } from "./house.js";

const op = { operator: "op" };
type H = ReturnType<typeof house>;
const narrow = (h: H, holder: Holder, request: Record<string, unknown>) =>
  h.coordinator.narrow(h.present(holder, "narrow", request), request);
const WIDE = { tools: GRANT.tools };

describe("narrow", () => {
  test("replaces a hop by a narrower one in the same place, and cuts everything below the old one", async () => {
    const h = house();
    const root = await h.open();
    const child = await h.delegate(root, { grant: WIDE });
    const below = await h.delegate(child);
    const { hop, issued } = await narrow(h, child, { hop: child.hop, grant: NARROW });
    expect(hop).toMatchObject({
      parent: root.hop,
      agent: "reader",
      depth: 1,
      predecessor: child.hop,
    });
    expect(Object.keys(issued?.grant.tools ?? {})).toEqual(["files.read"]);
    expect((await h.store.hop("default", child.hop))?.state).toBe("superseded");
    const [state] = (await h.store.chain("default", below.hop))
      .slice(-1)
      .map(({ effective }) => effective);
    expect(state).not.toBe("active");
    await expect(h.delegate(child)).rejects.toMatchObject({
      code: expect.stringMatching(/revoked|not_active/),
    });
    if (issued === undefined) throw new Error("own holder gets its token");
    await expect(h.delegate(held(issued, child.key))).resolves.toBeDefined();
  });

  test("D-narrow-budget keeps the predecessor's counters", async () => {
    const h = house();
    const root = await h.open();
    const child = await h.delegate(root, { grant: { ...WIDE, limits: { children: 2 } } });
    await h.delegate(child);
    await h.delegate(child);
    const { issued } = await narrow(h, child, { hop: child.hop, grant: NARROW });
    if (issued === undefined) throw new Error("own holder gets its token");
    expect(issued.hop.counters.children).toBe(2);
    await refuses("children_exhausted", h.delegate(held(issued, child.key)));
    expect(await h.store.counters("default", root.hop)).toMatchObject({ children: 1 });
  });

  test("D-narrow-escape lets a later cut of the predecessor cut its successor in the same step", async () => {
    const h = house();
    const root = await h.open();
    const child = await h.delegate(root, { grant: WIDE });
    const { hop } = await narrow(h, child, { hop: child.hop, grant: NARROW });
    await h.coordinator.revoke(op, { boundary: { kind: "hop", tree: root.hop, hop: child.hop } });
    expect((await h.store.hop("default", hop.id))?.state).toBe("revoked");
  });

  test("uses up no depth", async () => {
    const h = house();
    const child = await h.delegate(await h.open(), { grant: { ...WIDE, limits: { depth: 2 } } });
    const { issued } = await narrow(h, child, {
      hop: child.hop,
      grant: { ...NARROW, limits: { depth: 2 } },
    });
    expect(issued?.grant.limits.depth).toBe(2);
  });

  test.each([
    ["a tool", { tools: { ...NARROW.tools, "web.search": {} } }, "tools.web.search"],
    [
      "a wider path",
      { tools: { "files.read": GRANT.tools?.["files.read"] } },
      "tools.files.read.path",
    ],
    ["a longer life", { ...NARROW, expiresAt: START / 1_000 + 400 }, "expiresAt"],
    ["more depth", { ...NARROW, limits: { depth: 4 } }, "limits.depth"],
  ])("refuses %s that the hop did not have", async (_what, grant, rule) => {
    const h = house();
    const child = await h.delegate(await h.open());
    await refuses("grant_exceeds_parent", narrow(h, child, { hop: child.hop, grant }), { rule });
  });

  const MARKED = {
    tools: { "deploy.run": {} },
    limits: { depth: 2, delegateOnly: ["deploy.run"] },
  };
  test("keeps the mark of a tool that may only be handed on", async () => {
    const h = house();
    const root = await h.open({ grant: MARKED });
    const { issued } = await narrow(h, root, { hop: root.hop, grant: { tools: MARKED.tools } });
    expect(issued?.grant.limits.delegateOnly).toEqual(["deploy.run"]);
  });

  test("refuses to take such a mark off", async () => {
    const h = house();
    const root = await h.open({ grant: MARKED });
    const grant = { tools: MARKED.tools, limits: { delegateOnly: [] } };
    await refuses("grant_exceeds_parent", narrow(h, root, { hop: root.hop, grant }), {
      rule: "limits.delegateOnly",
    });
  });

  test("gives a delegator no token of the hop below, and no key of its own in it", async () => {
    const h = house();
    const root = await h.open();
    const child = await h.delegate(root, { grant: WIDE });
    const key = generateSigningKey();
    const theft = { hop: child.hop, grant: NARROW, holderKey: key.jwk };
    await refuses("not_entitled", narrow(h, root, theft));
    const { hop, issued } = await narrow(h, root, { hop: child.hop, grant: NARROW });
    expect(issued).toBeUndefined();
    expect(hop.holder).toBe(child.key.thumbprint);
  });

  test("takes a new key from the hop's own holder, of which the agent's identity key has said nothing", async () => {
    const h = house();
    const identity = generateSigningKey();
    h.agents.add("planner", identity.jwk);
    const first = generateSigningKey();
    const agentProof = makeAgentProof({
      key: identity,
      agent: "planner",
      holder: first.thumbprint,
      parent: "",
      audience: ISSUER,
      nowMs: START,
      random: systemRandom,
    });
    const root = await h.open({ agentProof }, first);
    const same = await narrow(h, root, { hop: root.hop, grant: WIDE });
    expect(same.hop.identity).toBe("proven");
    if (same.issued === undefined) throw new Error("own holder gets its token");
    const key = generateSigningKey();
    const next = await narrow(h, held(same.issued, first), {
      hop: same.hop.id,
      grant: WIDE,
      holderKey: key.jwk,
    });
    expect(next.hop).toMatchObject({ identity: "asserted", holder: key.thumbprint });
  });

  test("refuses a hop that is beside the holder's, like one that does not exist", async () => {
    const h = house();
    const root = await h.open();
    const [one, two] = [await h.delegate(root), await h.delegate(root)];
    for (const hop of [two.hop, root.hop, "nobody"]) {
      await refuses("not_entitled", narrow(h, one, { hop, grant: NARROW }));
    }
  });

  test("refuses a suspended hop: narrowing is no way out of a suspension", async () => {
    const h = house();
    const child = await h.delegate(await h.open());
    await h.coordinator.suspend(op, { hop: child.hop });
    await expect(narrow(h, child, { hop: child.hop, grant: NARROW })).rejects.toMatchObject({
      code: expect.stringMatching(/^(illegal_transition|delegation_suspended)$/),
    });
  });
});
