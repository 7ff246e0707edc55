/**
 * Door `legate/redis`: the store on Redis 7 or Valkey, one node, Sentinel or Cluster.
 *
 * @module
 */

export { type KeyRing, keyRing, parseJwks } from "../token/jwks.js";
export { ACL_ROLES, type AclOptions, type AclRole, aclLines } from "./acl.js";
export type { Address, Login, RedisServers } from "./address.js";
export type { AuditArchive, LineRange } from "./archive.js";
export type { Patience } from "./connect.js";
export { type Deployment, type FindOptions, findDeployment } from "./deployment.js";
export {
  openRedisEngine,
  openRedisGuards,
  type RedisEngine,
  type RedisEngineOptions,
  type RedisGuardOptions,
  type RedisGuards,
  type RedisGuardsOptions,
} from "./engine.js";
export type { RedisStoreOptions } from "./options.js";
export { CONCESSIONS, type Concession, type Finding } from "./settings.js";
export { createRedisStore, type RedisStore } from "./store.js";
