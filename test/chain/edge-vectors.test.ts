/**
 * Conformance vectors of our own, made here from tables, each with one thing that is not right or just so. What `vitest -u`
 * writes are the files in `test/vectors`.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { runVectors } from "../../src/chain/vectors.js";
import { HOLDERS as AAT_HOLDERS, type AatPlan, aatCase } from "./edges/aat.js";
import { AAT } from "./edges/aat-cases.js";
import { type ChainPlan, chainCase, HOLDERS, ROOT } from "./edges/agent-delegation.js";
import { AGENT_DELEGATION } from "./edges/agent-delegation-cases.js";
import { DELEGATOR_BOUND } from "./edges/delegator-cases.js";
import { type Case, type Members, p256 } from "./edges/maker.js";
import { STATUS_LISTS } from "./edges/status-list-cases.js";

const ADR = "agent-delegation";
const AAT_DRAFT = "attenuating-agent-token";

function casesOf<Plan>(cases: readonly Case<Plan>[], make: (plan: Plan) => Members): Members[] {
  return cases.map(([name, outcome, plan]) => ({ name, ...make(plan), expect: outcome }));
}

const FILES = [
  {
    file: "agent-delegation-edges",
    profile: ADR,
    note: "Edges of agent-delegation chains that one issuer signs.",
    vectors: casesOf(AGENT_DELEGATION, chainCase),
  },
  {
    file: "delegator-bound-edges",
    profile: ADR,
    note: "Edges of the delegator rule and of DPoP for the leaf.",
    vectors: casesOf(DELEGATOR_BOUND, chainCase),
  },
  {
    file: "attenuating-agent-token-edges",
    profile: AAT_DRAFT,
    note: "Edges of AAT chains, their requests and proofs.",
    vectors: casesOf(AAT, aatCase),
  },
];

describe.each(FILES)("$file", ({ file, profile, note, vectors }) => {
  const results = runVectors({ profile, vectors });

  test.each(results.map((result) => [result.name, result] as const))(
    "%s",
    (_name, { observed, expected }) => expect(observed).toBe(expected),
  );

  test("is the file that is published, and names each case once", async () => {
    expect(new Set(vectors.map(({ name }) => name)).size).toBe(vectors.length);
    const text = `${JSON.stringify({ profile, note, vectors }, null, 1)}\n`;
    await expect(text).toMatchFileSnapshot(`../vectors/${file}.json`);
  });
});

test("status-list-edges is the file that is published, however zlib compresses here", () => {
  const { vectors } = JSON.parse(
    readFileSync(new URL("../vectors/status-list-edges.json", import.meta.url), "utf8"),
  ) as { vectors: Members[] };
  const plain = (cases: readonly Members[]) => cases.map(({ lst: _, ...rest }) => rest);
  expect(plain(vectors)).toEqual(plain(STATUS_LISTS));
  expect(
    runVectors({ profile: "status-list", vectors: STATUS_LISTS }).filter(({ agree }) => !agree),
  ).toEqual([]);
});

const [first, second] = [p256("edges: first"), p256("edges: second")];

test.each<[string, string, ChainPlan]>([
  ["an issuer with ES256", "accept", { root: first, trust: trusting("issuer", ["ES256"]) }],
  [
    "ES256 under the name of Ed25519",
    "signature_invalid",
    {
      root: first,
      trust: trusting("issuer", ["ES256", "EdDSA"]),
      changes: { 1: { header: (header) => ({ ...header, alg: "EdDSA" }) } },
    },
  ],
  [
    "holders of both kinds, by key",
    "accept",
    { by: "delegator", holders: [first, ...HOLDERS, second] },
  ],
  [
    "holders of both kinds, by thumbprint",
    "accept",
    { by: "delegator", confirm: "jkt", holders: [first, ...HOLDERS] },
  ],
  [
    "a holder with ES256, not accepted",
    "signature_invalid",
    { by: "delegator", holders: [first], trust: { keys: [ROOT.jwk], algs: ["EdDSA"] } },
  ],
  [
    "a proof with ES256",
    "accept",
    { by: "delegator", holders: [...HOLDERS.slice(0, 2), second], dpop: {} },
  ],
])("agent-delegation judges %s", (_what, outcome, plan) => {
  const vectors = [{ name: "one", ...chainCase(plan), expect: outcome }];
  expect(runVectors({ profile: ADR, vectors })).toMatchObject([{ observed: outcome }]);
});

test.each<[string, string, AatPlan]>([
  [
    "holders of both kinds",
    "accept",
    { tokens: 3, holders: [first, ...AAT_HOLDERS.slice(0, 1), second] },
  ],
  ["a holder with ES256, not accepted", "deny", { holders: [first], algs: ["EdDSA"] }],
])("the AAT draft judges %s", (_what, outcome, plan) => {
  const vectors = [{ name: "one", ...aatCase(plan), expect: outcome }];
  expect(runVectors({ profile: AAT_DRAFT, vectors })).toMatchObject([{ observed: outcome }]);
});

function trusting(childSigner: string, algs: readonly string[]): Members {
  return { keys: [first.jwk], algs, childSigner };
}
