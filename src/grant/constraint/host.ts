/** `host`: where a URL or a bare host may point. @module */
import type { ConstraintOf } from "../../wire/constraint.js";
import { parseTarget, SCHEME_PORTS, type Scheme } from "../../wire/host.js";
import type { Rule } from "./rule.js";

type Host = ConstraintOf<"host">;

export const host: Rule<Host> = {
  compile: (constraint) => {
    const exact = new Set(constraint.hosts.filter((name) => !name.startsWith("*.")));
    const suffixes = constraint.hosts.filter((name) => name.startsWith("*.")).map(suffixOf);
    return (value) => {
      const target = typeof value === "string" ? parseTarget(value) : undefined;
      if (target === undefined || !reaches(constraint, target.scheme, target.port)) return false;
      return exact.has(target.host) || suffixes.some((suffix) => target.host.endsWith(suffix));
    };
  },
  within: (child, parent) =>
    child.hosts.every((name) => parent.hosts.some((outer) => hostWithin(name, outer))) &&
    doorsWithin(child, parent),
};

/** `.example.com`, with the dot: `badexample.com` is not below. */
function suffixOf(pattern: string): string {
  return pattern.slice(1);
}

function hostWithin(name: string, outer: string): boolean {
  if (name === outer) return true;
  if (!outer.startsWith("*.")) return false;
  return (name.startsWith("*.") ? suffixOf(name) : name).endsWith(suffixOf(outer));
}

/** Whether scheme and port are let through; a bare host has no scheme. */
function reaches(constraint: Host, scheme: Scheme | undefined, port: number | undefined): boolean {
  const { schemes, ports } = constraint;
  if (scheme === undefined) {
    if (schemes !== undefined) return false;
    return ports === undefined ? port === undefined : port !== undefined && ports.includes(port);
  }
  if (!(schemes ?? DEFAULT_SCHEMES).includes(scheme)) return false;
  const usual = SCHEME_PORTS[scheme];
  return (ports ?? [usual]).includes(port ?? usual);
}

const DEFAULT_SCHEMES: readonly Scheme[] = ["https"];
const DOORS: readonly (Scheme | undefined)[] = [undefined, "http", "https", "ws", "wss"];

/** Tries every pair of scheme and port that the child could let through: there are few. */
function doorsWithin(child: Host, parent: Host): boolean {
  if (isDefault(child) && isDefault(parent)) return true;
  const ports = new Set([undefined, ...Object.values(SCHEME_PORTS), ...(child.ports ?? [])]);
  return DOORS.every((scheme) =>
    [...ports].every((port) => !reaches(child, scheme, port) || reaches(parent, scheme, port)),
  );
}

function isDefault({ schemes, ports }: Host): boolean {
  return schemes === undefined && ports === undefined;
}
