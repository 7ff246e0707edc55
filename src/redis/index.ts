/**
 * Door `legate/redis`: the store on Redis 7 or Valkey, one node, Sentinel or Cluster.
 *
 * @module
 */
export type { Address, Login, RedisServers } from "./address.js";
export type { Patience } from "./connect.js";
export type { RedisStoreOptions } from "./options.js";
export { CONCESSIONS, type Concession, type Finding } from "./settings.js";
export { createRedisStore, type RedisStore } from "./store.js";
