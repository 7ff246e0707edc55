/** A cut while a tool runs: the call is aborted, what lies below is over, the sibling lives. @module */
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { DelegationError } from "legate";
import { openEmbedded } from "legate/embedded";

const legate = await openEmbedded();
const guard = await legate.guard({ audience: "https://crawl.example" });
const root = await legate.open({
  principal: { issuer: "https://people.example", subject: "ada" },
  trigger: "map the site",
  agent: "planner",
  grant: { tools: { "site.crawl": {} }, audience: ["https://crawl.example"] },
});
const grant = { tools: { "site.crawl": {} } };
const left = await root.delegate({ agent: "left", grant });
const below = await left.delegate({ agent: "below", grant });
const right = await root.delegate({ agent: "right", grant });

let pages = 0;
/** A slow tool that minds its signal, as every tool under a guard should. */
async function crawl(signal: AbortSignal): Promise<void> {
  for (; pages < 1_000; pages += 1) await pause(5, undefined, { signal });
}

const running = guard.run(below.call("site.crawl", {}), ({ signal }) => crawl(signal));
const stopped = assert.rejects(
  running,
  (refusal) =>
    refusal instanceof DelegationError && refusal.code === "aborted" && refusal.hop === left.id,
);
await pause(60);
const boundary = { kind: "hop", tree: left.tree, hop: left.id } as const;
const preview = await legate.preview(boundary);
console.log(`a cut would stop ${preview.hops} hops (${preview.agents.join(", ")})`);

const begun = performance.now();
const { barrier } = await legate.revoke(boundary, { reason: "wrong site", by: "ada" });
await stopped;
console.log(`stopped after ${(performance.now() - begun).toFixed(1)} ms, at page ${pages}`);
console.log(`guards that have the cut: ${barrier?.seen} of ${barrier?.guards}`);

const at = pages;
await pause(50);
assert.equal(pages, at, "the tool really stopped");

const after = await guard.authorize(below.call("site.crawl", {}));
assert(after.effect === "deny" && after.code === "delegation_revoked" && after.hop === left.id);
const sibling = await guard.authorize(right.call("site.crawl", {}));
assert(sibling.effect === "allow");
sibling.end();
console.log("below the cut: refused; beside it: allowed");
await legate.close();
