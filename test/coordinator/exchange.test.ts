import { describe, expect, test } from "vitest";
import { mintSelfLink } from "../../src/chain/mint.js";
import { generateSigningKey } from "../../src/token/key.js";
import { GRANT, type Holder, held, house, NARROW, refuses, START, toolsOf } from "./house.js";

const exchange = async (h: ReturnType<typeof house>, holder: Holder, request: object = {}) => {
  const made = await h.coordinator.exchange(h.present(holder, "exchange", request), request);
  if (made.status !== "active") throw new Error("hop is pending");
  return made;
};

describe("exchange", () => {
  test("turns a chain of links into one anchor for the same hop and the same key", async () => {
    const h = house();
    const root = await h.open();
    const first = h.link(root, { grant: toolsOf({ tools: GRANT.tools }) });
    const second = h.link(first);
    const made = await exchange(h, second);
    const chain = h.verify([made.token]);
    expect(chain.hops.map(({ id }) => id)).toEqual([root.hop, first.hop, second.hop]);
    expect(chain.holder).toBe(second.key.thumbprint);
    expect(chain.grant.tools).toEqual(h.verify(second.tokens).grant.tools);
    expect(await h.store.hop("default", first.hop)).toMatchObject({
      origin: "link",
      parent: root.hop,
    });
  });

  test("charges the ancestors of links that were never seen, once", async () => {
    const h = house();
    const root = await h.open();
    const link = h.link(root);
    await exchange(h, link);
    await exchange(h, link);
    expect(await h.store.counters("default", root.hop)).toMatchObject({
      children: 1,
      descendants: 1,
    });
  });

  test("refuses a link that its ancestor's limit has no room for, and keeps nothing of it", async () => {
    const h = house();
    const root = await h.open({ grant: { ...GRANT, limits: { depth: 4, children: 1 } } });
    const [one, two] = [h.link(root), h.link(root)];
    await exchange(h, one);
    await refuses("children_exhausted", exchange(h, two));
    expect(await h.store.hop("default", two.hop)).toBeUndefined();
  });

  test("makes a new hop, counted like any delegation, for another holder key", async () => {
    const h = house();
    const root = await h.open();
    const key = generateSigningKey();
    const delegatee = { agent: "reader", holderKey: key.jwk, grant: NARROW };
    const made = await exchange(h, root, { delegatee });
    expect(made.hop).toMatchObject({ parent: root.hop, holder: key.thumbprint });
    expect(await h.store.counters("default", root.hop)).toMatchObject({ children: 1 });
  });

  test("refuses a narrowing that a delegatee's own grant would pass over", async () => {
    const h = house();
    const root = await h.open();
    const delegatee = { agent: "reader", holderKey: generateSigningKey().jwk, grant: NARROW };
    for (const more of [{ audience: ["https://a.example"] }, { expiresAt: START / 1_000 + 10 }]) {
      await refuses("invalid_request", exchange(h, root, { delegatee, ...more }));
    }
  });

  test("D-stolen-chain cannot be exchanged without its leaf's key", async () => {
    const h = house();
    const root = await h.open();
    const thief = { ...root, key: generateSigningKey() };
    await refuses("proof_invalid", exchange(h, thief));
    const delegatee = { agent: "x", holderKey: thief.key.jwk, grant: NARROW };
    await refuses("proof_invalid", exchange(h, thief, { delegatee }));
  });

  test("D-stripped-link is worth nothing without the key of what is left", async () => {
    const h = house();
    const root = await h.open();
    const link = h.link(root);
    await refuses("proof_invalid", exchange(h, { ...link, tokens: root.tokens }));
  });

  test("never widens audience or expiry", async () => {
    const h = house();
    const audience = ["https://a.example", "https://b.example"];
    const root = await h.open({ grant: { ...GRANT, audience } });
    const made = await exchange(h, root, {
      audience: ["https://a.example"],
      expiresAt: START / 1_000 + 60,
    });
    expect(made).toMatchObject({ expiresAt: START + 60_000 });
    const narrowed = held(made, root.key);
    await refuses("audience_mismatch", exchange(h, narrowed, { audience }));
    const later = await exchange(h, narrowed, { expiresAt: START / 1_000 + 250 });
    expect(later.expiresAt).toBe(START + 60_000);
    expect(later.grant.audience).toEqual(["https://a.example"]);
  });

  test("refuses a self-link, which is no hop to exchange into", async () => {
    const h = house();
    const root = await h.open();
    const text = mintSelfLink(
      h.verify(root.tokens),
      { tool: "web.search", audience: "https://web.example", now: START },
      root.key,
    );
    await refuses("self_link_invalid", exchange(h, { ...root, tokens: [...root.tokens, text] }));
  });

  test("R11 refuses a link that was made offline below a hop that is revoked", async () => {
    const h = house();
    const root = await h.open();
    const boundary = { kind: "hop", tree: root.hop, hop: root.hop };
    await h.coordinator.revoke({ operator: "op" }, { boundary });
    await refuses("delegation_revoked", exchange(h, h.link(root)));
  });

  test("D-cut-unseen holds a cut of a link that nobody had seen when it was cut", async () => {
    const h = house();
    const root = await h.open();
    const link = h.link(root);
    const boundary = { kind: "hop", tree: root.hop, hop: link.hop };
    await h.coordinator.revoke({ operator: "op" }, { boundary });
    await refuses("delegation_revoked", exchange(h, link), { hop: link.hop });
  });

  test("does not bring a link back to life that a cut of its agent covers", async () => {
    const h = house();
    const root = await h.open();
    const link = h.link(root);
    await h.coordinator.revoke(
      { operator: "op" },
      { boundary: { kind: "agent", agent: "helper" } },
    );
    await refuses("delegation_revoked", exchange(h, link));
    const renewed = await h.coordinator.renew(h.present(root, "renew", {}), {});
    await expect(exchange(h, h.link(held(renewed, root.key)))).resolves.toMatchObject({
      status: "active",
    });
  });

  test("refuses an exchange below a suspended hop until it is resumed", async () => {
    const h = house();
    const root = await h.open();
    const link = h.link(root);
    const { entry } = await h.coordinator.suspend({ operator: "op" }, { hop: root.hop });
    await refuses("delegation_suspended", exchange(h, link));
    await h.coordinator.resume({ operator: "op" }, { hop: root.hop, suspension: entry.id });
    await expect(exchange(h, link)).resolves.toMatchObject({ status: "active" });
  });
});
