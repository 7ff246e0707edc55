import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { keyRing, publicJwks, rotate } from "../../src/token/jwks.js";
import { generateSigningKey } from "../../src/token/key.js";
import { remoteJwks } from "../../src/token/remote-jwks.js";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

function serve(
  answer: () => { status?: number; body: unknown; location?: string },
): Promise<string> {
  const server = createServer((_request, response) => {
    const { status = 200, body, location } = answer();
    response.writeHead(status, {
      "content-type": "application/json",
      ...(location === undefined ? {} : { location }),
    });
    response.end(JSON.stringify(body));
  });
  servers.push(server);
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`);
    });
  });
}

test("keys that an issuer serves are fetched once and verify what it signed", async () => {
  const ring = keyRing(generateSigningKey());
  let requests = 0;
  const address = await serve(() => {
    requests += 1;
    return { body: publicJwks(ring.verification) };
  });
  const remote = remoteJwks(address);
  const keys = await remote.keys();
  await remote.keys();
  expect(requests).toBe(1);
  const signed = ring.current.sign("input");
  expect(keys.get(ring.current.kid)?.verify("input", signed)).toBe(true);
});

test("P20 after a rotation both keys are had, once the old set is too old", async () => {
  let ring = keyRing(generateSigningKey());
  const address = await serve(() => ({ body: publicJwks(ring.verification) }));
  const remote = remoteJwks(address, { maxAgeMs: 0 });
  expect((await remote.keys()).size).toBe(1);
  ring = rotate(ring, generateSigningKey());
  expect((await remote.keys()).size).toBe(2);
});

test.each([
  ["a server that fails", () => ({ status: 500, body: {} })],
  [
    "a redirect, which could lead anywhere",
    () => ({ status: 302, body: {}, location: "https://a.example/" }),
  ],
  ["an answer that is no set of keys", () => ({ body: { keys: "none" } })],
])("refuses %s", async (_why, answer) => {
  const address = await serve(answer);
  await expect(remoteJwks(address).keys()).rejects.toMatchObject({ code: "keys_unavailable" });
});

test("refuses a set that holds a private key", async () => {
  const { jwk, kid } = generateSigningKey();
  const address = await serve(() => ({ body: { keys: [{ ...jwk, kid, d: "A".repeat(43) }] } }));
  await expect(remoteJwks(address).keys()).rejects.toMatchObject({ code: "key_invalid" });
});

test.each(["http://issuer.example/jwks", "ftp://127.0.0.1/jwks", "no address"])(
  "refuses to fetch keys from %s",
  (address) => {
    expect(() => remoteJwks(address)).toThrow(expect.objectContaining({ code: "config_invalid" }));
  },
);
