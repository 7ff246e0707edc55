/** Links at their edges: without an agent, without depth, under an issuer that signs. @module */
import { expect, test } from "vitest";
import { mintLink } from "../../src/chain/mint.js";
import { mintRoot } from "../../src/chain/mint-anchor.js";
import { Trust } from "../../src/chain/trust.js";
import {
  aat,
  anchor,
  COORDINATOR,
  claimsOf,
  forge,
  forgedLink,
  headerOf,
  holder,
  ISSUER,
  keyOf,
  linkDraft,
  NOW,
  proofBelow,
  refuses,
  verified,
} from "./forge.js";

const root = anchor();

test("a link is not minted without an agent", () => {
  const { agent: _, ...nobody } = linkDraft(1);
  refuses("malformed", () => mintLink(verified([root]), nobody, holder(0)), "client_id");
});

test("a link that the issuer signs names its key, and shows none, even below a thumbprint", () => {
  const scopes = ["crm.read"];
  const draft = {
    profile: "agent-delegation",
    tokenId: "t0",
    issuer: ISSUER,
    holderKey: holder(0),
    byThumbprint: true,
    issuedAt: NOW,
    subject: "alice",
    agent: "agent-0",
    grant: {
      tools: {},
      scopes,
      ceilings: [],
      audience: ["https://files.example"],
      limits: { depth: 5 },
      expiresAt: NOW + 600_000,
    },
  } as const;
  const at = { profile: draft.profile, childSigner: "issuer" } as const;
  const parent = verified([mintRoot(draft, COORDINATOR)], at);
  const link = mintLink(parent, linkDraft(1, { grant: { scopes } }), COORDINATOR);
  const { kid } = COORDINATOR;
  expect(headerOf(link)).toEqual({ alg: "Ed25519", c14n: "JCS", kid, typ: "at+jwt" });
});

test("links that several keys of the issuer sign name each its own", () => {
  const next = keyOf(930);
  const keys = [COORDINATOR, next].map((key) => ({ key, kid: key.kid }));
  const parent = verified([root], { trust: new Trust({ keys }), childSigner: "issuer" });
  const kids = [COORDINATOR, next].map((key) => headerOf(mintLink(parent, linkDraft(1), key)).kid);
  expect(kids).toEqual([COORDINATOR.kid, next.kid]);
  expect(next.kid).not.toBe(COORDINATOR.kid);
});

test("a link whose limits leave no hop has no child, however high its maximum", () => {
  const [tools] = claimsOf(root).authorization_details as object[];
  const details = [tools, { type: "delegation_limits", depth: 0 }];
  const end = forgedLink([root], { authorization_details: details });
  expect(verified([root, end]).hopsLeft).toBe(0);
  const beyond = forgedLink([root, end], {});
  refuses("depth_invalid", () => verified([root, end, beyond]), "del_max_depth");
});

test("a root that states no authority has no child, not even one that asks for none", () => {
  const bare = forge(root, { authorization_details: [], scope: undefined }, COORDINATOR);
  const asking = { authorization_details: [aat({})], scope: undefined };
  const link = forgedLink([bare], asking);
  refuses("malformed", () => verified([bare, link]), "authorization_details");
});

test("an agent is not proven by its delegator's proof", () => {
  const identity = keyOf(920);
  const agentProof = proofBelow(root, identity);
  const tokens = [root, mintLink(verified([root]), linkDraft(1, { agentProof }), holder(0))];
  tokens.push(mintLink(verified(tokens), linkDraft(2), holder(1)));
  const { hops } = verified(tokens, { agentKeys: () => [identity] });
  expect(hops.map((hop) => hop.identity)).toEqual(["asserted", "proven", "asserted"]);
});
