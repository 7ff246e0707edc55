/** What the story needs of an engine, whichever store stands behind it. @module */
import type { Preview, TreeNode } from "../../coordinator/store.js";
import type { Call } from "../../guard/decision.js";
import type { Boundary } from "../../wire/cut.js";
import type { GrantInput } from "../../wire/grant.js";
import type { Narrator } from "./narrator.js";
import type { Found } from "./tools.js";

/** A hop in the hands of the process that acts: its key never leaves there. */
export interface Hand {
  readonly id: string;
  readonly tree: string;
  readonly agent: string;
  delegate(to: { readonly agent: string; readonly grant: GrantInput }): Promise<Hand>;
  /** A call with its proof of possession, ready to be shown to a guard. */
  call(tool: string, args: Readonly<Record<string, unknown>>): Promise<Call> | Call;
  complete(): Promise<unknown>;
}

/** Engine, guard and store, put together. */
export interface Stage {
  open(root: {
    readonly principal: { readonly issuer: string; readonly subject: string };
    readonly trigger: string;
    readonly agent: string;
    readonly grant: GrantInput;
  }): Promise<Hand>;
  /** Decides a call and runs the tool under its signal. */
  run(call: Call): Promise<Found>;
  preview(boundary: Boundary): Promise<Preview & { readonly callsInFlight?: number }>;
  revoke(
    boundary: Boundary,
    why: { readonly reason: string; readonly by: string },
  ): Promise<unknown>;
  /** Depth-first. */
  nodes(tree: string): Promise<readonly TreeNode[]>;
  /** What this stage has in store for half-way, if anything. */
  interlude?(narrator: Narrator, reader: Hand, path: string): Promise<void>;
  /** Writes down what waits, and lets go of the store. */
  close(): Promise<void>;
}

/** Name of the tool server, as tokens say it. */
export const TOOL_SERVER = "https://tools.example";
/** Who signs the anchors. */
export const ISSUER = "https://legate.example";
