/** What chains of the drafts come to: grants, issuers and audiences, member by member. @module */
import { describe, expect, test } from "vitest";
import { mintLink } from "../../src/chain/mint.js";
import { mintRoot } from "../../src/chain/mint-anchor.js";
import type { VerifyOptions } from "../../src/chain/verify.js";
import {
  anchor,
  COORDINATOR,
  claimsOf,
  forge,
  holder,
  ISSUER,
  linkDraft,
  NOW,
  refuses,
  verified,
} from "./forge.js";

const FILES = "https://files.example";
const ROOT = { tokenId: "t0", issuer: ISSUER, holderKey: holder(0), issuedAt: NOW };
const BARE = { scopes: [], ceilings: [], audience: [FILES], expiresAt: NOW + 60_000 };

describe("a chain of the AAT draft", () => {
  const at: Partial<VerifyOptions> = { profile: "attenuating-agent-token" };

  test("grants tools, and neither scopes nor ceilings", () => {
    const grant = { ...BARE, tools: { "web.search": {} }, limits: { depth: 2 } };
    const root = mintRoot({ ...ROOT, profile: "attenuating-agent-token", grant }, COORDINATOR);
    expect(verified([root], at).grant).toEqual(grant);
  });
});

describe("a chain of the agent-delegation draft", () => {
  const at: Partial<VerifyOptions> = { profile: "agent-delegation" };
  const ceilings = [{ key: "rows", max: 5 }];
  const grant = { ...BARE, tools: {}, scopes: ["crm.*"], ceilings, limits: { depth: 2 } };
  const who = { subject: "alice", agent: "agent-0" };
  const root = mintRoot({ ...ROOT, ...who, profile: "agent-delegation", grant }, COORDINATOR);
  const handed = { scopes: ["crm.read"], ceilings };
  const link = (more: object = {}) =>
    mintLink(
      verified([root], at),
      linkDraft(1, { grant: { ...handed, ...more }, expiresAt: NOW + 30_000 }),
      holder(0),
    );

  test("grants scopes and ceilings, and no tools", () => {
    expect(verified([root], at).grant).toEqual(grant);
    expect(verified([root, link()], at).grant).toEqual({
      ...grant,
      scopes: ["crm.read"],
      limits: { depth: 1 },
      expiresAt: NOW + 30_000,
    });
  });

  test("names in each link the issuer of its root, and the audience that is told, else the root's", () => {
    expect(claimsOf(link())).toMatchObject({ iss: ISSUER, aud: FILES });
    const told = link({ audience: ["https://crm.example"] });
    expect(claimsOf(told).aud).toBe("https://crm.example");
    expect(verified([root, told], at).grant.audience).toEqual(["https://crm.example"]);
  });

  test("may name one token id twice", () => {
    const again = forge(link(), { jti: claimsOf(root).jti }, holder(0));
    expect(verified([root, again], at).hops).toHaveLength(2);
  });
});

test.each(["coordinator", "1https://a.example", "https://a b", "https:", " https://a.example"])(
  "a root's issuer is a uri: %j is none",
  (iss) => {
    refuses("malformed", () => verified([forge(anchor(), { iss }, COORDINATOR)]), "iss");
  },
);
