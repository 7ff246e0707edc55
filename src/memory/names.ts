/** Finds what a name stands for, and makes it when it is first written to. @module */
import type { Agent, Extra, Hop, Principal, Tenant, Unseen, World } from "./model.js";

export function extraOf(hop: Hop): Extra {
  hop.extra ??= { successors: [], held: new Set(), slots: new Map() };
  return hop.extra;
}

/** The tenant, made when it is first written to. */
export function tenantOf(world: World, name: string): Tenant {
  const known = world.tenants.get(name);
  if (known !== undefined) return known;
  const tenant: Tenant = {
    name,
    hops: new Map(),
    trees: new Map(),
    opened: [],
    agents: new Map(),
    principals: new Map(),
    keys: new Set(),
    unseen: new Map(),
    standing: new Map(),
    suspensions: new Map(),
    tickets: new Map(),
    slots: new Map(),
    epoch: 0,
  };
  world.tenants.set(name, tenant);
  return tenant;
}

export function agentOf(tenant: Tenant, name: string): Agent {
  const known = tenant.agents.get(name);
  if (known !== undefined) return known;
  const agent: Agent = { name, hops: 0, cutAt: 0, banned: false };
  tenant.agents.set(name, agent);
  return agent;
}

export function principalOf(tenant: Tenant, issuer: string, subject: string): Principal {
  const key = JSON.stringify([issuer, subject]);
  const known = tenant.principals.get(key);
  if (known !== undefined) return known;
  const principal: Principal = { issuer, subject, cutAt: 0 };
  tenant.principals.set(key, principal);
  return principal;
}

export function unseenOf(tenant: Tenant, tree: string): Unseen {
  const known = tenant.unseen.get(tree);
  if (known !== undefined) return known;
  const unseen: Unseen = { tree: false, hops: new Set(), below: new Set() };
  tenant.unseen.set(tree, unseen);
  return unseen;
}
