/** `cidr`: addresses of one network. @module */
import type { ConstraintOf } from "../../wire/constraint.js";
import { inNetwork, type Network, parseAddress, parseNetwork } from "../../wire/ip.js";
import type { Rule } from "./rule.js";

export const cidr: Rule<ConstraintOf<"cidr">> = {
  compile: ({ network: text }) => {
    const network = parseNetwork(text);
    if (network === undefined) return () => false;
    return (value) => {
      const address = typeof value === "string" ? parseAddress(value) : undefined;
      return address !== undefined && inNetwork(address, network);
    };
  },
  within: (child, parent) => {
    const inner = parseNetwork(child.network);
    const outer = parseNetwork(parent.network);
    return inner !== undefined && outer !== undefined && networkWithin(inner, outer);
  },
};

function networkWithin(inner: Network, outer: Network): boolean {
  return inner.bits >= outer.bits && inNetwork(inner.groups, outer);
}
