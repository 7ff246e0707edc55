/** What is written into tokens: every claim, every header member, and nothing else. @module */
import { describe, expect, test } from "vitest";
import { LIFETIME_MS_DEFAULT, SELF_LINK_LIFETIME_MS_MAX } from "../../src/base/limits.js";
import { mintLink, mintSelfLink } from "../../src/chain/mint.js";
import { signingInputDigest } from "../../src/token/jws.js";
import { thumbprintUri } from "../../src/token/key.js";
import {
  aat,
  anchor,
  COORDINATOR,
  chainOf,
  claimsOf,
  GRANT,
  headerOf,
  holder,
  ISSUER,
  linkDraft,
  NOW,
  random,
  refuses,
  verified,
} from "./forge.js";

const SECONDS = NOW / 1_000;
const STATUS = { uri: "https://status.example/1", index: 5 };
const root = anchor();
const parent = verified([root]);

describe("an anchor", () => {
  const lineage = [0, 1].map((at) => ({
    id: `hop-${at}`,
    agent: `agent-${at}`,
    identity: "asserted" as const,
    holder: holder(at).thumbprint,
  }));

  test("says what its draft says", () => {
    const token = anchor({
      lineage,
      holderKey: holder(1),
      notBefore: NOW - 1_500,
      status: STATUS,
      principal: { issuer: ISSUER, subject: "alice" },
    });
    expect(headerOf(token)).toEqual({ alg: "EdDSA", kid: COORDINATOR.kid, typ: "at+jwt" });
    expect(claimsOf(token)).toEqual({
      act: { act: { sub: "agent-0" }, sub: "agent-1" },
      aud: GRANT.audience,
      authorization_details: [
        aat(claimsOfTools()),
        { type: "delegation_limits", calls: 50, spend: { EUR: "200.00" } },
      ],
      client_id: "agent-1",
      cnf: { jwk: holder(1).jwk },
      del_depth: 0,
      del_max_depth: 30,
      exp: SECONDS + 600,
      gen: "generation-1",
      iat: SECONDS,
      iss: ISSUER,
      jti: "anchor-1",
      lineage: lineage.map(({ id, agent, identity, holder: jkt }) => ({
        agent,
        hop: id,
        identity,
        jkt,
      })),
      nbf: SECONDS - 1,
      pos: 7,
      scope: "crm.*",
      status: { status_list: { idx: 5, uri: STATUS.uri } },
      sub: "alice",
      tenant: "acme",
      txn: "hop-root",
    });
  });

  test("names the principal's issuer where that is another, and bearer only when it is one", () => {
    expect(claimsOf(root).principal_iss).toBe("https://people.example");
    expect(claimsOf(root)).not.toHaveProperty("bearer");
    const one = { ...GRANT, audience: ["https://files.example"], limits: {} };
    const bearer = anchor({ bearer: true, grant: { ...one, expiresAt: NOW + 60_000 } });
    expect(claimsOf(bearer)).toMatchObject({ bearer: true, aud: "https://files.example" });
    expect(claimsOf(bearer)).toMatchObject({ del_max_depth: 0 });
  });

  test("is refused without a hop", () => {
    refuses("malformed", () => anchor({ lineage: [] }), "lineage");
  });
});

describe("a link", () => {
  test("says what its draft says", () => {
    const draft = linkDraft(1, { status: STATUS, notBefore: NOW - 1_500, now: NOW + 999 });
    const token = mintLink(parent, draft, holder(0));
    const { jti, ...claims } = claimsOf(token);
    expect(headerOf(token)).toEqual({ alg: "EdDSA", typ: "delegation-link+jwt" });
    expect(jti).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect(claims).toEqual({
      authorization_details: [aat(claimsOfTools())],
      client_id: "agent-1",
      cnf: { jwk: holder(1).jwk },
      del_depth: 1,
      del_max_depth: 30,
      exp: (NOW + LIFETIME_MS_DEFAULT) / 1_000,
      iat: SECONDS,
      iss: thumbprintUri(holder(0).thumbprint),
      nbf: SECONDS - 1,
      par_hash: signingInputDigest(root),
      scope: "crm.*",
      status: { status_list: { idx: 5, uri: STATUS.uri } },
    });
    expect(verified([root, token], { now: NOW + 999 }).statuses).toEqual([STATUS]);
  });

  test("ends with its parent where that ends first, and leaves the depth that it states", () => {
    const short = verified([anchor({ grant: { ...GRANT, expiresAt: NOW + 60_000 } })]);
    const grant = { tools: GRANT.tools, limits: { depth: 2 } };
    const claims = claimsOf(mintLink(short, linkDraft(1, { grant }), holder(0)));
    expect(claims).toMatchObject({ exp: SECONDS + 60, del_max_depth: 3 });
    expect(claims).not.toHaveProperty("scope");
    expect(claims).not.toHaveProperty("aud");
  });

  test("is signed by the key that its parent confirms, or not made", () => {
    refuses("signature_invalid", () => mintLink(parent, linkDraft(1), holder(1)), "cnf");
  });

  test("C16 takes the last place of a chain, and none beyond", () => {
    const long = chainOf(32, { ...GRANT, limits: { depth: 31 } });
    expect(long).toHaveLength(32);
    refuses("too_large", () => mintLink(verified(long), linkDraft(32), holder(31)), "tokens");
  });
});

describe("a self-link", () => {
  const draft = { tool: "files.read", audience: "https://files.example", now: NOW + 999, random };

  test("says what its draft says, for the agent that its parent names", () => {
    const token = mintSelfLink(parent, draft, holder(0));
    const { jti: _, ...claims } = claimsOf(token);
    expect(headerOf(token)).toEqual({ alg: "EdDSA", typ: "delegation-link+jwt" });
    expect(claims).toEqual({
      aud: "https://files.example",
      authorization_details: [aat({ "files.read": claimsOfTools()["files.read"] })],
      client_id: "agent-0",
      cnf: { jwk: holder(0).jwk },
      del_depth: 1,
      del_max_depth: 1,
      exp: (NOW + SELF_LINK_LIFETIME_MS_MAX) / 1_000,
      iat: SECONDS,
      iss: thumbprintUri(holder(0).thumbprint),
      par_hash: signingInputDigest(root),
      self: true,
    });
  });

  test("lives as long as it says, and never longer than its parent", () => {
    const short = mintSelfLink(parent, { ...draft, lifetimeMs: 5_000 }, holder(0));
    expect(claimsOf(short).exp).toBe(SECONDS + 5);
    const ending = verified([anchor({ grant: { ...GRANT, expiresAt: NOW + 10_000 } })]);
    expect(claimsOf(mintSelfLink(ending, draft, holder(0))).exp).toBe(SECONDS + 10);
  });

  test("names only arguments that it is told, and no tool that its parent lacks", () => {
    const path = { constraint_type: "path", under: "/reports/q1" } as const;
    const token = mintSelfLink(parent, { ...draft, arguments: { path } }, holder(0));
    expect(claimsOf(token).authorization_details).toEqual([aat({ "files.read": { path } })]);
    refuses(
      "grant_exceeds_parent",
      () => mintSelfLink(parent, { ...draft, tool: "rm" }, holder(0)),
      "tools.rm",
    );
  });
});

/** The tools of the grant, as the wire has them. */
function claimsOfTools(): Record<string, unknown> {
  const [detail] = claimsOf(root).authorization_details as { tools: Record<string, unknown> }[];
  return detail?.tools ?? {};
}
