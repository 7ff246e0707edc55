import { describe, expect, test } from "vitest";
import { house, refuses } from "./house.js";

const op = { operator: "op" };

describe("suspend and resume", () => {
  test("R22 stops a hop and all below for now, and gives back what it had", async () => {
    const h = house();
    const root = await h.open();
    const child = await h.delegate(root);
    const { entry } = await h.coordinator.suspend(op, { hop: root.hop });
    await refuses("delegation_suspended", h.delegate(child, { grant: { tools: {} } }));
    await h.coordinator.resume(op, { hop: root.hop, suspension: entry.id });
    expect((await h.coordinator.inspectNode(op, child.hop)).effective).toBe("active");
  });

  test("D-suspend-resume holds while any one suspension is not lifted, whatever the order", async () => {
    const h = house();
    const root = await h.open();
    const first = await h.coordinator.suspend(op, { hop: root.hop });
    const second = await h.coordinator.suspend(op, { hop: root.hop });
    await h.coordinator.resume(op, { hop: root.hop, suspension: second.entry.id });
    expect((await h.coordinator.inspectNode(op, root.hop)).effective).toBe("suspended");
    await h.coordinator.resume(op, { hop: root.hop, suspension: first.entry.id });
    expect((await h.coordinator.inspectNode(op, root.hop)).effective).toBe("active");
  });

  test("R22 never resumes past a hop's expiry", async () => {
    const h = house();
    const root = await h.open();
    const { entry } = await h.coordinator.suspend(op, { hop: root.hop });
    h.clock.advance(300_000);
    await h.coordinator.resume(op, { hop: root.hop, suspension: entry.id }).catch(() => undefined);
    expect((await h.coordinator.inspectNode(op, root.hop)).effective).toBe("expired");
  });

  test("lets a holder suspend and resume what lies below, and not itself", async () => {
    const h = house();
    const root = await h.open();
    const child = await h.delegate(root);
    const request = { hop: child.hop };
    const { entry } = await h.coordinator.suspend(h.present(root, "suspend", request), request);
    await refuses(
      "not_entitled",
      h.coordinator.suspend(h.present(child, "suspend", request), request),
    );
    const lift = { hop: child.hop, suspension: entry.id };
    await h.coordinator.resume(h.present(root, "resume", lift), lift);
    expect((await h.coordinator.inspectNode(op, child.hop)).effective).toBe("active");
  });

  test("lets no holder lift an operator's suspension, nor another holder's", async () => {
    const h = house();
    const root = await h.open();
    const middle = await h.delegate(root, { grant: { tools: { "web.search": {} } } });
    const leaf = await h.delegate(middle, { grant: { tools: { "web.search": {} } } });
    const theirs = await h.coordinator.suspend(op, { hop: leaf.hop });
    const request = { hop: leaf.hop };
    const roots = await h.coordinator.suspend(h.present(root, "suspend", request), request);
    for (const { entry } of [theirs, roots]) {
      const lift = { hop: leaf.hop, suspension: entry.id };
      await refuses("not_entitled", h.coordinator.resume(h.present(middle, "resume", lift), lift));
    }
  });

  test("R31 refuses a suspension of a hop that has ended, and changes nothing", async () => {
    const h = house();
    const root = await h.open();
    const child = await h.delegate(root);
    await h.coordinator.complete(op, { hop: child.hop });
    await refuses("illegal_transition", h.coordinator.suspend(op, { hop: child.hop }));
    expect((await h.store.hop("default", child.hop))?.state).toBe("completed");
  });

  test("answers a hop that does not exist and another tenant's alike", async () => {
    const h = house();
    const root = await h.open();
    const elsewhere = { operator: "op", tenant: "other" };
    await refuses("hop_not_found", h.coordinator.suspend(elsewhere, { hop: root.hop }));
    await refuses("hop_not_found", h.coordinator.suspend(op, { hop: "nobody" }));
  });
});

describe("complete", () => {
  test("ends a holder's own hop and everything below", async () => {
    const h = house();
    const root = await h.open();
    const child = await h.delegate(root);
    const request = { hop: root.hop };
    await h.coordinator.complete(h.present(root, "complete", request), request);
    expect((await h.store.hop("default", root.hop))?.state).toBe("completed");
    expect((await h.coordinator.inspectNode(op, child.hop)).effective).not.toBe("active");
    await expect(h.delegate(child)).rejects.toMatchObject({ name: "DelegationError" });
  });

  test("R31 happens once", async () => {
    const h = house();
    const root = await h.open();
    await h.coordinator.complete(op, { hop: root.hop });
    await refuses("illegal_transition", h.coordinator.complete(op, { hop: root.hop }));
  });

  test("is not for a holder of a hop beside", async () => {
    const h = house();
    const root = await h.open();
    const [one, two] = [await h.delegate(root), await h.delegate(root)];
    const request = { hop: two.hop };
    await refuses(
      "not_entitled",
      h.coordinator.complete(h.present(one, "complete", request), request),
    );
  });

  test("R13 ends in one state when complete and revoke race", async () => {
    const h = house();
    const root = await h.open();
    const boundary = { kind: "hop", tree: root.hop, hop: root.hop };
    await Promise.allSettled([
      h.coordinator.complete(op, { hop: root.hop }),
      h.coordinator.revoke(op, { boundary }),
    ]);
    const state = (await h.store.hop("default", root.hop))?.state;
    expect(["completed", "revoked"]).toContain(state);
  });
});
