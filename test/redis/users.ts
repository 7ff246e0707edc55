/** The users of `redis/acl.ts` on real servers: each kind of process logs in as its own. @module */
import { type AclRole, aclLines } from "../../src/redis/acl.js";
import type { RedisServer } from "./servers.js";

/** Passwords that tests log in with. */
export const PASSWORDS: Readonly<Record<AclRole, string>> = {
  coordinator: "of the coordinator",
  guard: "of the guard",
  replica: "of the replica",
};

/** The deployment's users on each server: a Cluster's nodes keep theirs each for itself. Their names begin with the deployment's. */
export async function addUsers(
  servers: readonly RedisServer[],
  deployment: { readonly prefix: string; readonly partitions: number },
): Promise<void> {
  const lines = aclLines({ ...deployment, passwords: PASSWORDS });
  for (const server of servers) {
    for (const line of lines) {
      const [, name = "", ...words] = line.split(" ");
      const own = name.replace("legate", deployment.prefix);
      await server.ask("ACL", "SETUSER", own, ...words);
    }
  }
}

/** Who logs in, for options of a store or a client. */
export function userOf(prefix: string, role: AclRole): { username: string; password: string } {
  return { username: `${prefix}-${role}`, password: PASSWORDS[role] };
}
