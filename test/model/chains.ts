/** Random chains of grants and calls, from a seed: mostly narrowing, now and then widening in one place. @module */
import type { Json } from "../../src/base/json-value.js";
import type { Constraint } from "../../src/wire/constraint.js";
import { type Grant, type Limits, parseAuthority } from "../../src/wire/grant.js";
import type { Invocation } from "../../src/wire/invocation.js";
import { CONSTRAINTS } from "./constraint-domains.js";
import { admits, isWithin } from "./plain-evaluator.js";
import { VALUES } from "./values.js";

/** A number below `end`. */
export type Dice = (end: number) => number;

/** Deterministic (mulberry32): the same seed gives the same chains. */
export function dice(seed: number): Dice {
  let state = seed >>> 0;
  return (end) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % end;
  };
}

const POOL: readonly Constraint[] = Object.values(CONSTRAINTS).flat();
const TOOLS = ["files.read", "constructor", "pay.refund", "toString"];
const ARGUMENTS = ["path", "amount", "valueOf"];
const SCOPES = ["crm.*", "crm.read", "crm.x.*", "crm.x.y", "crmx.read", "User.Read"];
const AUDIENCES = ["https://a.example", "https://b.example"];
const narrower = new Map<bigint, readonly Constraint[]>();
const fitting = new Map<bigint, readonly Json[]>();

interface Draft {
  tools: Record<string, Record<string, Constraint>>;
  scopes: string[];
  ceilings: [];
  audience: string[];
  limits: Limits;
  expiresAt: number;
}

/** A root: some tools, some limits. */
export function randomRoot(roll: Dice): Grant {
  const tools: Draft["tools"] = {};
  for (const tool of TOOLS) if (roll(4) > 0) tools[tool] = randomMap(roll);
  return parsed({
    tools,
    scopes: SCOPES.filter(() => roll(2) === 0),
    ceilings: [],
    audience: AUDIENCES.filter(() => roll(2) === 0),
    limits: randomLimits(roll, Object.keys(tools)),
    expiresAt: 1_000 + roll(9),
  });
}

/** A child of an effective grant. */
export function randomChild(roll: Dice, parent: Grant): Grant {
  const draft: Draft = {
    tools: {},
    scopes: parent.scopes.filter(() => roll(5) > 0),
    ceilings: [],
    audience: parent.audience.filter(() => roll(3) > 0),
    limits: {},
    expiresAt: parent.expiresAt - roll(2),
  };
  for (const [tool, map] of Object.entries(parent.tools)) {
    if (roll(6) > 0) draft.tools[tool] = narrowedMap(roll, map);
  }
  draft.limits = narrowedLimits(roll, parent.limits, Object.keys(draft.tools));
  if (roll(3) === 0) widen(roll, draft);
  return parsed(draft);
}

/** A call of one of the tools, its arguments often as the grant wants them. */
export function randomCall(roll: Dice, grant: Grant): Invocation {
  const tool = pick(
    roll,
    roll(8) === 0 ? TOOLS : [...Object.keys(grant.tools), ...TOOLS.slice(0, 1)],
  );
  const wanted = Object.entries(grant.tools).find(([name]) => name === tool)?.[1] ?? {};
  const given = Object.create(null) as Record<string, Json>;
  for (const [name, constraint] of Object.entries(wanted)) {
    if (roll(20) > 0) given[name] = randomValue(roll, constraint);
  }
  if (roll(10) === 0) given[pick(roll, ARGUMENTS)] = pick(roll, VALUES);
  return { tool, arguments: given, audience: pick(roll, AUDIENCES) };
}

