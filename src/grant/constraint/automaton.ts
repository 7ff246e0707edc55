/** Globs as finite automata: matching in linear time, and inclusion of one language in another. @module */
import type { GlobToken } from "../../wire/glob.js";

export interface Glob {
  readonly tokens: readonly GlobToken[];
  readonly separator: string;
}

/** States of the nondeterministic automaton, ascending: state i stands before token i, the last one accepts. */
type States = readonly number[];

/** Deterministic states that one matcher keeps; beyond, it goes on without keeping. */
const KEPT_MAX = 256;

/** A character, or undefined for all those that no pattern at hand names. */
type Letter = string | undefined;

interface Node {
  readonly states: States;
  readonly kept: boolean;
  readonly accepts: boolean;
  /** By the letter's number; filled when first needed. */
  readonly next: (Node | undefined)[];
}

/**
 * A function that tells whether the glob matches a whole string, by code points.
 *
 * Time is linear in the string: the deterministic automaton is built as strings need it, up to `KEPT_MAX` states;
 * beyond, each character costs a walk over the pattern.
 */
export function matcher(glob: Glob): (text: string) => boolean {
  const letters = lettersOf(glob);
  const numberOf = numbering(letters);
  const nodes = new Map<string, Node>();
  const nodeOf = (states: States): Node => {
    const key = states.join();
    const kept = nodes.get(key);
    if (kept !== undefined) return kept;
    const accepts = states.at(-1) === glob.tokens.length;
    const next = new Array<Node | undefined>(letters.length).fill(undefined);
    const node = { states, kept: nodes.size < KEPT_MAX, accepts, next };
    if (node.kept) nodes.set(key, node);
    return node;
  };
  const first = nodeOf(start(glob));
  return (text) => {
    let node = first;
    for (let i = 0; i < text.length; i += 1) {
      const point = text.codePointAt(i) ?? 0;
      if (point > 0xffff) i += 1;
      const letter = numberOf(point);
      let next = node.next[letter];
      if (next === undefined) {
        next = nodeOf(step(glob, node.states, letters[letter]));
        // A node that is not kept must not hang on one that is, or memory would have no end.
        if (node.kept && next.kept) node.next[letter] = next;
      }
      if (next.states.length === 0) return false;
      node = next;
    }
    return node.accepts;
  };
}

/**
 * Whether every string that `child` matches is matched by `parent`.
 *
 * Walks the pairs of a child's state and the set of states that the parent can be in. Exact, unless `spend` says that
 * the work has reached its ceiling: then the answer is no.
 */
export function includes(parent: Glob, child: Glob, spend: (steps: number) => boolean): boolean {
  const letters = lettersOf(parent, child);
  const ends = child.tokens.length;
  const seen = new Set<string>();
  const waiting: (readonly [state: number, states: States])[] = [];
  const visit = (state: number, states: States): void => {
    const key = `${state}:${states.join()}`;
    if (seen.has(key)) return;
    seen.add(key);
    waiting.push([state, states]);
  };
  for (const state of start(child)) visit(state, start(parent));
  for (let pair = waiting.pop(); pair !== undefined; pair = waiting.pop()) {
    const [state, states] = pair;
    // From every state of a glob some string leads to acceptance, so a parent without states has lost one.
    if (states.length === 0) return false;
    if (state === ends && states.at(-1) !== parent.tokens.length) return false;
    if (acceptsAll(parent, states)) continue;
    for (const letter of letters) {
      const targets = step(child, [state], letter);
      if (targets.length === 0) continue;
      if (!spend(states.length + targets.length)) return false;
      const reached = step(parent, states, letter);
      for (const target of targets) visit(target, reached);
    }
  }
  return true;
}

/** All characters that the globs name, and undefined for the rest. */
function lettersOf(...globs: readonly Glob[]): readonly Letter[] {
  const named = new Set<string>();
  for (const { tokens, separator } of globs) {
    named.add(separator);
    for (const token of tokens) if (token.kind === "literal") named.add(token.char);
  }
  return [...named, undefined];
}

/** The letter's number by code point: a table for ASCII, a map for the rest. */
function numbering(letters: readonly Letter[]): (point: number) => number {
  const other = letters.length - 1;
  const low = new Uint16Array(128).fill(other);
  const high = new Map<number, number>();
  for (const [number, letter] of letters.entries()) {
    const point = letter?.codePointAt(0);
    if (point === undefined) continue;
    if (point < low.length) low[point] = number;
    else high.set(point, number);
  }
  return (point) => low[point] ?? high.get(point) ?? other;
}

function acceptsAll({ tokens }: Glob, states: States): boolean {
  return tokens.at(-1)?.kind === "many" && states.includes(tokens.length - 1);
}

function start(glob: Glob): States {
  return closed(glob, [0]);
}

function step(glob: Glob, states: States, letter: Letter): States {
  const reached: number[] = [];
  for (const state of states) {
    const token = glob.tokens[state];
    if (token === undefined) continue;
    if (token.kind === "literal") {
      if (token.char === letter) reached.push(state + 1);
    } else if (token.kind === "many") reached.push(state);
    else if (letter !== glob.separator) reached.push(token.kind === "one" ? state + 1 : state);
  }
  return closed(glob, reached);
}

/** Adds what is reached without a character: a run may be empty. Ascending, each once. */
function closed({ tokens }: Glob, states: States): States {
  const all: number[] = [];
  for (let state of states) {
    while (state > (all.at(-1) ?? -1)) {
      all.push(state);
      const kind = tokens[state]?.kind;
      if (kind !== "segment" && kind !== "many") break;
      state += 1;
    }
  }
  return all;
}
