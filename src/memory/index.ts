/**
 * Door `legate/memory`: the embedded store, in memory or on a journal.
 *
 * @module
 */
export type { MemoryStoreOptions } from "./core.js";
export type { GuardReport } from "./followers.js";
export type { Torn } from "./recover.js";
export { createMemoryStore, type MemoryStore } from "./store.js";
