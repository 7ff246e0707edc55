/** Keys of hops that an MCP server made for its callers: named by handles, each good for the hop that it was given to. @module */
import type { Clock } from "../base/clock.js";
import { DelegationError } from "../base/error.js";
import { opaqueId } from "../base/id.js";
import { HANDLES_MAX, HANDLES_PER_HOP_MAX } from "../base/limits.js";
import type { RandomBytes } from "../base/random.js";
import type { SigningKey } from "../token/key.js";

/** The hop that a handle is good for. */
export interface Owner {
  readonly tenant: string;
  readonly tree: string;
  readonly hop: string;
}

/** A hop whose key is kept here. There is no token: whoever takes the hop fetches a fresh one. */
export interface KeptHop {
  readonly hop: string;
  readonly key: SigningKey;
  /** Epoch ms. */
  readonly expiresAt: number;
  /** The owner's own name for the request that made it. */
  readonly slot?: string | undefined;
}

const PREFIX = "hdl";

/** Whether a name is meant as a handle. */
export function isHandle(name: string): boolean {
  return name.startsWith(`${PREFIX}_`);
}

/** Handles by owner: another owner's handle is none. */
export class HopHandles {
  readonly #clock: Clock;
  readonly #random: RandomBytes;
  readonly #kept = new Map<string, Map<string, KeptHop>>();
  #size = 0;

  constructor(clock: Clock, random: RandomBytes) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Refuses early, before a hop is made that could not be kept. @throws {DelegationError} `quota_exceeded` */
  checkRoom(owner: Owner): void {
    const mine = this.#kept.get(nameOf(owner))?.size ?? 0;
    if (mine < HANDLES_PER_HOP_MAX && this.#size < HANDLES_MAX) return;
    this.#dropExpired();
    const left = this.#kept.get(nameOf(owner))?.size ?? 0;
    if (left < HANDLES_PER_HOP_MAX && this.#size < HANDLES_MAX) return;
    throw new DelegationError("quota_exceeded", "too many hops are held for callers", {
      rule: "handle",
    });
  }

  keep(owner: Owner, hop: KeptHop): string {
    const handle = opaqueId(PREFIX, this.#random);
    const name = nameOf(owner);
    const mine = this.#kept.get(name) ?? new Map<string, KeptHop>();
    this.#kept.set(name, mine);
    mine.set(handle, hop);
    this.#size += 1;
    return handle;
  }

  /** The hop, for its owner alone. */
  find(owner: Owner, handle: string): KeptHop | undefined {
    const kept = this.#kept.get(nameOf(owner))?.get(handle);
    return kept !== undefined && this.#clock.now() < kept.expiresAt ? kept : undefined;
  }

  /** The hop that a request of the same name has made. */
  inSlot(owner: Owner, slot: string): readonly [handle: string, kept: KeptHop] | undefined {
    const mine = this.#kept.get(nameOf(owner)) ?? new Map<string, KeptHop>();
    return [...mine].find(([, kept]) => kept.slot === slot);
  }

  drop(owner: Owner, handle: string): void {
    const mine = this.#kept.get(nameOf(owner));
    if (mine?.delete(handle) !== true) return;
    this.#size -= 1;
    if (mine.size === 0) this.#kept.delete(nameOf(owner));
  }

  #dropExpired(): void {
    const now = this.#clock.now();
    for (const [name, mine] of this.#kept) {
      for (const [handle, { expiresAt }] of mine) {
        if (now < expiresAt) continue;
        mine.delete(handle);
        this.#size -= 1;
      }
      if (mine.size === 0) this.#kept.delete(name);
    }
  }
}

function nameOf({ tenant, tree, hop }: Owner): string {
  return JSON.stringify([tenant, tree, hop]);
}
