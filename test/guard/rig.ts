/** An embedded engine whose clock the test moves, and short ways to ask its guards. Nothing else is made up. @module */
import { expect } from "vitest";
import type { Code } from "../../src/base/codes.js";
import type { Allowed, Call, Decision, Denied } from "../../src/guard/decision.js";
import type { Guard } from "../../src/guard/guard.js";
import {
  type DelegateOptions,
  type Embedded,
  type EmbeddedGuardOptions,
  type EmbeddedHop,
  type EmbeddedOptions,
  type OpenOptions,
  openEmbedded,
} from "../../src/memory/embedded.js";
import type { AuditLine } from "../../src/wire/event.js";
import type { GrantInput } from "../../src/wire/grant.js";
import { type ManualTimers, manualTimers } from "../lifecycle/manual-timers.js";

export const AUDIENCE = "https://files.example.com";
export const START = 1_800_000_000_000;
export const PRINCIPAL = { issuer: "https://id.example.com", subject: "ana" };
export const READ = { path: "/reports/q3/a.csv" };

export const GRANT: GrantInput = {
  tools: {
    "files.read": { path: { constraint_type: "path", under: "/reports" } },
    "pay.refund": { amount: { constraint_type: "range", max: 100 } },
    "web.search": {},
  },
  audience: [AUDIENCE],
};
export const NARROW: GrantInput = {
  tools: { "files.read": { path: { constraint_type: "path", under: "/reports/q3" } } },
};

export interface Rig extends Embedded {
  readonly timers: ManualTimers;
  /** Lets time pass in steps short enough that heartbeats keep guards live. */
  pass(ms: number): Promise<void>;
  root(request?: Partial<OpenOptions>): Promise<EmbeddedHop>;
  watch(options?: Partial<EmbeddedGuardOptions>): Promise<Guard>;
  lines(tree?: string): Promise<readonly AuditLine[]>;
}

export async function rig(options: EmbeddedOptions = {}): Promise<Rig> {
  const timers = manualTimers(START);
  const embedded = await openEmbedded({ timers, ...options });
  return {
    ...embedded,
    timers,
    pass: async (ms) => {
      for (let left = ms; left > 0; left -= 100) {
        timers.advance(Math.min(100, left));
        await settled();
      }
    },
    root: (request) =>
      embedded.open({
        principal: PRINCIPAL,
        agent: "planner",
        trigger: "task-1",
        grant: GRANT,
        ...request,
      }),
    watch: (more) => embedded.guard({ audience: AUDIENCE, ...more }),
    lines: (tree) =>
      embedded.store.audit({
        limit: 1_000,
        ...(tree === undefined ? {} : { tenant: embedded.tenant, tree }),
      }),
  };
}

/** A child that may read one folder. */
export function reader(
  parent: EmbeddedHop,
  request: Partial<DelegateOptions> = {},
): Promise<EmbeddedHop> {
  return parent.delegate({ agent: "reader", grant: NARROW, ...request });
}

/** Lets whatever was begun come to its end. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
}

export async function allows(guard: Guard, call: Call): Promise<Allowed> {
  const decision = await guard.authorize(call);
  expect(decision).toMatchObject({ effect: "allow" });
  if (decision.effect !== "allow") throw new Error(decision.code);
  return decision;
}

export async function denies(
  guard: Guard,
  call: Call,
  code: Code,
  more: Partial<Denied> = {},
): Promise<Decision> {
  const decision = await guard.authorize(call);
  expect(decision).toMatchObject({ effect: "deny", code, ...more });
  return decision;
}

/** A read by this hop that its grant allows. */
export function read(hop: EmbeddedHop): Call {
  return hop.call("files.read", READ);
}
