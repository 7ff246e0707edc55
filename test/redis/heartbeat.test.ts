/** Heartbeats on real servers: only what a quorum has, never before leases and repairs, and one is enough for many coordinators. @module */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { beat } from "../../src/redis/beat.js";
import { PATIENCE_MS } from "../patience.js";
import { RedisServer } from "./servers.js";
import { listenTo, openStage, type Stage, type StageOptions } from "./stage.js";
import { waitFor } from "./wait.js";

let master: RedisServer;
let replica: RedisServer;
let open: Stage[] = [];
beforeAll(async () => {
  master = await RedisServer.start();
  replica = await RedisServer.start({ replicaOf: master });
  await linked();
});
afterAll(() => Promise.all([master.stop(), replica.stop()]));
afterEach(async () => {
  for (const stage of open) stage.close();
  open = [];
  replica.resume();
  await linked();
  await master.ask("FLUSHALL");
});

const linked = () =>
  waitFor(
    "the replica",
    PATIENCE_MS,
    async () => (await master.ask("WAIT", 1, 100)) === 1 || undefined,
  );

async function stage(options: StageOptions = { replicas: 1 }): Promise<Stage> {
  const one = await openStage(master.url, options);
  open.push(one);
  return one;
}

const BEAT = { who: "", said: 0, youngMs: 0 } as const;

describe("a heartbeat", () => {
  test("tells guards the position and time of its log, again and again", async () => {
    const s = await stage();
    const heard = listenTo(s, 0);
    await s.feed.feed(0).snapshot();
    s.keep("c");
    await s.cut({ kind: "epoch" });
    await waitFor("some", PATIENCE_MS, () => heard.beats.filter((b) => b.position === 1)[2]);
    const times = heard.beats.map(({ at }) => at);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(heard.lost).toEqual([]);
  });

  test("does not go out without its quorum", async () => {
    const s = await stage();
    const heard = listenTo(s, 0);
    await s.feed.feed(0).snapshot();
    replica.pause();
    await expect(s.feed.feed(0).confirm()).rejects.toMatchObject({ code: "not_durable" });
    expect(heard.beats).toEqual([]);
    expect(await master.ask("EXISTS", `${s.base(0)}hb`)).toBe(0);
    replica.resume();
    await linked();
    await s.feed.feed(0).confirm();
    await waitFor("it", PATIENCE_MS, () => heard.beats[0]);
  });

  test("waits for the leases that are due", async () => {
    const s = await stage();
    const lease = `${s.base(0)}lease`;
    await master.ask("ZADD", lease, 1, "1:t:x");
    let swept = 0;
    const sweep = async () => {
      swept += 1;
      if (swept === 2) await master.ask("DEL", lease);
    };
    expect(await beat({ ...s.beats, sweep }, 0, BEAT)).toMatchObject({ outcome: "beat" });
    expect(swept).toBe(2);
  });

  test("is refused when leases stay due for ever", async () => {
    const s = await stage();
    await master.ask("ZADD", `${s.base(0)}lease`, 1, "1:t:x");
    const sweep = async () => {};
    const refused = beat({ ...s.beats, sweep }, 0, BEAT);
    await expect(refused).rejects.toMatchObject({ code: "store_unavailable" });
  });

  test("is not repeated by a coordinator that comes right after another", async () => {
    const s = await stage();
    const one = await beat(s.beats, 0, { ...BEAT, who: "a", said: 1 });
    expect(one.outcome).toBe("beat");
    const other = await beat(s.beats, 0, { who: "b", said: 1, youngMs: 10_000 });
    expect(other).toEqual({ outcome: "quiet" });
  });
});

describe("while something is repaired", () => {
  test("no heartbeat goes out, from whichever coordinator, until all who run have said it again", async () => {
    const s = await stage();
    expect(await beat(s.beats, 0, { ...BEAT, who: "a", said: 0 })).toEqual({
      outcome: "repair",
      epoch: 1,
    });
    for (const speaker of [BEAT, { ...BEAT, who: "b", said: 1 }]) {
      expect(await beat(s.beats, 0, speaker)).toMatchObject({ outcome: "repair" });
    }
    await expect(s.feed.feed(0).confirm()).rejects.toMatchObject({ rule: "REPAIR" });
    expect(await beat(s.beats, 0, { ...BEAT, who: "a", said: 1 })).toMatchObject({
      outcome: "beat",
    });
  });

  test("a coordinator that was heard of for the last time long ago holds up nobody", async () => {
    const s = await stage();
    await master.ask("HSET", `${s.base(0)}run`, "gone", "0:1");
    expect(await beat(s.beats, 0, BEAT)).toMatchObject({ outcome: "beat" });
    expect(await master.ask("HEXISTS", `${s.base(0)}run`, "gone")).toBe(0);
  });

  test("a take-over leaves every coordinator the time to come forward", async () => {
    const s = await stage();
    await beat(s.beats, 0, BEAT);
    await master.ask("HSET", `${s.base(0)}m`, "life", "before/it");
    expect(await beat(s.beats, 0, BEAT)).toEqual({ outcome: "repair", epoch: 2 });
    await waitFor("the grace to end", PATIENCE_MS, async () =>
      (await beat(s.beats, 0, BEAT)).outcome === "beat" ? true : undefined,
    );
  });

  test("the coordinator repairs once for each epoch, and then speaks", async () => {
    const s = await stage();
    const repaired: number[] = [];
    const heard = listenTo(s, 1);
    await s.feed.feed(1).snapshot();
    s.keep("a", async (partition) => {
      repaired.push(partition);
    });
    await waitFor("a heartbeat", PATIENCE_MS, () => heard.beats[0]);
    expect([...repaired].sort()).toEqual([0, 1]);
    await master.ask("HSET", `${s.base(1)}m`, "life", "before/it");
    await waitFor("another repair", PATIENCE_MS, () => repaired[2] !== undefined || undefined);
    await waitFor("the loss", PATIENCE_MS, () => heard.lost[0]);
    expect(repaired.slice(2)).toEqual([1]);
  });

  test("a repair that fails is tried again, and nobody is live before it succeeds", async () => {
    const s = await stage();
    let tries = 0;
    const heard = listenTo(s, 0);
    await s.feed.feed(0).snapshot();
    s.keep("a", async (partition) => {
      if (partition !== 0) return;
      tries += 1;
      expect(heard.beats).toEqual([]);
      if (tries < 3) throw new Error("not yet");
    });
    await waitFor("a heartbeat", PATIENCE_MS, () => heard.beats[0]);
    expect(tries).toBe(3);
  });
});
