/** What of a server exists for callers, and how much a call of it risks: the compensating controls, as the second gate. @module */
import { canonicalDigest } from "../base/canonical.js";
import {
  consult,
  type Obligation,
  type PolicyDecision,
  type PolicyEngine,
  type PolicyRequest,
} from "../policy/engine.js";
import type {
  GatewayConfig,
  GatewayControls,
  GatewayServer,
  Risk,
} from "../wire/gateway-config.js";
import { METHOD_PREFIX } from "../wire/mcp.js";
import type { RpcObject } from "./gateway-message.js";
import { isRecord } from "./message.js";
import { isPlain } from "./resource-uri.js";

/** The part of the controls that is about what may be asked for. */
export type Reach = Pick<GatewayControls, "tools" | "resources" | "prompts" | "risk" | "toolRisk">;

function hasTool({ tools }: Reach, tool: string): boolean {
  return tools === undefined || tools.includes(tool);
}

function hasPrompt({ prompts }: Reach, prompt: string): boolean {
  return prompts === undefined || prompts.some((name) => matches(name, prompt));
}

/** A name that leads out of its folder is no part of it, whatever it begins with. */
export function hasResource({ resources }: Reach, uri: string): boolean {
  if (resources === undefined) return true;
  if (resources.includes(uri)) return true;
  if (!isPlain(uri) || /%2f|%5c/i.test(uri)) return false;
  return resources.some((name) => matches(name, uri));
}

/** Whether a template could make the name of a resource that exists. */
export function hasTemplate(reach: Reach, template: string): boolean {
  const { resources } = reach;
  if (resources === undefined) return true;
  const [begin = ""] = template.split("{", 1);
  return resources.some((name) => {
    const stated = name.replace(/\*$/, "");
    return stated.startsWith(begin) || (name.endsWith("*") && begin.startsWith(stated));
  });
}

export function riskOf({ risk, toolRisk }: Reach, tool: string): Risk {
  return Object.hasOwn(toolRisk, tool) ? (toolRisk[tool] ?? risk) : risk;
}

function matches(pattern: string, text: string): boolean {
  return pattern.endsWith("*") ? text.startsWith(pattern.slice(0, -1)) : pattern === text;
}

/**
 * The rule that keeps an invocation from a server; undefined when there is none.
 *
 * @param tool As grants name it: a tool, or `mcp:` and a method.
 */
export function refusedBy(
  reach: Reach,
  tool: string,
  args: Readonly<Record<string, unknown>>,
): "tools" | "resources" | "prompts" | undefined {
  if (!tool.startsWith(METHOD_PREFIX)) return hasTool(reach, tool) ? undefined : "tools";
  switch (tool.slice(METHOD_PREFIX.length)) {
    case "resources/read":
    case "resources/subscribe":
    case "resources/unsubscribe":
      return hasResource(reach, String(args.uri)) ? undefined : "resources";
    case "prompts/get":
      return hasPrompt(reach, String(args.name)) ? undefined : "prompts";
    case "completion/complete": {
      const ref = isRecord(args.ref) ? args.ref : {};
      if (ref.type === "ref/prompt") {
        return hasPrompt(reach, String(ref.name)) ? undefined : "prompts";
      }
      return hasTemplate(reach, String(ref.uri)) ? undefined : "resources";
    }
    default:
      return undefined;
  }
}

type Shows = (reach: Reach, item: Readonly<Record<string, unknown>>) => boolean;

const LISTS: Readonly<Record<string, readonly [member: string, shows: Shows]>> = {
  "tools/list": ["tools", (reach, { name }) => hasTool(reach, String(name))],
  "resources/list": ["resources", (reach, { uri }) => hasResource(reach, String(uri))],
  "resources/templates/list": [
    "resourceTemplates",
    (reach, { uriTemplate }) => hasTemplate(reach, String(uriTemplate)),
  ],
  "prompts/list": ["prompts", (reach, { name }) => hasPrompt(reach, String(name))],
};

/** The answer to a list request without what does not exist for callers; any other answer as it is. */
export function listWithin(reach: Reach, method: string, result: RpcObject): RpcObject {
  const [member, shows] = (Object.hasOwn(LISTS, method) ? LISTS[method] : undefined) ?? [];
  if (member === undefined || shows === undefined) return result;
  const items: unknown = result[member];
  const shown = Array.isArray(items)
    ? items.filter((item) => isRecord(item) && shows(reach, item))
    : [];
  return { ...result, [member]: shown };
}

/**
 * The gateway's rules as a policy, for its guards and for the coordinator that hands out tickets: calls of high risk need people, what
 * is not listed does not exist. Its version changes with every rule, so that no approval outlives the rules it was given under.
 */
export function gatewayPolicy({ servers }: GatewayConfig): PolicyEngine {
  const byAudience = new Map(servers.map((server) => [server.controls.audience, server]));
  const rules = servers.map(({ name, controls }) => {
    const { audience, tools, resources, prompts, risk, toolRisk, approval } = controls;
    return { name, audience, tools, resources, prompts, risk, toolRisk, approval };
  });
  return {
    version: `gateway-${canonicalDigest(JSON.parse(JSON.stringify(rules)))}`,
    decide: (request) => decide(byAudience.get(request.audience), request),
  };
}

/** The same for a coordinator that has other servers as well: for them it hands out tickets as if there were no gateway. */
export function ticketPolicy(config: GatewayConfig): PolicyEngine {
  const audiences = new Set(config.servers.map(({ controls }) => controls.audience));
  return { ...gatewayPolicy(config), concerns: (audience) => audiences.has(audience) };
}

function decide(server: GatewayServer | undefined, request: PolicyRequest): PolicyDecision {
  if (server === undefined) {
    return { effect: "deny", rules: ["gateway.audience"], code: "policy_denied" };
  }
  const { name, controls } = server;
  const refused = refusedBy(controls, request.tool, request.arguments);
  if (refused !== undefined) {
    return { effect: "deny", rules: [`gateway.${name}.${refused}`], code: "policy_denied" };
  }
  const isTool = !request.tool.startsWith(METHOD_PREFIX);
  const risk = riskOf(controls, request.tool);
  const rules = [`gateway.${name}.${risk}`];
  if (!isTool || risk !== "high") return { effect: "allow", rules, obligations: [] };
  const { approvers, from } = controls.approval;
  const people: Obligation = {
    kind: "require_approval",
    approvers,
    ...(from === undefined ? {} : { from }),
  };
  return { effect: "allow", rules, obligations: [people] };
}

/** Two policies as one: both have to allow, and what either asks for has to happen. */
export function bothPolicies(one: PolicyEngine, other: PolicyEngine): PolicyEngine {
  return {
    version: `${one.version} ${other.version}`,
    decide: async (request) => {
      const first = await consult(one, request);
      if (first.effect === "deny") return first;
      const second = await consult(other, request);
      if (second.effect === "deny") return second;
      return {
        effect: "allow",
        rules: [...first.rules, ...second.rules],
        obligations: [...first.obligations, ...second.obligations],
      };
    },
  };
}
