/**
 * One writer for one journal, among all processes of one machine.
 *
 * Lock files are numbered, `<journal>.lock.<n>`, and appear whole (by a hard link). The owner is who wrote the highest one
 * and found, looking again afterwards, that it is the highest. A lock is stale when its process is gone, or its id belongs to another
 * process by now; taking it over means writing the next number, which only one can.
 *
 * @module
 */
import { linkSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { encodeBase64url } from "../base/base64url.js";
import { DelegationError } from "../base/error.js";
import { systemRandom } from "../base/random.js";

/** Gives the lock back. */
export type Unlock = () => void;

const TRIES = 16;

/**
 * Takes the lock of the journal at `path`.
 *
 * @throws {DelegationError} `store_locked` when a living process (this one included) has it, or one of another machine,
 *   which cannot be looked at from here.
 */
export function lockJournal(path: string): Unlock {
  const own = `${path}.lock-${process.pid}-${encodeBase64url(systemRandom(9))}`;
  writeFileSync(own, `${JSON.stringify(myself())}\n`, { mode: 0o600, flag: "wx" });
  try {
    for (let tries = 0; tries < TRIES; tries++) {
      const highest = Math.max(0, ...numbersOf(path));
      if (highest > 0 && !isStale(lockPath(path, highest))) throw locked(lockPath(path, highest));
      const mine = highest + 1;
      if (!linked(own, lockPath(path, mine))) continue;
      if (Math.max(...numbersOf(path)) === mine) return owned(path, mine);
      remove(lockPath(path, mine));
    }
    throw locked(path);
  } finally {
    remove(own);
  }
}

/** Clears away the stale ones below, which nobody can take any more. */
function owned(path: string, mine: number): Unlock {
  for (const number of numbersOf(path)) if (number < mine) remove(lockPath(path, number));
  return () => remove(lockPath(path, mine));
}

function lockPath(path: string, number: number): string {
  return `${path}.lock.${number}`;
}

function numbersOf(path: string): number[] {
  const prefix = `${basename(path)}.lock.`;
  return readdirSync(dirname(path))
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length))
    .filter((number) => /^[1-9][0-9]{0,14}$/.test(number))
    .map(Number);
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (thrown) {
    if (codeOf(thrown) === "EEXIST") return false;
    throw thrown;
  }
}

function isStale(file: string): boolean {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (thrown) {
    // Given back meanwhile: the next look at the folder tells.
    if (codeOf(thrown) === "ENOENT") return true;
    throw thrown;
  }
  const { host, pid, started } = holderOf(text);
  if (host !== hostname()) return false;
  return !isAlive(pid) || startOf(pid) !== started;
}

interface Holder {
  readonly host: string;
  readonly pid: number;
  /** Tells two processes of one id apart; empty where the system does not say. */
  readonly started: string;
}

function myself(): Holder {
  return { host: hostname(), pid: process.pid, started: startOf(process.pid) };
}

/** What cannot be read belongs to somebody. */
function holderOf(text: string): Holder {
  try {
    const { host, pid, started } = JSON.parse(text) as Partial<Holder>;
    if (typeof host === "string" && Number.isInteger(pid) && typeof started === "string") {
      return { host, pid: pid as number, started };
    }
  } catch {
    // Falls through to the refusal.
  }
  throw locked("an unreadable lock file");
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return codeOf(thrown) !== "ESRCH";
  }
}

/** Boot of the machine and the process's start in it, where /proc tells them; empty for one that is dead but not buried. */
function startOf(pid: number): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const stat = readFileSync(join("/proc", String(pid), "stat"), "utf8");
    // The second field is the program's name in brackets, which may hold anything.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return /^[ZX]/.test(fields[0] ?? "") ? "" : `${boot} ${fields[19] ?? ""}`;
  } catch {
    return "";
  }
}

function remove(file: string): void {
  try {
    unlinkSync(file);
  } catch (thrown) {
    if (codeOf(thrown) !== "ENOENT") throw thrown;
  }
}

function codeOf(thrown: unknown): string | undefined {
  return (thrown as NodeJS.ErrnoException | undefined)?.code;
}

function locked(what: string): DelegationError {
  return new DelegationError("store_locked", `another writer has the journal: ${basename(what)}`);
}
