/** The engine against the plain evaluator, on random chains and calls. @module */
import { attenuate, escapesOf } from "../../src/grant/attenuate.js";
import { evaluate } from "../../src/grant/evaluate.js";
import type { Constraint } from "../../src/wire/constraint.js";
import type { Grant } from "../../src/wire/grant.js";
import { type Dice, dice, randomCall, randomChild, randomRoot } from "./chains.js";
import { FALSE_DENIES } from "./false-denies.js";
import { admits, plainAllows, plainEscapes } from "./plain-evaluator.js";

/** What a run found; the two lists must be empty. */
export interface Findings {
  checks: number;
  /** Calls that both let through. */
  allowed: number;
  /** Children that both let through, and that both refuse. */
  accepted: number;
  refused: number;
  /** Refused by the engine alone, for a pair of types on the committed list. */
  excused: number;
  readonly falseGrants: string[];
  readonly falseDenies: string[];
}

const HOPS = 8;
const CALLS = 20;

/** Runs until `checks` pairs of chain and call have been judged. */
export function runDifferential(seed: number, checks: number): Findings {
  const roll = dice(seed);
  const findings: Findings = {
    checks: 0,
    allowed: 0,
    accepted: 0,
    refused: 0,
    excused: 0,
    falseGrants: [],
    falseDenies: [],
  };
  while (findings.checks < checks) {
    const chain = randomChain(roll, findings);
    for (let i = 0; i < CALLS; i += 1) judgeCall(roll, chain, findings);
  }
  return findings;
}

function randomChain(roll: Dice, findings: Findings): readonly Grant[] {
  const chain = [randomRoot(roll)];
  for (let hop = 1 + roll(HOPS); hop > 1; hop -= 1) {
    const parent = chain[chain.length - 1];
    if (parent === undefined) break;
    const child = randomChild(roll, parent);
    if (judgeChild(parent, child, findings)) chain.push(attenuate(parent, child));
  }
  return chain;
}

function judgeChild(parent: Grant, child: Grant, findings: Findings): boolean {
  const engine = escapesOf(parent, child);
  const plain = plainEscapes(parent, child);
  const story = (place: string): string => JSON.stringify({ place, parent, child });
  findings.falseGrants.push(...plain.filter((place) => !engine.includes(place)).map(story));
  const denied = engine.filter((place) => !plain.includes(place));
  findings.falseDenies.push(
    ...denied.filter((place) => !isExcused(place, parent, child)).map(story),
  );
  if (plain.length > 0) findings.refused += 1;
  else if (engine.length > 0) findings.excused += 1;
  else findings.accepted += 1;
  return engine.length === 0;
}

function judgeCall(roll: Dice, chain: readonly Grant[], findings: Findings): void {
  const call = randomCall(roll, chain[roll(chain.length)] ?? randomRoot(roll));
  const engine = evaluate(chain, call) === undefined;
  const plain = plainAllows(chain, call);
  findings.checks += 1;
  if (engine && plain) findings.allowed += 1;
  if (engine && !plain) findings.falseGrants.push(JSON.stringify({ call, chain }));
  if (!engine && plain) findings.falseDenies.push(JSON.stringify({ call, chain }));
  // What the leaf lets through, every hop above it lets through, whoever may use it there.
  if (!evaluateAlone(chain, call)) return;
  const widened = chain.findIndex((grant) => !plainAllows([asUser(grant)], call));
  if (widened >= 0) findings.falseGrants.push(JSON.stringify({ widened, call, chain }));
}

function evaluateAlone(chain: readonly Grant[], call: Parameters<typeof evaluate>[1]): boolean {
  const leaf = chain[chain.length - 1];
  return leaf !== undefined && evaluate([leaf], call) === undefined;
}

function asUser(grant: Grant): Grant {
  return { ...grant, limits: {} };
}

/** A refusal that the committed list knows, or of a constraint that no value of the universe meets. */
function isExcused(place: string, parent: Grant, child: Grant): boolean {
  return pairsAt(place, parent, child).some(([inner, outer]) => {
    const types = `${inner.constraint_type} under ${outer.constraint_type}`;
    return admits(inner) === 0n || FALSE_DENIES.has(types);
  });
}

/** The constraints that met at a place; in a gate the parent's condition has to lie inside the child's. */
function pairsAt(place: string, parent: Grant, child: Grant): [Constraint, Constraint][] {
  const pairs: [Constraint, Constraint][] = [];
  for (const [tool, map] of Object.entries(child.tools)) {
    for (const [name, inner] of Object.entries(map)) {
      const outer = parent.tools[tool]?.[name];
      if (outer !== undefined && place === `tools.${tool}.${name}`) pairs.push([inner, outer]);
    }
  }
  for (const [tool, gate] of Object.entries(child.limits.approval ?? {})) {
    if (place !== `limits.approval.${tool}`) continue;
    for (const [name, wider] of Object.entries(gate.when ?? {})) {
      const narrower = parent.limits.approval?.[tool]?.when?.[name];
      pairs.push([narrower ?? { constraint_type: "wildcard" }, wider]);
    }
  }
  return pairs;
}
