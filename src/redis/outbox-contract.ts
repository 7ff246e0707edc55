/** What an outbox promises. @module */
import type { Timers } from "../lifecycle/timers.js";
import type { Durability } from "./durability.js";
import type { Outgoing } from "./outbox-item.js";

/** How to keep an outbox. */
export interface OutboxOptions {
  /** Its file, for this process alone; without one the outbox ends with the process. */
  readonly path?: string;
  readonly durability: Durability;
  readonly timers: Timers;
  /** Names an outbox that is new. */
  readonly name: () => string;
  /** Says one thing to one partition, as often as it is asked to. Refuses only what can never be said. */
  readonly say: (outgoing: Outgoing, partition: number) => Promise<unknown>;
  /** Which things `holds` tells of; all unless told. */
  readonly counted?: (outgoing: Outgoing) => boolean;
  /** How long something stays after it was durable everywhere; `OUTBOX_KEEP_MS_DEFAULT` unless told. */
  readonly keepMs?: number;
}

/** What was said, and when it is durable. */
export interface Said<T> {
  readonly result: T;
  /** Replicas that have it, in the partition where they are fewest. @throws {DelegationError} `not_durable` */
  readonly durable: Promise<number>;
}

/** An open outbox. */
export interface Outbox {
  /** Stays the same as long as its file does; another one for each outbox without a file. */
  readonly id: string;
  /**
   * Notes what is to be said, then says it. What the store refused is forgotten; what nobody knows of is said again until it is known.
   *
   * @throws {DelegationError} the store's refusal; `store_unavailable`, and then it may still be said
   */
  say<T>(outgoing: Outgoing, send: () => Promise<T>): Promise<Said<T>>;
  /**
   * Notes what has happened already: every repair that begins after this call says it. Resolves once it is on disk.
   *
   * @throws {DelegationError} `store_unavailable`, also when more is kept than `OUTBOX_THINGS_MAX`
   */
  note(outgoing: Outgoing): Promise<void>;
  /** Takes back what was noted: nobody was told that it happened. */
  retract(id: string): void;
  /**
   * Says again what the partition may have lost, all of it or what is `lost`; resolves once that is durable.
   *
   * @throws {DelegationError}
   */
  repair(partition: number, lost?: (outgoing: Outgoing) => boolean): Promise<void>;
  /** Whether something that counts is kept of the partition. */
  holds(partition: number): boolean;
  /** Things that are kept. */
  readonly size: number;
  close(): Promise<void>;
}
