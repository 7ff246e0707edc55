/** What operators do with the command: users of the servers, waiting for guards, looking trees up, archiving the log. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { selfSigned } from "../redis/certificate.js";
import { RedisServer } from "../redis/servers.js";
import { type Built, buildCommand, valuesIn } from "./command.js";

vi.setConfig({ testTimeout: 120_000 });

let command: Built;
beforeAll(() => {
  command = buildCommand();
}, 300_000);
afterAll(() => command.remove());

describe("over TLS", () => {
  test("a certificate is trusted when its authority is named, and told of when it is not", async () => {
    const tls = selfSigned(Date.now());
    const server = await RedisServer.start({ tls });
    const authority = join(command.folder, "authority.pem");
    writeFileSync(authority, tls.cert);
    try {
      const words = ["doctor", "--redis", server.url, "--accept", "disk"];
      const trusted = { NODE_EXTRA_CA_CERTS: authority };
      expect(await command.run(words, { env: trusted })).toMatchObject({ status: 0 });
      const { status, stderr } = await command.run(words);
      expect(status).toBe(6);
      expect(stderr).toContain("certificate is not accepted (DEPTH_ZERO_SELF_SIGNED_CERT)");
      expect(stderr).toContain("NODE_EXTRA_CA_CERTS");
    } finally {
      await server.stop();
    }
  });
});

describe("legate doctor --acl", () => {
  const env = {
    LEGATE_COORDINATOR_PASSWORD: "pass one",
    LEGATE_GUARD_PASSWORD: "pass two",
    LEGATE_REPLICA_PASSWORD: "pass three",
  };

  test("prints a file that a server starts with, and in which no password stands", async () => {
    const { status, stdout, stderr } = await command.run(
      ["doctor", "--acl", "--prefix", "shop", "--partitions", "4"],
      { env },
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).not.toContain("pass ");
    const settings = stdout.split("\n").filter((line) => line !== "");
    expect(settings).toHaveLength(3);
    const server = await RedisServer.start({ settings });
    try {
      const login = { username: "legate-guard", enableReadyCheck: false };
      const guard = server.client({ ...login, password: "pass two" });
      await expect(guard.hget("{shop:p3}:m", "life")).resolves.toBeNull();
      await expect(guard.hget("{shop:p3}:cuts", "life")).resolves.toBeNull();
      await expect(guard.hset("{shop:p3}:cuts", "a", "b")).rejects.toThrow("NOPERM");
      await expect(server.client({ ...login, password: "no" }).ping()).rejects.toThrow("WRONGPASS");
    } finally {
      await server.stop();
    }
  });

  test("says how a user without a password gets one", async () => {
    const { status, stdout, stderr } = await command.run(["doctor", "--acl", "--json"], {
      env: { LEGATE_GUARD_PASSWORD: "pass two" },
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(valuesIn(stdout).map(({ role, user }) => [role, user])).toEqual([
      ["coordinator", "legate-coordinator"],
      ["guard", "legate-guard"],
      ["replica", "legate-replica"],
    ]);
    const told = await command.run(["doctor", "--acl"], {
      env: { LEGATE_GUARD_PASSWORD: "pass two" },
    });
    expect(told.stderr).toContain("LEGATE_COORDINATOR_PASSWORD, LEGATE_REPLICA_PASSWORD");
  });

  test.each([
    ["a number of partitions that is none", ["--partitions", "5"]],
    ["a prefix that ends a tag", ["--prefix", "a}b"]],
  ])("refuses %s", async (_, words) => {
    const { status, stderr } = await command.run(["doctor", "--acl", ...words], { env });
    expect(status).not.toBe(0);
    expect(stderr).toContain("config_invalid");
  });
});
