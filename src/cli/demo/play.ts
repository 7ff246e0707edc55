/** What the scenes share: who is on stage, with which tools, and how a call is made. @module */
import { systemClock } from "../../base/clock.js";
import { DelegationError } from "../../base/error.js";
import type { GrantInput } from "../../wire/grant.js";
import { diffGrants } from "../grant-diff.js";
import { signs } from "../wording.js";
import { BrokenPromise, type Narrator } from "./narrator.js";
import type { Hand, Stage } from "./stage.js";
import type { Arguments, Found, Places, Progress } from "./tools.js";

/** Everything that a scene works with. */
export interface Play {
  readonly stage: Stage;
  readonly narrator: Narrator;
  readonly progress: Progress;
  readonly places: Places;
}

/** The agents, once they have their hops. */
export interface Cast {
  readonly planner: Hand;
  readonly researcher: Hand;
  readonly reader: Hand;
  readonly writer: Hand;
}

/** Calls a tool as `hand`: the guard decides, and the tool runs under its signal. */
export async function use(play: Play, hand: Hand, name: string, args: Arguments): Promise<Found> {
  return play.stage.run(await hand.call(name, args));
}

/** Hands part of what `from` has to another agent, and tells what became narrower. */
export async function handOn(
  play: Play,
  from: Hand,
  agent: string,
  grant: GrantInput,
): Promise<Hand> {
  const { narrator, stage } = play;
  const hand = await from.delegate({ agent, grant });
  narrator.know(hand.id, agent);
  const nodes = await stage.nodes(hand.tree);
  const parent = nodes.find(({ hop }) => hop.id === from.id);
  const child = nodes.find(({ hop }) => hop.id === hand.id);
  if (parent === undefined || child === undefined)
    throw new BrokenPromise("a hop is not in its tree");
  const { dropped, narrowed } = diffGrants(parent.authority, child.authority);
  narrator.step(from.agent, `delegates to ${agent}`, { hop: hand.id, dropped, narrowed });
  const { lost, narrower, to } = signs(narrator.terminal);
  if (dropped.length > 0) narrator.remark(`${" ".repeat(11)}${lost} ${dropped.join(", ")}`);
  for (const change of narrowed) {
    narrator.remark(
      `${" ".repeat(11)}${narrower} ${change.what}: ${change.from} ${to} ${change.to}`,
    );
  }
  return hand;
}

/** Draws the tree as it stands. */
export async function drawn(play: Play, tree: string): Promise<void> {
  play.narrator.tree(await play.stage.nodes(tree), systemClock.now());
}

/** @throws {BrokenPromise} unless `condition` */
export function hold(condition: boolean, promise: string): void {
  if (!condition) throw new BrokenPromise(promise);
}

/** The code with which `running` was refused; undefined when it was not. */
export async function codeOf(running: Promise<unknown>): Promise<string | undefined> {
  try {
    await running;
    return undefined;
  } catch (thrown) {
    if (thrown instanceof DelegationError) return thrown.code;
    throw thrown;
  }
}
