/** Trying again after losing a race against a newer cut. @module */
import { DelegationError } from "../base/error.js";
import { POSITION_RETRIES_MAX } from "../base/limits.js";
import type { Context, Seen } from "./context.js";

/**
 * Makes a move in `tree` with the last sight of its log of cuts; when a newer cut would cover what it makes, looks again, lets `again`
 * judge anew, and repeats.
 *
 * @throws {DelegationError} `position_behind` after `POSITION_RETRIES_MAX` attempts, and what the move throws
 */
export async function retryBehind<T>(
  ctx: Context,
  tree: string,
  move: (seen: Seen) => Promise<T>,
  again?: () => void,
): Promise<{ readonly result: T; readonly seen: Seen }> {
  let seen = ctx.horizon.lastOf(tree) ?? (await ctx.horizon.refresh(tree));
  for (let attempt = 1; ; attempt++) {
    try {
      return { result: await move(seen), seen };
    } catch (thrown) {
      const behind = thrown instanceof DelegationError && thrown.code === "position_behind";
      if (!behind || attempt >= POSITION_RETRIES_MAX) throw thrown;
    }
    seen = await ctx.horizon.refresh(tree);
    again?.();
  }
}