function widen(roll: Dice, draft: Draft): void {
  const tool = pick(roll, TOOLS);
  const name = pick(roll, ARGUMENTS);
  const map = Object.entries(draft.tools).find(([held]) => held === tool)?.[1];
  const ways: readonly (() => void)[] = [
    () => Object.assign(draft.tools, { [tool]: randomMap(roll) }),
    () => map !== undefined && Object.assign(map, { [name]: pick(roll, POOL) }),
    () => map !== undefined && Reflect.deleteProperty(map, name),
    () => draft.scopes.push(pick(roll, SCOPES)),
    () => Object.assign(draft, { audience: [pick(roll, AUDIENCES)] }),
    () => Object.assign(draft, { expiresAt: draft.expiresAt + roll(3) }),
    () => Object.assign(draft, { limits: randomLimits(roll, Object.keys(draft.tools)) }),
  ];
  pick(roll, ways)();
}

function randomMap(roll: Dice): Record<string, Constraint> {
  const map: Record<string, Constraint> = {};
  for (const name of ARGUMENTS) if (roll(2) === 0) map[name] = pick(roll, POOL);
  return map;
}

function narrowedMap(
  roll: Dice,
  map: Readonly<Record<string, Constraint>>,
): Record<string, Constraint> {
  if (Object.keys(map).length === 0) return roll(2) === 0 ? {} : randomMap(roll);
  return Object.fromEntries(
    Object.entries(map).map(([name, constraint]) => {
      return [name, roll(2) === 0 ? constraint : pick(roll, narrowerThan(constraint))];
    }),
  );
}

function narrowerThan(constraint: Constraint): readonly Constraint[] {
  const key = admits(constraint);
  let found = narrower.get(key);
  if (found === undefined) {
    found = POOL.filter((other) => admits(other) !== 0n && isWithin(other, constraint));
    if (found.length === 0) found = [constraint];
    narrower.set(key, found);
  }
  return found;
}

function randomValue(roll: Dice, constraint: Constraint): Json {
  const values = fittingValues(constraint);
  return pick(roll, roll(8) === 0 || values.length === 0 ? VALUES : values);
}

function fittingValues(constraint: Constraint): readonly Json[] {
  const bits = admits(constraint);
  let found = fitting.get(bits);
  if (found === undefined) {
    found = VALUES.filter((_value, i) => (bits >> BigInt(i)) & 1n);
    fitting.set(bits, found);
  }
  return found;
}

function randomLimits(roll: Dice, tools: readonly string[]): Limits {
  const maybe = <T>(name: string, make: () => T): object =>
    roll(3) === 0 ? { [name]: make() } : {};
  return {
    ...maybe("calls", () => roll(50)),
    ...maybe("children", () => roll(5)),
    ...maybe("descendants", () => roll(9)),
    ...maybe("depth", () => roll(10)),
    ...maybe("spend", () => ({ [pick(roll, ["EUR", "USD"])]: `${roll(90)}.${roll(9)}0` })),
    ...maybe("useOnly", () => tools.filter(() => roll(4) === 0)),
    ...maybe("delegateOnly", () => tools.filter(() => roll(4) === 0)),
    ...maybe("approval", () => Object.fromEntries(tools.map((tool) => [tool, randomGate(roll)]))),
  };
}

function randomGate(roll: Dice): object {
  const when = roll(2) === 0 ? {} : { when: { [pick(roll, ARGUMENTS)]: pick(roll, POOL) } };
  return { ...when, approvers: 1 + roll(2), ...(roll(2) === 0 ? {} : { from: ["ann", "bob"] }) };
}

function narrowedLimits(roll: Dice, limits: Limits, tools: readonly string[]): Limits {
  const kept = Object.entries(limits).filter(([name]) => name !== "depth" && roll(2) === 0);
  const own: Limits = Object.fromEntries(kept);
  return {
    ...own,
    ...(own.calls === undefined ? {} : { calls: Math.max(0, own.calls - roll(3)) }),
    ...(roll(6) === 0 ? { useOnly: tools.filter(() => roll(5) === 0) } : {}),
  };
}

function pick<T>(roll: Dice, items: readonly T[]): T {
  const item = items[roll(items.length)];
  if (item === undefined) throw new Error("nothing to pick from");
  return item;
}

function parsed({ expiresAt, ...authority }: Draft): Grant {
  return { ...parseAuthority(authority), expiresAt };
}
