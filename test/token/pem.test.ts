import { generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { importPublicPem, importSigningPem } from "../../src/token/pem.js";

const PAIRS = {
  EdDSA: generateKeyPairSync("ed25519"),
  ES256: generateKeyPairSync("ec", { namedCurve: "P-256" }),
} as const;

const publicPem = (alg: keyof typeof PAIRS) =>
  PAIRS[alg].publicKey.export({ type: "spki", format: "pem" }).toString();
const privatePem = (alg: keyof typeof PAIRS) =>
  PAIRS[alg].privateKey.export({ type: "pkcs8", format: "pem" }).toString();

test.each(["EdDSA", "ES256"] as const)("a %s key pair in pem signs and verifies", async (alg) => {
  const signing = await importSigningPem(privatePem(alg), alg);
  const verifying = await importPublicPem(publicPem(alg), alg);
  expect(verifying.verify("input", signing.sign("input"))).toBe(true);
  expect(verifying.thumbprint).toBe(signing.thumbprint);
});

test.each([
  ["text that is no pem", () => importPublicPem("nothing", "EdDSA")],
  ["a key of another algorithm", () => importPublicPem(publicPem("ES256"), "EdDSA")],
  ["a private key where a public one is due", () => importPublicPem(privatePem("EdDSA"), "EdDSA")],
  ["a public key where a private one is due", () => importSigningPem(publicPem("EdDSA"), "EdDSA")],
])("refuses %s, and says nothing of it", async (_why, read) => {
  const refusal: unknown = await read().catch((thrown: unknown) => thrown);
  expect(refusal).toMatchObject({ code: "key_invalid" });
  expect(refusal).not.toHaveProperty("cause");
});
