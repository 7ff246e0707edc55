/** What a handler gets of a call: all that was sent, with the arguments that were checked, and nothing of the delegation. @module */
import fc from "fast-check";
import { expect, test } from "vitest";
import { paramsFor } from "../../src/mcp/params.js";
import { PRESENT_META } from "../../src/wire/mcp.js";

const RELATED_TASK = "io.modelcontextprotocol/related-task";
const CHECKED = { path: "/checked" };

/** The plainest words for it: a copy, member by member. */
function model(method: string, params: Record<string, unknown>): Map<string, unknown> {
  const told = new Map<string, unknown>();
  if (method === "tools/call") {
    for (const [name, value] of Object.entries(params)) {
      if (name !== "_meta") told.set(name, name === "arguments" ? CHECKED : value);
    }
  } else for (const [name, value] of Object.entries(CHECKED)) told.set(name, value);
  const { _meta } = params;
  if (typeof _meta !== "object" || _meta === null || Array.isArray(_meta)) return told;
  const rest = Object.entries(_meta).filter(([n]) => n !== PRESENT_META && n !== RELATED_TASK);
  if (rest.length > 0) told.set("_meta", Object.fromEntries(rest));
  return told;
}

test("a handler gets what was sent, the checked arguments, and no token, whatever the form", () => {
  const member = fc.constantFrom(PRESENT_META, RELATED_TASK, "progressToken", "__proto__", "trace");
  const metas = fc.oneof(fc.dictionary(member, fc.constant("said")), fc.constantFrom(7, [], null));
  const names = fc.constantFrom("name", "arguments", "_meta", "task", "__proto__", "constructor");
  const sent = fc
    .uniqueArray(names, { selector: (name) => name })
    .chain((members) =>
      fc.tuple(fc.constant(members), metas, fc.constantFrom("tools/call", "resources/read")),
    );
  let usual = 0;
  fc.assert(
    fc.property(sent, ([members, meta, method]) => {
      const values = members.map((name) => [name, name === "_meta" ? meta : `sent ${name}`]);
      // As JSON makes it: also `__proto__` is a member like others.
      const params = Object.fromEntries(values) as Record<string, unknown>;
      if (members.every((name) => /^(name|arguments|_meta)$/.test(name))) usual += 1;
      const got = paramsFor({ method, params }, { arguments: CHECKED });
      expect(new Map(Object.entries(got))).toEqual(model(method, params));
      expect(Object.getPrototypeOf(got)).toBe(Object.prototype);
      expect(got).not.toBe(params);
    }),
    { numRuns: 1_000 },
  );
  expect(usual).toBeGreaterThan(20);
});

test.each([undefined, 7, [], null])("parameters that are %j are none", (params) => {
  expect(paramsFor({ method: "tools/call", params }, { arguments: CHECKED })).toEqual({});
});
