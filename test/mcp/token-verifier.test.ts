/** The guard as the SDK's token verifier, behind `requireBearerAuth` in a real Express server. @module */
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { requireBearerAuth } from "@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js";
import { getOAuthProtectedResourceMetadataUrl } from "@modelcontextprotocol/sdk/server/auth/router.js";
import { createMcpExpressApp } from "@modelcontextprotocol/sdk/server/express.js";
import { OAuthProtectedResourceMetadataSchema } from "@modelcontextprotocol/sdk/shared/auth.js";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Guard } from "../../src/guard/guard.js";
import { metadataUrl, resourceMetadata } from "../../src/mcp/resource-metadata.js";
import { delegationVerifier } from "../../src/mcp/token-verifier.js";
import type { EmbeddedHop } from "../../src/memory/embedded.js";
import { parseChallenges } from "../../src/wire/challenge.js";
import { AUDIENCE, GRANT, NARROW, type Rig, rig } from "../guard/rig.js";

let engine: Rig;
let guard: Guard;
let http: Server;
let url: string;

beforeEach(async () => {
  engine = await rig();
  guard = await engine.watch();
  const app = createMcpExpressApp();
  const verifier = delegationVerifier(guard, { audience: AUDIENCE });
  const expectedResource = new URL(AUDIENCE);
  const resourceMetadataUrl = metadataUrl(AUDIENCE);
  app.post("/mcp", requireBearerAuth({ verifier, expectedResource, resourceMetadataUrl }), ((
    req: { auth?: unknown },
    res: { json(body: unknown): void },
  ) => res.json(req.auth)) as never);
  http = await new Promise<Server>((resolve) => {
    const server: Server = app.listen(0, "127.0.0.1", () => resolve(server));
  });
  url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`;
});

afterEach(async () => {
  http.closeAllConnections();
  http.close();
  await engine.close();
});

function ask(tokens: readonly string[]): Promise<Response> {
  const authorization = `Bearer ${tokens.join("~")}`;
  return fetch(url, { method: "POST", headers: { authorization } });
}

function said(response: Response): string | undefined {
  return parseChallenges(response.headers.get("www-authenticate") ?? "")[0]?.errorDescription;
}

describe("requireBearerAuth with the guard as verifier", () => {
  test("lets a chain through, links and all, and tells handlers who asks", async () => {
    const root = await engine.root({ grant: { ...GRANT, scopes: ["crm.read"] } });
    const reader = root.link({ agent: "reader", grant: { ...NARROW, scopes: ["crm.read"] } });
    const response = await ask(reader.holder.tokens);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      clientId: "reader",
      scopes: ["crm.read"],
      resource: `${AUDIENCE}/`,
      expiresAt: Math.floor(reader.holder.chain.expiresAt / 1_000),
      extra: {
        "dev.legate/chain": {
          tenant: "default",
          principal: { subject: "ana" },
          tree: root.id,
          hops: [
            { id: root.id, agent: "planner" },
            { id: reader.id, agent: "reader" },
          ],
        },
      },
    });
  });

  test.each<[string, string, (hop: EmbeddedHop) => Promise<readonly string[]>]>([
    ["garbage", "malformed", async () => ["a.b.c"]],
    [
      "a forged signature",
      "signature_invalid",
      async ({ holder }) =>
        holder.tokens.map((text) => `${text.slice(0, -9)}AAAA${text.slice(-5)}`),
    ],
    [
      "a cut chain",
      "delegation_revoked",
      async (hop) => {
        await hop.revoke();
        return hop.holder.tokens;
      },
    ],
    [
      "an expired chain",
      "token_expired",
      async ({ holder }) => {
        await engine.pass(holder.chain.expiresAt - engine.timers.now());
        return holder.tokens;
      },
    ],
  ])("answers 401 to %s", async (_what, code, tokensOf) => {
    const response = await ask(await tokensOf(await engine.root()));
    expect(response.status).toBe(401);
    expect(said(response)).toMatch(new RegExp(`^${code}: `));
  });

  test("answers 401 to a token for another resource, though it is one of the guard's", async () => {
    const other = await engine.root({
      grant: { ...GRANT, audience: ["https://mail.example.com"] },
    });
    const response = await ask(other.holder.tokens);
    expect(response.status).toBe(401);
    expect(said(response)).toMatch(/^audience_mismatch: /);
  });

  test("answers 500 and lets nobody through when the store does not answer", async () => {
    const { holder } = await engine.root();
    engine.timers.jump(60_000);
    await engine.store.close();
    const response = await ask(holder.tokens);
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ error: "server_error" });
  });
});

describe("protected resource metadata", () => {
  test.each([
    "https://files.example.com/mcp",
    "https://files.example.com",
    "http://localhost:3000/a/b",
  ])("of %s stands where the SDK looks for it, and reads as the SDK reads it", (resource) => {
    expect(metadataUrl(resource)).toBe(getOAuthProtectedResourceMetadataUrl(new URL(resource)));
    const document = resourceMetadata({
      resource,
      authorizationServers: ["https://legate.example"],
      scopesSupported: ["crm.read"],
      name: "Files",
      documentation: "https://files.example.com/docs",
    });
    expect(OAuthProtectedResourceMetadataSchema.parse(document)).toEqual(document);
  });

  test.each(["files", "ftp://a", "https://a/b?c", "https://a/b#c", "https://u@a/b"])(
    "is not made of %j",
    (resource) => {
      const wrong = { code: "config_invalid", rule: "resource" };
      expect(() => metadataUrl(resource)).toThrow(expect.objectContaining(wrong));
    },
  );
});
