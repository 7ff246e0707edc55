/** What a chain could use of what a server has to offer, whatever else a call would say. @module */
import type { Json } from "../base/json-value.js";
import type { VerifiedChain } from "../chain/verified-chain.js";
import { couldPass } from "../grant/evaluate.js";
import type { Constraint } from "../wire/constraint.js";
import { METHOD_PREFIX } from "../wire/mcp.js";
import { isRecord } from "./message.js";

/** Whether some call of a tool could pass; one by a name that stands for a method is no tool. */
export function couldCall(chain: VerifiedChain, audience: string, name: unknown): boolean {
  if (typeof name !== "string" || name.startsWith(METHOD_PREFIX)) return false;
  return passes(chain, audience, name, {});
}

/** Whether a resource could be read or subscribed to. */
export function couldRead(chain: VerifiedChain, audience: string, uri: unknown): boolean {
  if (typeof uri !== "string") return false;
  return READING.some((method) => passes(chain, audience, method, { uri }));
}

/** Whether any resource of a template could be: some URI that begins as it does. */
export function couldReadAny(chain: VerifiedChain, audience: string, template: unknown): boolean {
  if (typeof template !== "string") return false;
  const [start = ""] = template.split("{", 1);
  return READING.some(
    (method) =>
      passes(chain, audience, method, {}) &&
      chain.grants.every(({ tools }) => {
        const uri = Object.hasOwn(tools, method) ? tools[method]?.uri : undefined;
        return uri === undefined || couldStart(uri, start);
      }),
  );
}

/** Whether some text that begins so could meet the constraint. What cannot be told is yes: a call decides. */
function couldStart(constraint: Constraint, start: string): boolean {
  switch (constraint.constraint_type) {
    case "exact":
      return begins(constraint.value, start);
    case "one_of":
      return constraint.values.some((value) => begins(value, start));
    case "prefix":
      return constraint.value.startsWith(start) || start.startsWith(constraint.value);
    case "all":
      return constraint.constraints.every((clause) => couldStart(clause, start));
    case "any":
      return constraint.constraints.some((clause) => couldStart(clause, start));
    default:
      return true;
  }
}

function begins(value: unknown, start: string): boolean {
  return typeof value === "string" && value.startsWith(start);
}

const READING = [`${METHOD_PREFIX}resources/read`, `${METHOD_PREFIX}resources/subscribe`];

/** Whether a prompt could be got. */
export function couldPrompt(chain: VerifiedChain, audience: string, name: unknown): boolean {
  return (
    typeof name === "string" && passes(chain, audience, `${METHOD_PREFIX}prompts/get`, { name })
  );
}

/** Whether what a completion is for could be used. */
export function couldComplete(chain: VerifiedChain, audience: string, params: unknown): boolean {
  const { ref }: Record<string, unknown> = isRecord(params) ? params : {};
  if (!isRecord(ref)) return false;
  const { type, name, uri } = ref;
  if (type === "ref/prompt") return couldPrompt(chain, audience, name);
  return type === "ref/resource" && couldReadAny(chain, audience, uri);
}

function passes(
  { grants }: VerifiedChain,
  audience: string,
  tool: string,
  args: Readonly<Record<string, Json>>,
): boolean {
  return couldPass(grants, { tool, arguments: args, audience });
}
