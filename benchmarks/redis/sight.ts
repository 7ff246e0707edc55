/** Bearers: the shortest chain that a guard can be shown, so that what is measured is the store's and the feed's part. @module */
import type { Coordinator } from "../../src/coordinator/verbs.js";
import type { Call } from "../../src/guard/decision.js";
import { generateSigningKey } from "../../src/token/key.js";
import type { GrantInput } from "../../src/wire/grant.js";
import { AUDIENCE, TEAM_TOOLS } from "../material.js";

export const ISSUER = "https://legate.example";

/** What a bearer holds. */
export interface Bearer {
  readonly tree: string;
  readonly tokens: readonly string[];
}

const KEY = generateSigningKey();

/** Opens a tree of one hop that needs no proof of possession. */
export async function bearerOf(
  coordinator: Coordinator,
  limits: GrantInput["limits"] = {},
): Promise<Bearer> {
  const { token, hop } = await coordinator.open({
    principal: { issuer: "https://idp.example.com", subject: "person-1" },
    agent: "spiffe://example.com/agent/planner",
    trigger: "task-1",
    bearer: true,
    holderKey: KEY.jwk,
    grant: { tools: TEAM_TOOLS, audience: [AUDIENCE], limits: { ...limits, depth: 0 } },
  });
  return { tree: hop.tree, tokens: [token] };
}

/** The `index`th call. */
export function callOf(tokens: readonly string[], index: number): Call {
  return {
    tokens,
    possession: { kind: "none" },
    tool: "files.read",
    arguments: { path: `/reports/${index % 997}/q${index % 4}.csv` },
    audience: AUDIENCE,
  };
}
