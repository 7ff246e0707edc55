/** A server that is a process: started with what is given and nothing of ours, spoken to in lines, ended with all that it started. @module */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { DelegationError } from "../base/error.js";
import { GATEWAY_MESSAGE_BYTES_MAX } from "../base/limits.js";
import type { GatewayRun } from "../wire/gateway-config.js";
import { type Connection, isMessage, type RpcMessage } from "./gateway-message.js";

/** What every program expects, and no secret; the rest is said in the server's own `env`. */
const INHERITED =
  process.platform === "win32"
    ? "APPDATA COMSPEC HOMEDRIVE HOMEPATH LOCALAPPDATA PATH PATHEXT SYSTEMDRIVE SYSTEMROOT TEMP USERNAME USERPROFILE"
    : "HOME LANG LC_ALL LOGNAME PATH SHELL TERM TMPDIR USER";

/** How long a process may take to end after its input has ended, and again after it was asked to. */
const GRACE_MS = 1_000;
const LOG_LINE_BYTES_MAX = 8_192;

/** Those that run: nobody of them outlives us, however we end. */
const LIVING = new Set<ServerProcess>();

/** A server behind the gateway, as a process. One life: what has ended is not started again. */
export class ServerProcess implements Connection {
  onmessage: Connection["onmessage"];
  onclose: Connection["onclose"];
  onerror: Connection["onerror"];
  readonly #run: Extract<GatewayRun, { kind: "stdio" }>;
  readonly #log: (line: string) => void;
  #child: ChildProcessWithoutNullStreams | undefined;
  #ended = false;

  /** @param log Told each line that the server writes to its log. */
  constructor(run: Extract<GatewayRun, { kind: "stdio" }>, log: (line: string) => void) {
    this.#run = run;
    this.#log = log;
  }

  /** Of the process, while it runs. */
  get pid(): number | undefined {
    return this.#ended ? undefined : this.#child?.pid;
  }

  /** @throws {DelegationError} `upstream_unavailable` when there is no such program */
  async start(): Promise<void> {
    const { command, args, env, cwd } = this.#run;
    const child = spawn(command, args, {
      env: { ...inherited(), ...env },
      ...(cwd === undefined ? {} : { cwd }),
      // A group of its own: what the server starts ends with it, and Ctrl-C at our terminal is ours.
      detached: process.platform !== "win32",
      windowsHide: true,
      stdio: "pipe",
    });
    this.#child = child;
    if (LIVING.size === 0) process.once("exit", killLiving);
    LIVING.add(this);
    child.once("close", () => this.#closed());
    child.once("exit", () => this.#signal("SIGKILL"));
    child.stdin.on("error", () => undefined);
    const answers = lines(GATEWAY_MESSAGE_BYTES_MAX, (line) => this.#hear(line));
    child.stdout.on("data", (chunk: Buffer) => {
      if (!answers(chunk)) this.#overflown();
    });
    let words = lines(LOG_LINE_BYTES_MAX, this.#log);
    child.stderr.on("data", (chunk: Buffer) => {
      if (!words(chunk)) words = lines(LOG_LINE_BYTES_MAX, this.#log);
    });
    try {
      await once(child, "spawn");
      child.on("error", (error) => this.onerror?.(error));
    } catch {
      this.#closed();
      throw new DelegationError("upstream_unavailable", "the server cannot be started", {
        rule: "command",
      });
    }
  }

  /** @throws {DelegationError} `upstream_unavailable` when it has ended */
  async send(message: RpcMessage): Promise<void> {
    const child = this.#child;
    if (child === undefined || this.#ended || !child.stdin.writable) {
      throw new DelegationError("upstream_unavailable", "the server has ended", {
        rule: "process",
      });
    }
    if (child.stdin.write(`${JSON.stringify(message)}\n`)) return;
    await Promise.race([once(child.stdin, "drain"), once(child, "close")]);
  }

  /** Ends its input, then asks it, then does not ask any more. Returns when it has ended. */
  async close(): Promise<void> {
    const child = this.#child;
    if (child === undefined || this.#ended) return;
    const closed = once(child, "close");
    child.stdin.end();
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      if (await ended(closed)) return;
      this.#signal(signal);
    }
    await closed;
  }

  /** Does not wait for its good will: its authority is gone. Returns when it has ended. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined || this.#ended) return;
    const closed = once(child, "close");
    this.#signal("SIGTERM");
    if (await ended(closed)) return;
    this.#signal("SIGKILL");
    await closed;
  }

  #hear(line: string): void {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      value = undefined;
    }
    if (isMessage(value)) this.onmessage?.(value);
    else if (line.trim() !== "") this.#log("(a line that is no message)");
  }

  #overflown(): void {
    this.#log("(a message that is too large: ended)");
    void this.stop();
  }

  /** Ends it at once, and waits for nothing. */
  kill(): void {
    this.#signal("SIGKILL");
  }

  #closed(): void {
    if (this.#ended) return;
    this.#ended = true;
    LIVING.delete(this);
    if (LIVING.size === 0) process.off("exit", killLiving);
    this.onclose?.();
  }

  /** To the whole group: who started it may already have ended. */
  #signal(signal: NodeJS.Signals): void {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    try {
      if (process.platform === "win32") this.#child?.kill(signal);
      else process.kill(-pid, signal);
    } catch {
      // Nobody of it is left.
    }
  }
}

function killLiving(): void {
  for (const one of LIVING) one.kill();
}

async function ended(closed: Promise<unknown>): Promise<boolean> {
  const alarm = new AbortController();
  const waited = pause(GRACE_MS, false, { signal: alarm.signal }).catch(() => false);
  const gone = await Promise.race([closed.then(() => true), waited]);
  alarm.abort();
  return gone;
}

function inherited(): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of INHERITED.split(" ")) {
    const value = process.env[name];
    // Old shells take what begins so for a function.
    if (value !== undefined && !value.startsWith("()")) env[name] = value;
  }
  return env;
}

/** Puts chunks together to lines; false once a line is longer than it may be, and nothing more is told. */
function lines(bytesMax: number, tell: (line: string) => void): (chunk: Buffer) => boolean {
  let waiting: Buffer[] = [];
  let size = 0;
  let over = false;
  return (chunk) => {
    if (over) return false;
    let rest = chunk;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      if (size + end > bytesMax) break;
      tell(Buffer.concat([...waiting, rest.subarray(0, end)]).toString());
      waiting = [];
      size = 0;
      rest = rest.subarray(end + 1);
    }
    waiting.push(rest);
    size += rest.length;
    over = size > bytesMax;
    if (over) waiting = [];
    return !over;
  };
}
