/** Chains that a guard of the same process has let in: good for the same verbs, within the same bounds. @module */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Vouched } from "../../src/coordinator/present.js";
import { generateSigningKey } from "../../src/token/key.js";
import { AUDIENCE, allows, NARROW, type Rig, read, reader, rig } from "../guard/rig.js";

let engine: Rig;

beforeEach(async () => {
  engine = await rig();
});

afterEach(() => engine.close());

const holderKey = generateSigningKey().jwk;

async function vouched(...asked: Parameters<Rig["root"]>): Promise<Vouched> {
  const guard = await engine.watch();
  const { chain } = await allows(guard, read(await engine.root(...asked)));
  return new Vouched(chain);
}

describe("a chain that was vouched for", () => {
  test("delegates within its grant, without a proof of its own", async () => {
    const who = await vouched();
    const request = { agent: "reader", holderKey, grant: NARROW };
    const made = await engine.coordinator.delegate(who, request);
    expect(made).toMatchObject({ status: "active", hop: { parent: who.chain.tree } });
    const wider = { ...request, grant: { tools: { "mail.send": {} } } };
    await expect(engine.coordinator.delegate(who, wider)).rejects.toMatchObject({
      code: "grant_exceeds_parent",
    });
  });

  test("cuts what lies below it, and nothing above or beside it", async () => {
    const root = await engine.root();
    const child = await reader(root);
    const sibling = await reader(root);
    const guard = await engine.watch();
    const { chain } = await allows(guard, read(child));
    for (const hop of [root.id, sibling.id]) {
      const boundary = { kind: "hop", tree: root.tree, hop } as const;
      await expect(
        engine.coordinator.revoke(new Vouched(chain), { boundary }),
      ).rejects.toMatchObject({ code: "not_entitled" });
    }
    const boundary = { kind: "hop", tree: root.tree, hop: child.id } as const;
    await engine.coordinator.revoke(new Vouched(chain), { boundary });
    await allows(guard, read(sibling));
  });

  test("does nothing once it has expired", async () => {
    const who = await vouched();
    await engine.pass(who.chain.expiresAt - engine.timers.now());
    const request = { agent: "reader", holderKey, grant: NARROW };
    await expect(engine.coordinator.delegate(who, request)).rejects.toMatchObject({
      code: "token_expired",
    });
  });

  test("does nothing when no key of it was ever proved", async () => {
    const who = await vouched({ bearer: true, depth: 0 });
    const hop = who.chain.tree;
    await expect(engine.coordinator.complete(who, { hop })).rejects.toMatchObject({
      code: "bearer_not_allowed",
    });
  });

  test("does nothing at another coordinator", async () => {
    const who = await vouched();
    const other = await rig({ issuer: "https://other.example" });
    await expect(other.coordinator.complete(who, { hop: who.chain.tree })).rejects.toMatchObject({
      code: "issuer_invalid",
    });
    await other.close();
  });

  test("is no plain object that says so", async () => {
    const { chain } = await vouched();
    const forged = { chain } as unknown as Vouched;
    const ask = { tool: "files.read", arguments: {}, audience: AUDIENCE };
    await expect(engine.coordinator.ask(forged, ask)).rejects.toMatchObject({ code: "malformed" });
    await expect(
      engine.coordinator.delegate(forged, { agent: "reader", holderKey, grant: NARROW }),
    ).rejects.toMatchObject({ code: "malformed" });
  });
});
