/** Grants and calls for the tests of this room. @module */
import { expect } from "vitest";
import type { Code } from "../../src/base/codes.js";
import type { Json } from "../../src/base/json-value.js";
import { attenuate, escapesOf, type Handing } from "../../src/grant/attenuate.js";
import type { Constraint } from "../../src/wire/constraint.js";
import { type Grant, type GrantInput, parseGrant } from "../../src/wire/grant.js";
import type { Invocation } from "../../src/wire/invocation.js";

export const NOW = 1_767_225_600_000;
const ENDS = NOW / 1_000 + 600;

/** A grant that ends ten minutes from now unless it says otherwise. */
export function grant(input: GrantInput): Grant {
  return parseGrant({ tools: {}, expiresAt: ENDS, ...input }, { now: NOW });
}

/** A grant of one tool, `files.read`, with one argument, `path`. */
export function reading(constraint: Constraint): Grant {
  return grant({ tools: { "files.read": { path: constraint } } });
}

/** A call as a careless caller would make it: nothing is parsed. */
export function call(tool: string, args: Record<string, Json> = {}): Invocation {
  return { tool, arguments: args, audience: "https://tools.example" };
}

/** Refused, with exactly these places, by the engine of minter and verifier alike. */
export function expectEscapes(
  parent: Grant,
  child: Grant,
  places: readonly string[],
  how: Handing = {},
): void {
  expect(escapesOf(parent, child, how)).toEqual(places);
  expectRefusal(() => attenuate(parent, child, how), "grant_exceeds_parent", places[0]);
}

export function expectRefusal(act: () => unknown, code: Code, rule?: string): void {
  expect(act).toThrow(
    expect.objectContaining({
      name: "DelegationError",
      code,
      ...(rule === undefined ? {} : { rule }),
    }),
  );
}
