/**
 * What the feed, heartbeats and durability need of the topology: who owns a partition now, in which life of which server.
 *
 * `Redis` of ioredis keeps {@link Link} and {@link Ear} as it is. The topology makes the connections, with the settings that each kind
 * needs, and a new `Shard` whenever owner or life change; an old one is never changed.
 * @module
 */

/** A connection that carries commands: one reply each, in order, none sent twice. Rejects with whatever the driver says. */
export interface Link {
  call(command: string, ...args: (string | number)[]): Promise<unknown>;
}

/** A connection that only listens on sharded channels. */
export interface Ear {
  ssubscribe(...channels: string[]): Promise<unknown>;
  on(event: "smessage", heard: (channel: string, payload: string) => void): unknown;
  off(event: "smessage", heard: (channel: string, payload: string) => void): unknown;
  /** Ends the connection; the topology makes another. */
  disconnect(): void;
}

/** The owner of some partitions, in one life of it. */
export interface Shard {
  /** Node id in a cluster, `host:port` elsewhere. */
  readonly name: string;
  /**
   * `<run id>/<replication id>` as the server itself told on connecting: another after a restart and after a fail-over, there and
   * back included. What is acknowledged in one life says nothing about the next.
   */
  readonly life: string;
  /** Ascending. */
  readonly partitions: readonly number[];
  /** Carries moves. */
  readonly writer: Link;
  /** Carries `WAIT` and the writes that it waits for, and nothing else: whoever shares it waits as well. */
  readonly waiter: Link;
  /** Reads the log; a socket that is silent for three heartbeats is closed. */
  readonly follower: Link;
  readonly ear: Ear;
}

/** Who owns what, as far as this process knows. */
export interface Topology {
  /** How many there are; fixed as long as the store lives. */
  readonly partitions: number;
  /** The partition's base key, tag included: `{legate p17}`. */
  base(partition: number): string;
  /** @throws {DelegationError} `store_unavailable` while the partition has no owner that answers */
  shardOf(partition: number): Shard;
  /** All owners that answer. */
  shards(): readonly Shard[];
  /** Calls `changed` after owner or life of any partition changed, and when a connection was lost; returns how to stop. */
  watch(changed: () => void): () => void;
  /** Looks again now: something did not fit (MOVED, another life). Joins a look that is under way. */
  look(): Promise<void>;
}
