/** `legate export`: the audit log, or one tree's part of it, line by line as `legate verify` reads it. @module */
import { sealLine } from "../audit/chain.js";
import { CommandError, EXIT, type ExitCode } from "./exit.js";
import type { Opened } from "./state.js";
import type { Terminal } from "./terminal.js";
import { count } from "./wording.js";

const PAGE = 1_000;

/** @throws {CommandError} `notFound` for a tree that there is not */
export async function exportLog(
  terminal: Terminal,
  { store, tenant }: Opened,
  tree: string | undefined,
): Promise<ExitCode> {
  if (tree !== undefined && (await store.tree(tenant, tree)) === undefined) {
    throw new CommandError(EXIT.notFound, `hop_not_found: no such tree: ${tree}`);
  }
  const place = tree === undefined ? {} : { tenant, tree };
  let lines = 0;
  let first = 1;
  for (let from = 1; ; ) {
    const page = await store.audit({ ...place, from, limit: PAGE });
    if (lines === 0 && tree === undefined) first = page[0]?.seq ?? 1;
    for (const line of page) terminal.exact(sealLine(line).text);
    lines += page.length;
    const last = page.at(-1);
    if (last === undefined) break;
    from = (tree === undefined ? last.seq : last.n) + 1;
  }
  const archived = first > 1 ? `from line ${first} on: legate verify ARCHIVE FILE checks them` : "";
  const how = `legate verify FILE${tree === undefined ? "" : ` --tree ${tree}`} checks them`;
  terminal.say(`${count(lines, "line")}${archived === "" ? `; ${how}` : `, ${archived}`}`);
  return EXIT.ok;
}
