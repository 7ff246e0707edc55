/** The outbox's file: JSON lines that only grow, on disk in groups before anybody goes on. @module */
import {
  closeSync,
  fdatasync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { DelegationError } from "../base/error.js";
import { parseJson } from "../base/json.js";
import type { Json } from "../base/json-value.js";

/** Lines that wait for the disk together. */
interface Group {
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (cause: DelegationError) => void;
}

export class OutboxFile {
  readonly #path: string;
  #fd: number;
  #waiting: string[] = [];
  #group: Group | undefined;
  #flushing: Promise<void> | undefined;
  #failure: DelegationError | undefined;

  private constructor(path: string, fd: number) {
    this.#path = path;
    this.#fd = fd;
  }

  /**
   * Opens the file, mode 0600, for one process of one machine.
   *
   * @throws {DelegationError} `store_locked` when a living process has it; `journal_damaged` for a whole line that is no JSON;
   *   `store_unavailable` when it cannot be opened.
   */
  static open(path: string): { readonly file: OutboxFile; readonly lines: readonly Json[] } {
    lock(path);
    try {
      const fd = openSync(path, "a+", 0o600);
      const folder = openSync(dirname(path), "r");
      fsyncSync(folder);
      closeSync(folder);
      return { file: new OutboxFile(path, fd), lines: linesOf(readFileSync(path, "utf8")) };
    } catch (thrown) {
      unlock(path);
      throw thrown instanceof DelegationError ? thrown : unwritable(thrown);
    }
  }

  /** Appends a line; resolves once it is on disk. @throws {DelegationError} `store_unavailable` */
  append(line: Json): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    this.#waiting.push(JSON.stringify(line));
    this.#group ??= newGroup();
    const { done } = this.#group;
    this.#flushing ??= this.#flush();
    return done;
  }

  /**
   * Puts other lines in place of all there are. Whole or not at all.
   *
   * @param linesNow Asked when all that was appended is on disk, so that nothing that comes meanwhile is left out.
   * @throws {DelegationError} `store_unavailable`
   */
  async replace(linesNow: () => readonly Json[]): Promise<void> {
    await this.#flushing;
    try {
      const lines = linesNow();
      const fresh = `${this.#path}.new`;
      const fd = openSync(fresh, "w", 0o600);
      write(fd, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
      fsyncSync(fd);
      closeSync(fd);
      renameSync(fresh, this.#path);
      const folder = openSync(dirname(this.#path), "r");
      fsyncSync(folder);
      closeSync(folder);
      closeSync(this.#fd);
      this.#fd = openSync(this.#path, "a+", 0o600);
    } catch (cause) {
      this.#failure = unwritable(cause);
      throw this.#failure;
    }
  }

  async close(): Promise<void> {
    await this.#flushing;
    closeSync(this.#fd);
    unlock(this.#path);
  }

  async #flush(): Promise<void> {
    // The rest of this turn joins the first group.
    await new Promise(setImmediate);
    while (this.#group !== undefined) {
      const group = this.#group;
      const text = this.#waiting.map((line) => `${line}\n`).join("");
      this.#waiting = [];
      this.#group = undefined;
      try {
        write(this.#fd, text);
        await synced(this.#fd);
        group.resolve();
      } catch (cause) {
        this.#failure = unwritable(cause);
        group.reject(this.#failure);
      }
    }
    this.#flushing = undefined;
  }
}

/** A last line without its end was never answered for. */
function linesOf(text: string): Json[] {
  const whole = text.slice(0, text.lastIndexOf("\n") + 1).split("\n");
  return whole.flatMap((line, n) => {
    if (line === "") return [];
    try {
      return [parseJson(line)];
    } catch (cause) {
      throw new DelegationError("journal_damaged", `line ${n + 1} of the outbox is damaged`, {
        cause,
      });
    }
  });
}

function lock(path: string): void {
  const file = `${path}.lock`;
  for (;;) {
    try {
      writeFileSync(file, `${process.pid}`, { mode: 0o600, flag: "wx" });
      return;
    } catch (thrown) {
      if (codeOf(thrown) !== "EEXIST") throw unwritable(thrown);
    }
    if (isAlive(ownerOf(file))) {
      throw new DelegationError("store_locked", "another process has the outbox");
    }
    unlock(path);
  }
}

function unlock(path: string): void {
  try {
    unlinkSync(`${path}.lock`);
  } catch {
    // Somebody was faster.
  }
}

function ownerOf(file: string): number {
  try {
    return Number(readFileSync(file, "utf8"));
  } catch {
    return 0;
  }
}

function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return codeOf(thrown) === "EPERM";
  }
}

function codeOf(thrown: unknown): string | undefined {
  return (thrown as NodeJS.ErrnoException | undefined)?.code;
}

function write(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
}

function synced(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fdatasync(fd, (cause) => (cause === null ? resolve() : reject(cause)));
  });
}

function unwritable(cause: unknown): DelegationError {
  return new DelegationError("store_unavailable", "outbox cannot be written", { cause });
}

function newGroup(): Group {
  let resolve: () => void = () => {};
  let reject: (cause: DelegationError) => void = () => {};
  const done = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  done.catch(() => {});
  return { done, resolve, reject };
}
