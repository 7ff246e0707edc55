import { describe, expect, test } from "vitest";
import { systemRandom } from "../../src/base/random.js";
import { makeAatProof } from "../../src/token/aat-proof.js";
import { generateSigningKey, type SigningKey } from "../../src/token/key.js";
import { GRANT, type Holder, held, house, ISSUER, refuses, START } from "./house.js";

const op = { operator: "op" };
const renew = (h: ReturnType<typeof house>, holder: Holder) =>
  h.coordinator.renew(h.present(holder, "renew", {}), {});

/** A proof for `claim`: by the hop's key, naming the hop in the token's place. */
const claimProof = (key: SigningKey, hop: string, request: object, nowMs = START) =>
  makeAatProof({
    key,
    tokenId: hop,
    tool: "legate.claim",
    arguments: request,
    audience: ISSUER,
    nowMs,
    random: systemRandom,
  });

describe("renew", () => {
  test("gives the same hop and key a fresh anchor at the newest position", async () => {
    const h = house();
    const child = await h.delegate(await h.open());
    await h.coordinator.revoke(op, { boundary: { kind: "ban", agent: "somebody-else" } });
    h.clock.advance(10_000);
    const renewed = await renew(h, child);
    const [before, after] = [h.verify(child.tokens), h.verify([renewed.token])];
    expect(after.hops).toEqual(before.hops);
    expect(after.holder).toBe(before.holder);
    expect(after.tokenId).not.toBe(before.tokenId);
    expect(after.position).toBeGreaterThan(before.position);
    expect(renewed.hop.counters).toEqual(child.issued.hop.counters);
  });

  test("never outlives the record", async () => {
    const h = house();
    const root = await h.open({ leaseSeconds: 600 });
    h.clock.advance(200_000);
    expect((await renew(h, root)).expiresAt).toBe(START + 300_000);
  });

  test.each([
    ["revoked", "delegation_revoked"],
    ["suspended", "delegation_suspended"],
    ["completed", "hop_not_active"],
  ])("refuses a hop whose ancestor is %s", async (how, code) => {
    const h = house();
    const root = await h.open();
    const child = await h.delegate(root);
    const boundary = { kind: "hop", tree: root.hop, hop: root.hop };
    if (how === "revoked") await h.coordinator.revoke(op, { boundary });
    if (how === "suspended") await h.coordinator.suspend(op, { hop: root.hop });
    if (how === "completed") await h.coordinator.complete(op, { hop: root.hop });
    // Completing cuts, and a cut outweighs the way in which the hop ended.
    await expect(renew(h, child)).rejects.toMatchObject({
      code:
        how === "completed" ? expect.stringMatching(/^(hop_not_active|delegation_revoked)$/) : code,
    });
  });

  test("refuses a chain with links, which is exchanged instead", async () => {
    const h = house();
    await refuses("invalid_request", renew(h, h.link(await h.open())), { rule: "tokens" });
  });

  test("D-stolen-chain refuses whoever does not hold the key", async () => {
    const h = house();
    const root = await h.open();
    await refuses("proof_invalid", renew(h, { ...root, key: generateSigningKey() }));
  });

  test("refuses a token that has expired", async () => {
    const h = house();
    const root = await h.open();
    h.clock.advance(300_000);
    await refuses("token_expired", renew(h, root));
  });
});

describe("a root's lease", () => {
  test("goes on while its holder says so, and tokens follow it", async () => {
    const h = house();
    const root = await h.open({ leaseSeconds: 60 });
    h.clock.advance(50_000);
    const request = { tree: root.hop, leaseSeconds: 60 };
    await h.coordinator.renewLease(h.present(root, "lease", request), request);
    expect((await renew(h, root)).expiresAt).toBe(START + 110_000);
  });

  test("lets a child live as long as its hop may, whatever the lease says today", async () => {
    const h = house();
    const root = await h.open({ leaseSeconds: 60 });
    const child = await h.delegate(root);
    expect(child.issued.hop.expiresAt).toBe(START + 300_000);
    expect(child.issued.expiresAt).toBe(START + 60_000);
  });

  test("D-lapsed-lease cuts the tree and cannot be renewed", async () => {
    const h = house();
    const root = await h.open({ leaseSeconds: 60 });
    const child = await h.delegate(root);
    h.clock.advance(60_000);
    const keeper = h.coordinator.keep({
      now: () => h.clock.now(),
      setTimeout: () => 0,
      clearTimeout: () => undefined,
    });
    expect(await keeper.sweep()).toBe(1);
    keeper.stop();
    await refuses(
      "lease_lapsed",
      h.coordinator.renewLease(op, { tree: root.hop, leaseSeconds: 60 }),
    );
    const request = { hop: child.hop, holderKey: child.key.jwk };
    const proof = claimProof(child.key, child.hop, request, h.clock.now());
    await expect(h.coordinator.claim({ proof }, request)).rejects.toMatchObject({
      code: "lease_lapsed",
    });
  });

  test("is refused when it is due, swept or not", async () => {
    const h = house();
    const root = await h.open({ leaseSeconds: 60 });
    h.clock.advance(60_000);
    await refuses(
      "lease_lapsed",
      h.coordinator.renewLease(op, { tree: root.hop, leaseSeconds: 60 }),
    );
  });

  test("is no shorter for being renewed: no anchor outlives it", async () => {
    const h = house();
    const root = await h.open({ leaseSeconds: 200 });
    const request = { tree: root.hop, leaseSeconds: 10 };
    const tree = await h.coordinator.renewLease(h.present(root, "lease", request), request);
    expect(tree.lease).toEqual({ state: "held", until: root.issued.expiresAt });
  });

  test("is not renewed by a root that was superseded, though its successor lives", async () => {
    const h = house();
    const root = await h.open({ leaseSeconds: 60 });
    await h.coordinator.narrow(op, { hop: root.hop, grant: { tools: { "web.search": {} } } });
    const request = { tree: root.hop, leaseSeconds: 600 };
    const run = h.coordinator.renewLease(h.present(root, "lease", request), request);
    await refuses("hop_not_active", run);
  });

  test("is kept through a suspension, so that the tree is there to go on", async () => {
    const h = house();
    const root = await h.open({ leaseSeconds: 60 });
    await h.coordinator.suspend(op, { hop: root.hop });
    const request = { tree: root.hop, leaseSeconds: 90 };
    const tree = await h.coordinator.renewLease(h.present(root, "lease", request), request);
    expect(tree.lease?.until).toBe(START + 90_000);
  });

  test("is no longer than a tree can live", async () => {
    const h = house();
    await refuses("invalid_request", h.open({ leaseSeconds: 9e15 }), { rule: "leaseSeconds" });
  });

  test("is the root's to renew, and no child's", async () => {
    const h = house();
    const root = await h.open({ leaseSeconds: 60 });
    const child = await h.delegate(root);
    const request = { tree: root.hop, leaseSeconds: 600 };
    await refuses(
      "not_entitled",
      h.coordinator.renewLease(h.present(child, "lease", request), request),
    );
  });

  test("of another tree is not a root's to renew", async () => {
    const h = house();
    const [one, two] = [await h.open({ leaseSeconds: 60 }), await h.open({ leaseSeconds: 60 })];
    const request = { tree: two.hop, leaseSeconds: 600 };
    await refuses(
      "not_entitled",
      h.coordinator.renewLease(h.present(one, "lease", request), request),
    );
  });
});

