/** The coordinator's tools in MCP: their words, their forms, and what a client may expect of each. @module */
import { z } from "zod";
import type { JsonObject } from "../base/json-value.js";
import {
  complete,
  completed,
  delegate,
  delegated,
  elevate,
  elevated,
  explain,
  explained,
  inspect,
  inspected,
  revoke,
  revoked,
} from "./mcp-tool-forms.js";
import { parseShape } from "./shape.js";

const READS = { readOnlyHint: true, openWorldHint: false } as const;

const TOOLS = {
  delegation_create: {
    title: "Delegate",
    description:
      "Hand a part of your authority to an agent, never more than you hold. Gives a handle and ids, never a credential.",
    input: delegate,
    output: delegated,
    annotations: {
      readOnlyHint: false,
      destructiveHint: false,
      idempotentHint: false,
      openWorldHint: false,
    },
  },
  delegation_inspect_tree: {
    title: "Inspect tree",
    description:
      "Your own hop and everything below it: who acts, in which state, with which tools.",
    input: inspect,
    output: inspected,
    annotations: READS,
  },
  delegation_explain: {
    title: "Explain",
    description:
      "Would a call by your hop, or one below, be allowed; if not, which rule refuses and what would pass.",
    input: explain,
    output: explained,
    annotations: READS,
  },
  delegation_revoke: {
    title: "Revoke",
    description:
      "Cut your own hop or one below, with everything under it, for good. First without `confirm`: it tells what would stop, and how to confirm.",
    input: revoke,
    output: revoked,
    annotations: {
      readOnlyHint: false,
      destructiveHint: true,
      idempotentHint: true,
      openWorldHint: false,
    },
  },
  delegation_request_elevation: {
    title: "Request elevation",
    description:
      "Ask people for an approval that a call of yours needs, or how a decision stands. They decide elsewhere; you cannot.",
    input: elevate,
    output: elevated,
    annotations: {
      readOnlyHint: false,
      destructiveHint: false,
      idempotentHint: false,
      openWorldHint: false,
    },
  },
  delegation_complete_task: {
    title: "Complete task",
    description:
      "The task is done: give the authority of your hop, or of one below, back. Ends everything under it.",
    input: complete,
    output: completed,
    annotations: {
      readOnlyHint: false,
      destructiveHint: true,
      idempotentHint: false,
      openWorldHint: false,
    },
  },
} as const;

/** Name of a tool. */
export type CoordinatorTool = keyof typeof TOOLS;
/** What a tool takes. */
export type ToolInput<T extends CoordinatorTool> = z.output<(typeof TOOLS)[T]["input"]>;
/** What a tool gives. */
export type ToolOutput<T extends CoordinatorTool> = z.input<(typeof TOOLS)[T]["output"]>;

export function isCoordinatorTool(name: string): name is CoordinatorTool {
  return Object.hasOwn(TOOLS, name);
}

/** Reads a tool's arguments. @throws {DelegationError} `invalid_request`, naming the place and no value */
export function parseToolInput<T extends CoordinatorTool>(tool: T, input: unknown): ToolInput<T> {
  return parseShape<ToolInput<T>>(
    TOOLS[tool].input as unknown as z.ZodType<ToolInput<T>>,
    input,
    "invalid_request",
  );
}

/** A tool as `tools/list` shows it. */
export interface ListedTool {
  readonly name: CoordinatorTool;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: JsonObject;
  readonly outputSchema: JsonObject;
  readonly annotations: Readonly<Record<string, boolean>>;
}

/** All tools, in one order. */
export function listedTools(): readonly ListedTool[] {
  return Object.entries(TOOLS).map(
    ([name, { title, description, input, output, annotations }]) => ({
      name: name as CoordinatorTool,
      title,
      description,
      inputSchema: z.toJSONSchema(input, { io: "input" }) as JsonObject,
      outputSchema: z.toJSONSchema(output) as JsonObject,
      annotations,
    }),
  );
}

/** Member of a result's `_meta`: tickets as whoever asked has to show them, for the carrier and not for a model. */
export const TICKETS_META = "dev.legate/tickets";
