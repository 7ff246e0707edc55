/** `legate doctor --acl`: the servers' users, each with the fewest rights that its processes can work with. @module */
import { ACL_ROLES, aclLines } from "../redis/acl.js";
import { EXIT, type ExitCode } from "./exit.js";
import type { Terminal } from "./terminal.js";

/** What the command was told. */
export interface AclOptions {
  readonly prefix: string;
  readonly partitions?: number;
}

/**
 * Prints lines of an aclfile, which are the words of `ACL SETUSER` as well. Passwords come from `LEGATE_<ROLE>_PASSWORD` and leave as
 * digests.
 *
 * @throws {DelegationError} `config_invalid`
 */
export function acl(
  terminal: Terminal,
  { prefix, partitions }: AclOptions,
  environment: Readonly<Record<string, string | undefined>>,
): ExitCode {
  const told = ACL_ROLES.flatMap((role) => {
    const password = environment[variableOf(role)];
    return password === undefined ? [] : [[role, password] as const];
  });
  const lines = aclLines({
    prefix,
    ...(partitions === undefined ? {} : { partitions }),
    passwords: Object.fromEntries(told),
  });
  for (const [index, role] of ACL_ROLES.entries()) {
    const line = lines[index] ?? "";
    if (terminal.json) terminal.record({ role, user: `legate-${role}`, line });
    else terminal.exact(line);
  }
  const open = ACL_ROLES.filter((role) => !told.some(([one]) => one === role));
  if (open.length > 0) {
    terminal.say(
      `no password, so nobody can log in yet: ${open.map(variableOf).join(", ")} would set it; or ACL SETUSER legate-${open[0]} '>PASSWORD'`,
    );
  }
  return EXIT.ok;
}

function variableOf(role: string): string {
  return `LEGATE_${role.toUpperCase()}_PASSWORD`;
}
