/** What chains of the drafts come to: grants, issuers and audiences, member by member. @module */
import { describe, expect, test } from "vitest";
import { canonicalize } from "../../src/base/canonical.js";
import type { JsonObject } from "../../src/base/json-value.js";
import { mintLink } from "../../src/chain/mint.js";
import { mintRoot } from "../../src/chain/mint-anchor.js";
import { Trust } from "../../src/chain/trust.js";
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
    expect(claimsOf(root)).not.toHaveProperty("scope");
    expect(verified([root], at)).toMatchObject({
      grant,
      tenant: "default",
      tree: "t0",
      principal: { issuer: ISSUER, subject: "" },
      generation: "",
      position: 0,
    });
    const tenants = new Trust({ keys: [{ key: COORDINATOR }], tenants: ["acme"] });
    expect(verified([root], { ...at, trust: tenants }).tenant).toBe("default");
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
    expect(claimsOf(root)).not.toHaveProperty("scope");
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

  test("grants what each token grants, and only the leaf for its audience", () => {
    const tokens = [root, link()];
    const next = linkDraft(2, { grant: handed, expiresAt: NOW + 30_000 });
    tokens.push(mintLink(verified(tokens, at), next, holder(1)));
    const { grants } = verified(tokens, at);
    expect(grants.map(({ scopes }) => scopes)).toEqual([["crm.*"], ["crm.read"], ["crm.read"]]);
    expect(grants.map(({ audience }) => audience)).toEqual([[], [], [FILES]]);
  });

  test("asks its root alone for an issuer that is trusted", () => {
    const other = forge(link(), { iss: "https://other.example" }, holder(0));
    expect(verified([root, other], at).issuer).toBe(ISSUER);
  });

  test("is minted in the draft's order of rules, and not without principal and agent", () => {
    const parent = verified([root], at);
    const wide = linkDraft(1, {
      grant: { ...handed, scopes: ["hr.read"] },
      expiresAt: NOW + 90_000,
    });
    refuses("grant_exceeds_parent", () => mintLink(parent, wide, holder(0)), "scopes.hr.read");
    const draft = { ...ROOT, profile: "agent-delegation", grant } as const;
    const { subject, agent } = who;
    refuses("malformed", () => mintRoot({ ...draft, agent }, COORDINATOR), "sub");
    refuses("malformed", () => mintRoot({ ...draft, subject }, COORDINATOR), "client_id");
  });

  test("is read letter by letter even when it carries what anchors carry", () => {
    const { act, lineage } = claimsOf(anchor());
    const claims = canonicalize({ ...claimsOf(root), act, lineage } as JsonObject);
    const tokenOf = (payload: string) => {
      const text = Buffer.from(payload).toString("base64url");
      const input = `${root.slice(0, root.indexOf("."))}.${text}`;
      return `${input}.${Buffer.from(COORDINATOR.sign(input)).toString("base64url")}`;
    };
    expect(verified([tokenOf(claims)], at).tree).toBe("t0");
    const spaced = tokenOf(claims.replace(/}$/, " }"));
    refuses("non_canonical", () => verified([spaced], at));
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
