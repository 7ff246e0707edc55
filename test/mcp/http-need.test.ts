/** What a challenge asks for: enough for the call, in a form that a grant can have, and no value of an argument. @module */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { VerifiedChain } from "../../src/chain/verified-chain.js";
import { evaluate } from "../../src/grant/evaluate.js";
import { missingScope, needOf } from "../../src/mcp/http-need.js";
import { type Grant, parseAatDetail, type ToolMap } from "../../src/wire/grant.js";
import { AUDIENCE, GRANT, NARROW, type Rig, rig } from "../guard/rig.js";

let engine: Rig;
let chain: VerifiedChain;

beforeAll(async () => {
  engine = await rig();
  const root = await engine.root({ grant: { ...GRANT, scopes: ["crm.*", "mail.read"] } });
  const grant = { ...NARROW, scopes: ["crm.read"] };
  chain = root.link({ agent: "reader", grant }).holder.chain;
});
afterAll(() => engine.close());

const none = () => [];

describe("what a request needs", () => {
  test("is enough for it, is a grant's detail, and shows no value", () => {
    const value = fc.oneof(
      fc.integer({ min: 1_000_000 }),
      fc.constant("s3cr3t-value"),
      fc.boolean(),
    );
    const name = fc.constantFrom("path", "amount", "to", "é");
    const acts = fc.array(
      fc.record({
        tool: fc.constantFrom("files.read", "pay.refund", "web.search", "mail.send"),
        arguments: fc.dictionary(name, value, { noNullPrototype: true }),
      }),
      { minLength: 1, maxLength: 3 },
    );
    fc.assert(
      fc.property(acts, (asked) => {
        const { details, scopes } = needOf(chain, asked, AUDIENCE, none);
        const [detail, ...more] = details;
        if (detail === undefined) throw new Error("nothing is asked for");
        expect(more).toEqual([]);
        const tools: ToolMap = parseAatDetail(detail);
        const grant: Grant = { ...chain.grant, tools, limits: {}, ceilings: [] };
        for (const act of asked) {
          const invocation = { ...act, audience: AUDIENCE };
          expect(evaluate([grant], invocation)).toBeUndefined();
          expect(scopes).toContain(act.tool);
        }
        const text = JSON.stringify(details);
        expect(text).not.toContain("s3cr3t");
        expect(text).not.toMatch(/\d{6,}/);
      }),
    );
  });

  test("keeps what fits as it is granted", () => {
    const act = { tool: "files.read", arguments: { path: "/reports/q3/a", deep: true } };
    const { details } = needOf(chain, [act], AUDIENCE, none);
    expect(details).toEqual([
      {
        type: "attenuating_agent_token",
        tools: {
          "files.read": {
            path: { constraint_type: "path", under: "/reports/q3" },
            deep: { constraint_type: "wildcard" },
          },
        },
      },
    ]);
  });

  test("leaves arguments free that no grant could name", () => {
    const act = { tool: "mail.send", arguments: { "a\u0000b": 1 } };
    const { details } = needOf(chain, [act], AUDIENCE, none);
    expect(details[0]?.tools).toEqual({ "mail.send": {} });
  });
});

describe("scopes that a server asks for", () => {
  test.each([
    [[], undefined],
    [["crm.read"], undefined],
    [["crm.write"], "crm.write"],
    [["crm.read", "mail.read"], "mail.read"],
  ])(
    "%j: every grant of the chain covers them, or the first that does not is named",
    (asked, lacks) => {
      expect(missingScope(chain, asked)?.scope).toBe(lacks);
      if (lacks !== undefined) expect(missingScope(chain, asked)?.hop).toBe(chain.hops.at(-1)?.id);
    },
  );
});
