/** The hop that a run carries: found by whoever is in it, and by nobody beside. @module */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { carriedBy, currentHop, saidWith, withHop, withoutSaid } from "../../src/carry/hop.js";
import type { EmbeddedHop } from "../../src/memory/embedded.js";
import { type Rig, reader, rig } from "../guard/rig.js";

let engine: Rig;
let planner: EmbeddedHop;
let other: EmbeddedHop;
beforeEach(async () => {
  engine = await rig();
  planner = await engine.root();
  other = await reader(planner);
});
afterEach(() => engine.close());

describe("a run under a hop", () => {
  test("finds it after waiting, while another run beside it finds its own", async () => {
    const found: (EmbeddedHop | undefined)[] = [];
    const look = async () => {
      await new Promise(setImmediate);
      found.push(currentHop() as EmbeddedHop | undefined);
    };
    await Promise.all([withHop(planner, look), withHop(other, look), look()]);
    expect(found.map((hop) => hop?.id)).toEqual([planner.id, other.id, undefined]);
  });

  test("inside another finds the nearest, and the outer one again afterwards", () => {
    const ids = withHop(planner, () => [
      withHop(other, () => currentHop() === other),
      currentHop() === planner,
    ]);
    expect(ids).toEqual([true, true]);
    expect(currentHop()).toBeUndefined();
  });
});

describe("a hop said with parameters", () => {
  test("is read from them and from a copy, and is nothing that JSON knows", () => {
    const params = carriedBy(other, { name: "files.read" }, { tickets: ["t-1"] });
    expect(saidWith({ ...params })).toEqual({ hop: other, tickets: ["t-1"] });
    expect(JSON.stringify(params)).toBe('{"name":"files.read"}');
  });

  test("leaves the parameters that it was said with as they were", () => {
    const params = { name: "files.read" };
    carriedBy(other, params);
    expect(saidWith(params)).toBeUndefined();
  });

  test("is gone from what is sent", () => {
    const bare = withoutSaid(carriedBy(other, { name: "files.read" }));
    expect(Reflect.ownKeys(bare)).toEqual(["name"]);
    expect(saidWith(undefined)).toBeUndefined();
  });
});
