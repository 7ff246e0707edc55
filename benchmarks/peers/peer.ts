/** What every peer does here: the same three pieces of work, each in its own way. @module */

/** A chain as its holder keeps it, ready to be narrowed once more. */
export interface Held {
  readonly depth: number;
}

/** A chain as it arrives, parsed by nobody yet. */
export interface Presented {
  readonly bytes: number;
}

type Awaitable<T> = T | Promise<T>;

/**
 * One system. Each hop narrows to one tool, one folder and a time; each verification starts from what arrives, checks all
 * signatures and decides one call.
 */
export interface Peer<H extends Held = Held, P extends Presented = Presented> {
  readonly name: string;
  /** Makes and serialises a root of depth 1: what is measured. `index` makes it unlike the others. */
  mint(index: number): unknown;
  /** Adds and serialises one hop: what is measured. */
  attenuate(parent: H, index: number): unknown;
  /** A root to work with. */
  root(index: number): Awaitable<H>;
  /** One hop more to work with. */
  deepen(parent: H, index: number): Awaitable<H>;
  present(held: H): Awaitable<P>;
  /** Throws unless the call that `index` makes is allowed. */
  verify(presented: P, index: number): Awaitable<void>;
}
