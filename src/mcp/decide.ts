/** The decision about one request or notification of MCP. @module */
import { DelegationError, exposed } from "../base/error.js";
import type { VerifiedChain } from "../chain/verified-chain.js";
import type { Call, Decision } from "../guard/decision.js";
import type { Guard } from "../guard/guard.js";
import { actOf, httpActOf, PRESENT_META } from "../wire/mcp.js";
import { couldComplete } from "./could-use.js";
import { credentialsOf } from "./credentials.js";
import { isRecord, type NotificationMessage } from "./message.js";
import { OF_A_RESOURCE, OF_A_TASK, ruleOf } from "./methods.js";
import { deniedBy } from "./refusal.js";
import { isPlain } from "./resource-uri.js";
import { leafOf, type TaskOwners } from "./tasks.js";
import type { McpExtra } from "./transport.js";

/** What requests are decided with. */
export interface Desk {
  readonly guard: Guard;
  /** The resource that this server is, byte for byte as tokens name it. */
  readonly audience: string;
  /** What DPoP proofs name: the server's URL as it knows itself. */
  readonly url: string | undefined;
  readonly tasks: TaskOwners;
}

/**
 * Decides a request, or a notification, by its method's rule. Never throws, and never rejects.
 *
 * @param accept Refuses by throwing what the session does not take.
 */
export function decide(
  desk: Desk,
  { method, params }: NotificationMessage,
  extra: McpExtra | undefined,
  accept: (chain: VerifiedChain) => void,
): Decision | Promise<Decision> {
  try {
    const credentials = credentialsOf(params, extra, desk.url);
    if (credentials === undefined) {
      throw new DelegationError("chain_empty", "no delegation came with the request", {
        rule: PRESENT_META,
      });
    }
    const { guard, audience } = desk;
    const { tokens, possession, tickets } = credentials;
    const { tool, arguments: args } = actOf(method, params);
    const rule = ruleOf(method);
    if (OF_A_RESOURCE.has(method)) checkName(args.uri);
    const checked = rule === "authorize" ? accept : heard(desk, accept);
    const accepts = acceptanceOf(desk, method, params, checked);
    // Member by member: this is the hot path.
    const bare = { tokens, possession, tool, arguments: args, audience, accept: accepts };
    const call: Call = tickets === undefined ? bare : { ...bare, tickets };
    if (rule === "authenticate") return guard.authenticate(call);
    const deciding = guard.authorize(call);
    return method === "tools/call" ? deciding : deciding.then(namingTheMethod);
  } catch (thrown) {
    return deniedBy(exposed(thrown));
  }
}

/**
 * Whose answer to the server an HTTP request brings: an answer has no `_meta`, so possession is the header's to prove. Undefined for
 * nobody's. Never rejects.
 */
export async function answererOf(
  desk: Desk,
  extra: McpExtra | undefined,
  accept: (chain: VerifiedChain) => void,
): Promise<VerifiedChain | undefined> {
  const credentials = credentialsOf(undefined, extra, desk.url);
  if (credentials === undefined) return undefined;
  const { tokens, possession } = credentials;
  const { guard, audience } = desk;
  const shown = { tokens, possession, ...httpActOf("POST"), audience };
  const decision = await guard.authenticate({ ...shown, accept: heard(desk, accept) });
  if (decision.effect === "deny") return undefined;
  decision.end();
  return decision.chain;
}

/** Where no grant is asked, its audience is nevertheless: a chain for another server is nobody here. */
function heard(
  { audience }: Desk,
  accept: (chain: VerifiedChain) => void,
): (chain: VerifiedChain) => void {
  return (chain) => {
    if (!chain.grant.audience.includes(audience)) {
      throw new DelegationError("audience_mismatch", "the grant is for another audience", {
        hop: leafOf(chain),
        rule: "audience",
      });
    }
    accept(chain);
  };
}

/** What a method asks of a chain besides its grants. */
function acceptanceOf(
  { audience, tasks }: Desk,
  method: string,
  params: unknown,
  accept: (chain: VerifiedChain) => void,
): (chain: VerifiedChain) => void {
  if (OF_A_TASK.has(method)) {
    const { taskId }: Record<string, unknown> = isRecord(params) ? params : {};
    return (chain) => {
      accept(chain);
      if (tasks.mayUse(chain, taskId)) return;
      throw new DelegationError("not_entitled", "no task of this chain", {
        hop: leafOf(chain),
        rule: "taskId",
      });
    };
  }
  if (method !== "completion/complete") return accept;
  return (chain) => {
    accept(chain);
    if (couldComplete(chain, audience, params)) return;
    throw new DelegationError("method_not_granted", "what it completes could not be used", {
      hop: leafOf(chain),
      rule: "ref",
    });
  };
}

/** Servers read the name as a URL, and find another resource than the one that was decided about. */
function checkName(uri: unknown): void {
  if (typeof uri !== "string" || isPlain(uri)) return;
  throw new DelegationError("invalid_request", "the name leads to another resource", {
    rule: "uri",
  });
}

/** In a grant a method is a tool like others; to who asks it is a method. */
function namingTheMethod(decision: Decision): Decision {
  if (decision.effect !== "deny" || decision.code !== "tool_not_granted") return decision;
  return { ...decision, code: "method_not_granted" };
}