describe("claim", () => {
  const pending = async (h: ReturnType<typeof house>) => {
    const root = await h.open();
    const key = generateSigningKey();
    const asked = {
      agent: "reader",
      holderKey: key.jwk,
      grant: { tools: GRANT.tools },
      approval: { approvers: 1 },
    };
    const made = await h.coordinator.delegate(h.present(root, "delegate", asked), asked);
    if (made.status !== "pending") throw new Error("hop does not wait");
    const request = { hop: made.hop.id, holderKey: key.jwk };
    return { root, key, made, request };
  };

  test("gives the token of an approved hop to the holder of its key", async () => {
    const h = house();
    const { key, made, request } = await pending(h);
    const early = claimProof(key, made.hop.id, request);
    await refuses("approval_pending", h.coordinator.claim({ proof: early }, request));
    await h.coordinator.approve({ approver: "ben" }, { ticket: made.ticket });
    const issued = await h.coordinator.claim(
      { proof: claimProof(key, made.hop.id, request) },
      request,
    );
    expect(h.verify([issued.token]).hops.at(-1)?.id).toBe(made.hop.id);
    await expect(h.delegate(held(issued, key))).resolves.toMatchObject({ agent: "reader" });
  });

  test("refuses a hop that was denied", async () => {
    const h = house();
    const { key, made, request } = await pending(h);
    await h.coordinator.deny({ approver: "ben" }, { ticket: made.ticket });
    const proof = claimProof(key, made.hop.id, request);
    await refuses("approval_denied", h.coordinator.claim({ proof }, request));
  });

  test("answers another key than the hop's like a hop that does not exist", async () => {
    const h = house();
    const child = await h.delegate(await h.open());
    const key = generateSigningKey();
    const before = h.replay.size;
    const answers = [];
    for (const hop of [child.hop, "01890000-0000-7000-8000-000000000000"]) {
      const request = { hop, holderKey: key.jwk };
      const run = h.coordinator.claim({ proof: claimProof(key, hop, request) }, request);
      answers.push(await run.catch((thrown) => thrown.code));
    }
    expect(answers).toEqual(["hop_not_found", "hop_not_found"]);
    // Whoever has no hop must not fill the memory of proofs either.
    expect(h.replay.size).toBe(before);
  });

  test("P07 takes each proof once", async () => {
    const h = house();
    const child = await h.delegate(await h.open());
    const request = { hop: child.hop, holderKey: child.key.jwk };
    const proof = claimProof(child.key, child.hop, request);
    await h.coordinator.claim({ proof }, request);
    await refuses("proof_replayed", h.coordinator.claim({ proof }, request));
  });

  test("P02 refuses a proof by another key", async () => {
    const h = house();
    const child = await h.delegate(await h.open());
    const request = { hop: child.hop, holderKey: child.key.jwk };
    const proof = claimProof(generateSigningKey(), child.hop, request);
    await refuses("proof_invalid", h.coordinator.claim({ proof }, request));
  });

  test("P06 refuses a proof that is too old", async () => {
    const h = house();
    const child = await h.delegate(await h.open());
    const request = { hop: child.hop, holderKey: child.key.jwk };
    const proof = claimProof(child.key, child.hop, request);
    h.clock.advance(31_000);
    await refuses("proof_expired", h.coordinator.claim({ proof }, request));
  });
});
