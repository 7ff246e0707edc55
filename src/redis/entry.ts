/** Reads the entries that scripts write into the log of cuts. @module */
import { type CutEntry, cutEntrySchema } from "../wire/cut.js";
import { unavailable } from "./script.js";

/** @throws {DelegationError} `store_unavailable` for what no script wrote */
export function readEntry(json: string): CutEntry {
  try {
    return cutEntrySchema.parse(JSON.parse(json));
  } catch {
    throw unavailable("REPLY");
  }
}
