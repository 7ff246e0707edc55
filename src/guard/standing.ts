/** The first steps of every decision: the invocation's form, the chain, and fresh knowledge of the log that its tree is cut in. @module */
import { DelegationError } from "../base/error.js";
import type { VerifiedChain } from "../chain/verified-chain.js";
import { verifyChain, verifyLeaf } from "../chain/verify.js";
import { type Invocation, parseInvocation } from "../wire/invocation.js";
import type { Bench } from "./bench.js";
import type { Call } from "./decision.js";
import type { FollowedLog } from "./followed-log.js";
import { Presented } from "./presented.js";

/** What is asked, and where. */
type Asks = Pick<Call, "tool" | "arguments" | "audience">;

/** Whether the local copy of the log of cuts is complete, fresh, and as far as the caller demands. */
export function knowsEnough(
  { follower, partition }: FollowedLog,
  { minPosition = 0 }: Pick<Call, "minPosition">,
): boolean {
  if (!follower.isLive()) return false;
  const wanted = typeof minPosition === "number" ? minPosition : minPosition[partition];
  return wanted !== undefined && follower.position >= wanted;
}

/** Asks the store itself. @throws {DelegationError} `status_unknown` */
export async function learn(log: FollowedLog, call: Pick<Call, "minPosition">): Promise<void> {
  await log.follower.confirm();
  if (knowsEnough(log, call)) return;
  throw new DelegationError("status_unknown", "the position asked for is not known yet", {
    rule: "minPosition",
  });
}

export function invocationOf(bench: Bench, call: Asks): Invocation {
  const audience = call.audience ?? bench.audience[0];
  const invocation = parseInvocation({ tool: call.tool, arguments: call.arguments, audience });
  if (bench.audience.includes(invocation.audience)) return invocation;
  throw new DelegationError("audience_mismatch", "this guard does not stand for that audience", {
    rule: "aud",
  });
}

export function present(
  bench: Bench,
  call: Pick<Call, "tokens">,
  invocation: Invocation,
): Presented {
  const now = bench.clock.now();
  const chain = verify(bench, call.tokens, now);
  const leaf = chain.hops.at(-1);
  if (leaf === undefined) throw new DelegationError("chain_empty", "a chain has at least one hop");
  return new Presented(chain, leaf, bench.logs.of(chain), invocation, now, bench);
}

/** A last token that comes alone names the chain that it was verified with, if it was. */
function verify(
  { trust, cache, agentKeys }: Bench,
  tokens: readonly string[],
  now: number,
): VerifiedChain {
  const options = { profile: "legate", trust, now, cache, agentKeys } as const;
  const only = Array.isArray(tokens) && tokens.length === 1 ? tokens[0] : undefined;
  const isToken = typeof only === "string" && only.includes(".");
  return isToken ? verifyLeaf(only, options) : verifyChain(tokens, options);
}
