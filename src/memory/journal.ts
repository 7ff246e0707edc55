/** The journal: a file of audit lines, written in groups, each on disk before anybody is told. @module */
import {
  closeSync,
  existsSync,
  fdatasync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  realpathSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { DelegationError } from "../base/error.js";
import { Numbers } from "./columns.js";
import { lockJournal, type Unlock } from "./lock.js";

const NEWLINE = 0x0a;
const READ_BYTES = 1_048_576;
/** Longest line: a registered authority with every ceiling reached is far below. */
const LINE_BYTES_MAX = 16_777_216;

/** Lines that wait for the disk together. */
interface Group {
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (cause: DelegationError) => void;
}

/** An open journal. Line `n` is the `n`-th that was appended, from 1. */
export class Journal {
  readonly #fd: number;
  readonly #unlock: Unlock | undefined;
  readonly #offsets = new Numbers();
  #end = 0;
  #waiting: string[] = [];
  /** Gathers what is appended; the one before it may be on its way to the disk. */
  #group: Group | undefined;
  #underWay: Group | undefined;
  #flushing: Promise<void> | undefined;
  #failure: DelegationError | undefined;

  private constructor(fd: number, unlock: Unlock | undefined) {
    this.#fd = fd;
    this.#unlock = unlock;
  }

  /**
   * Opens the file, made with mode 0600 when it is not there.
   *
   * @param readonly Only looks: takes no lock, makes no file, and every `append` is refused.
   * @throws {DelegationError} `store_locked` when another has it for writing; `store_unavailable` when it cannot be opened.
   */
  static open(path: string, readonly: boolean): Journal {
    if (readonly) return new Journal(opened(path, "r"), undefined);
    const unlock = lockJournal(realPath(path));
    try {
      const fd = opened(path, "a+");
      syncFolder(path);
      return new Journal(fd, unlock);
    } catch (thrown) {
      unlock();
      throw thrown;
    }
  }

  /** Every whole line that the file held when it was opened, with where it begins; the rest without its end last. */
  *stored(): Generator<{ bytes: Buffer; offset: number; whole: boolean }> {
    const chunk = Buffer.allocUnsafe(READ_BYTES);
    let rest: Buffer = Buffer.alloc(0);
    let offset = 0;
    for (
      let read = this.#read(chunk, 0);
      read > 0;
      read = this.#read(chunk, offset + rest.length)
    ) {
      let bytes = Buffer.concat([rest, chunk.subarray(0, read)]);
      for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE)) {
        yield { bytes: bytes.subarray(0, end), offset, whole: true };
        offset += end + 1;
        bytes = bytes.subarray(end + 1);
      }
      rest = bytes;
      if (rest.length > LINE_BYTES_MAX) break;
    }
    if (rest.length > 0) yield { bytes: rest, offset, whole: false };
  }

  /** Takes a stored line into the index. */
  accept(offset: number, bytes: number): void {
    this.#offsets.push(offset);
    this.#end = offset + bytes + 1;
  }

  /** Cuts off everything after the lines that were accepted; a reader leaves the file as it is. */
  trim(): void {
    if (this.#unlock === undefined || fstatSync(this.#fd).size === this.#end) return;
    ftruncateSync(this.#fd, this.#end);
    fsyncSync(this.#fd);
  }

  append(text: string): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#unlock === undefined) {
      throw new DelegationError("store_locked", "the journal was opened for reading");
    }
    this.#offsets.push(this.#end);
    this.#end += Buffer.byteLength(text) + 1;
    this.#waiting.push(text);
    this.#group ??= newGroup();
    this.#flushing ??= this.#flush();
  }

  /** @throws {DelegationError} `store_unavailable` */
  read(n: number): string {
    const start = this.#offsets.at(n - 1);
    const end = n < this.#offsets.length ? this.#offsets.at(n) : this.#end;
    const bytes = Buffer.allocUnsafe(end - start - 1);
    if (this.#read(bytes, start) === bytes.length) return bytes.toString("utf8");
    throw new DelegationError("store_unavailable", "journal is shorter than it was");
  }

  /** Resolves when all that was appended so far is kept for good. @throws {DelegationError} `store_unavailable` */
  async settled(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    await (this.#group ?? this.#underWay)?.done;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Why nothing is answered any more, if so. */
  failure(): DelegationError | undefined {
    return this.#failure;
  }

  async close(): Promise<void> {
    await this.#flushing;
    this.discard();
  }

  /** Closes at once; what was appended is lost. */
  discard(): void {
    closeSync(this.#fd);
    this.#unlock?.();
  }

  /** Writes group after group: what comes while one is on its way to the disk makes the next. */
  async #flush(): Promise<void> {
    // The rest of this turn joins the first group.
    await new Promise(setImmediate);
    while (this.#group !== undefined) {
      const group = this.#group;
      const text = `${this.#waiting.join("\n")}\n`;
      this.#waiting = [];
      this.#group = undefined;
      this.#underWay = group;
      try {
        this.#write(Buffer.from(text));
        await synced(this.#fd);
        group.resolve();
      } catch (cause) {
        this.#fail(group, cause);
      }
    }
    this.#underWay = undefined;
    this.#flushing = undefined;
  }

  /** Nobody knows what is on the disk now, so nothing is answered any more. */
  #fail(group: Group, cause: unknown): void {
    this.#failure = new DelegationError("store_unavailable", "journal cannot be written", {
      cause,
    });
    group.reject(this.#failure);
    this.#group?.reject(this.#failure);
    this.#group = undefined;
    this.#waiting = [];
  }

  #write(bytes: Buffer): void {
    for (let done = 0; done < bytes.length; ) done += writeSync(this.#fd, bytes, done);
  }

  #read(into: Buffer, position: number): number {
    let done = 0;
    while (done < into.length) {
      const read = readSync(this.#fd, into, done, into.length - done, position + done);
      if (read === 0) break;
      done += read;
    }
    return done;
  }
}

function opened(path: string, flags: "r" | "a+"): number {
  try {
    return openSync(path, flags, 0o600);
  } catch (cause) {
    throw new DelegationError("store_unavailable", "journal cannot be opened", { cause });
  }
}

/** One file, one lock, by whatever name it is opened. @throws {DelegationError} `store_unavailable` without its folder. */
function realPath(path: string): string {
  try {
    return existsSync(path)
      ? realpathSync(path)
      : join(realpathSync(dirname(path)), basename(path));
  } catch (cause) {
    throw new DelegationError("store_unavailable", "journal cannot be opened", { cause });
  }
}

/** So that a new file's name is on disk as well. */
function syncFolder(path: string): void {
  const folder = openSync(dirname(path), "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function synced(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fdatasync(fd, (cause) => (cause === null ? resolve() : reject(cause)));
  });
}

function newGroup(): Group {
  let resolve: () => void = () => {};
  let reject: (cause: DelegationError) => void = () => {};
  const done = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  // Whoever waits hears of it; with nobody waiting it is no unhandled rejection.
  done.catch(() => {});
  return { done, resolve, reject };
}
