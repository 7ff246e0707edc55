/** A deployment over TLS: the whole way from opening a tree to a cut that a guard has, and what an untrusted certificate is told. @module */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRedisStore } from "../../src/redis/store.js";
import { allows, denies, read, reader } from "../guard/rig.js";
import { PATIENT } from "../patience.js";
import { selfSigned } from "./certificate.js";
import { openHouse } from "./house.js";
import { binaries, RedisServer } from "./servers.js";
import { addUsers, userOf } from "./users.js";

describe.each(binaries())("over TLS on $name", ({ path: binary }) => {
  const tls = selfSigned(Date.now());
  const place = { prefix: "tls", partitions: 2, patience: PATIENT };
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start({ binary, tls });
    await addUsers([server], place);
  });
  afterAll(() => server.stop());
  const open = (options: object) =>
    createRedisStore({ ...place, url: server.url, heartbeats: false, ...options });

  test("coordinator and guard work as on a plain connection, each as its user", async () => {
    expect(server.url).toMatch(/^rediss:/);
    const trusted = { ...place, url: server.url, tls: { ca: tls.cert } };
    const house = await openHouse(trusted, {
      coordinator: userOf(place.prefix, "coordinator"),
      guard: userOf(place.prefix, "guard"),
    });
    try {
      const guard = await house.watch("one");
      const child = await reader(await house.root());
      const running = await allows(guard, read(child));
      const boundary = { kind: "hop", tree: child.tree, hop: child.id } as const;
      const asked = { boundary, wait: "guards" };
      const { barrier } = await house.engine.coordinator.revoke({ operator: "op" }, asked);
      expect(barrier).toMatchObject({ seen: 1, guards: 1, behind: [] });
      expect(running.signal.aborted).toBe(true);
      await denies(guard, read(child), "delegation_revoked");
    } finally {
      await house.close();
    }
  });

  test.each([
    ["no authority that is trusted", {}, "DEPTH_ZERO_SELF_SIGNED_CERT"],
    [
      "another authority",
      { tls: { ca: selfSigned(Date.now()).cert } },
      "DEPTH_ZERO_SELF_SIGNED_CERT",
    ],
    [
      "another name than it was asked for",
      { tls: { ca: tls.cert, servername: "redis.example" } },
      "ERR_TLS_CERT_ALTNAME_INVALID",
    ],
  ])("a certificate of %s is refused by name", async (_, options, why) => {
    await expect(open(options)).rejects.toMatchObject({
      code: "store_unavailable",
      rule: "CERTIFICATE",
      message: `the server's certificate is not accepted (${why})`,
    });
  });

  test("a certificate that has expired is refused by name", async () => {
    const old = selfSigned(Date.now() - 400 * 86_400_000);
    const expired = await RedisServer.start({ binary, tls: old, checked: false });
    try {
      const options = { ...place, url: expired.url, tls: { ca: old.cert }, heartbeats: false };
      await expect(createRedisStore(options)).rejects.toMatchObject({
        code: "store_unavailable",
        message: expect.stringContaining("CERT_HAS_EXPIRED"),
      });
    } finally {
      await expired.stop();
    }
  });

  test("a wrong password is told as one, and stands nowhere in what is told", async () => {
    const login = { ...userOf(place.prefix, "guard"), password: "of nobody" };
    const thrown = await open({ tls: { ca: tls.cert }, ...login }).catch((error) => error);
    expect(thrown).toMatchObject({ code: "store_unavailable", rule: "WRONGPASS" });
    expect(JSON.stringify([thrown, String(thrown), String(thrown.cause)])).not.toContain("nobody");
  });

  test("a plain connection is refused", async () => {
    const url = server.url.replace("rediss:", "redis:");
    await expect(open({ url })).rejects.toMatchObject({ code: "store_unavailable" });
  });
});
