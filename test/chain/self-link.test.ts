import { describe, expect, test } from "vitest";
import { BEARER_LIFETIME_MS_MAX } from "../../src/base/limits.js";
import { mintLink, mintSelfLink } from "../../src/chain/mint.js";
import {
  aat,
  anchor,
  type Claims,
  COORDINATOR,
  chainOf,
  forge,
  forgedLink,
  GRANT,
  holder,
  linkDraft,
  NOW,
  random,
  refuses,
  verified,
} from "./forge.js";

const AUDIENCE = "https://files.example";
const READ = { "files.read": GRANT.tools["files.read"] };
const two = chainOf(2);
const request = { tool: "files.read", audience: AUDIENCE, now: NOW, random };

describe("a self-link", () => {
  test("narrows to one call, and is no hop", () => {
    const link = mintSelfLink(verified(two), request, holder(1));
    const chain = verified([...two, link]);
    expect(chain).toMatchObject({ selfLink: true, hopsLeft: 0, holder: holder(1).thumbprint });
    expect(chain.hops).toEqual(verified(two).hops);
    expect(chain.offline).toEqual(verified(two).offline);
    expect(chain.grants).toHaveLength(3);
    expect(chain.grant).toMatchObject({ tools: READ, audience: [AUDIENCE], limits: { calls: 50 } });
    expect(chain.expiresAt).toBe(NOW + 60_000);
  });

  test("is still to be had by the last hop of a tree, and by nobody after it", () => {
    const end = [anchor({ grant: { ...GRANT, limits: { depth: 0 } } })];
    const link = mintSelfLink(verified(end), request, holder(0));
    const chain = verified([...end, link]);
    expect(chain.selfLink).toBe(true);
    refuses("self_link_invalid", () => mintSelfLink(chain, request, holder(0)), "self");
    refuses("depth_invalid", () => mintLink(chain, linkDraft(1), holder(0)));
    const claims = { del_max_depth: 2, client_id: "agent-0" };
    const below = forgedLink([...end, link], claims, { key: holder(0) });
    refuses("depth_invalid", () => verified([...end, link, below]));
  });

  test("may use what may not be handed on, and not what may only be handed on", () => {
    const tools = { "web.search": {}, "files.read": GRANT.tools["files.read"] ?? {} };
    const limits = { depth: 1, useOnly: ["web.search"], delegateOnly: ["files.read"] };
    const own = [anchor({ grant: { ...GRANT, tools, limits } })];
    const use = mintSelfLink(verified(own), { ...request, tool: "web.search" }, holder(0));
    expect(verified([...own, use]).selfLink).toBe(true);
    refuses("grant_exceeds_parent", () => mintSelfLink(verified(own), request, holder(0)));
  });

  const right: Claims = {
    self: true,
    client_id: "agent-1",
    cnf: { jwk: holder(1).jwk },
    aud: AUDIENCE,
    authorization_details: [aat(READ)],
    del_max_depth: 2,
    exp: NOW / 1_000 + 60,
  };
  test.each<[string, string, Claims]>([
    ["another agent", "client_id", { client_id: "agent-9" }],
    ["another key", "cnf", { cnf: { jwk: holder(9).jwk } }],
    ["two audiences", "aud", { aud: [...GRANT.audience] }],
    ["no audience of its own", "aud", { aud: undefined }],
    [
      "two tools",
      "authorization_details",
      { authorization_details: [aat({ ...READ, "web.search": {} })] },
    ],
    ["no tool", "authorization_details", { authorization_details: [aat({})] }],
    ["a hop left", "del_max_depth", { del_max_depth: 3 }],
    ["sixty-one seconds", "exp", { exp: NOW / 1_000 + 61 }],
    [
      "a budget of its own",
      "limits",
      { authorization_details: [aat(READ), { type: "delegation_limits", calls: 1 }] },
    ],
    [
      "money of its own",
      "limits",
      { authorization_details: [aat(READ), { type: "delegation_limits", spend: { EUR: "1" } }] },
    ],
    ["a proof of identity", "agent_proof", { agent_proof: "a.b.c" }],
  ])("with %s is refused", (_what, rule, change) => {
    expect(verified([...two, forgedLink(two, right)]).selfLink).toBe(true);
    const link = forgedLink(two, { ...right, ...change });
    refuses("self_link_invalid", () => verified([...two, link]), rule);
  });

  test("for a tool that its holder lacks, or for longer than a minute, is not minted", () => {
    refuses("grant_exceeds_parent", () =>
      mintSelfLink(verified(two), { ...request, tool: "files.write" }, holder(1)),
    );
    const long = { ...request, lifetimeMs: 61_000 };
    refuses("self_link_invalid", () => mintSelfLink(verified(two), long, holder(1)), "exp");
  });
});

describe("a bearer anchor", () => {
  const grant = {
    ...GRANT,
    audience: [AUDIENCE],
    limits: { depth: 0 },
    expiresAt: NOW + BEARER_LIFETIME_MS_MAX,
  };
  const bearer = anchor({ bearer: true, grant });

  test("is for one audience, for minutes, and the end of its chain", () => {
    expect(verified([bearer])).toMatchObject({ bearer: true, hopsLeft: 0 });
  });

  test.each<[string, Claims]>([
    ["two audiences", { aud: [...GRANT.audience] }],
    ["any audience", { aud: undefined }],
    ["a hop left", { del_max_depth: 1 }],
    ["a second too long", { exp: NOW / 1_000 + 301 }],
  ])("with %s is refused", (_what, change) => {
    refuses("bearer_not_allowed", () => verified([forge(bearer, change, COORDINATOR)]), "bearer");
  });

  test("that asks for too much is not minted", () => {
    refuses("bearer_not_allowed", () => anchor({ bearer: true }));
  });

  test("is bearer no more once a link follows it", () => {
    const link = mintSelfLink(verified([bearer]), request, holder(0));
    expect(verified([bearer, link]).bearer).toBe(false);
  });
});
