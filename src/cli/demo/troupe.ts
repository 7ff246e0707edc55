/** The processes of the story on Redis: started, asked, killed. @module */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { DelegationError } from "../../base/error.js";
import type { Call } from "../../guard/decision.js";
import type { Part } from "./part.js";
import type { Found, Progress } from "./tools.js";
import { type Line, lineTo } from "./wire.js";

const START_MS = 30_000;
const LOOK_MS = 50;

type Role = Part["role"];

/** The processes, by what they do. */
export class Troupe {
  readonly #part: Omit<Part, "role" | "outbox">;
  readonly #progress: Progress;
  readonly #members = new Map<Role, { readonly child: ChildProcess; readonly line: Line }>();

  constructor(part: Omit<Part, "role" | "outbox">, progress: Progress) {
    this.#part = part;
    this.#progress = progress;
  }

  /** Starts a process, and waits until it is ready. */
  async start(role: Role, jwks?: unknown): Promise<void> {
    const { scratch } = this.#part.places;
    const part: Part = {
      ...this.#part,
      role,
      outbox: join(scratch, `${role}.outbox`),
      ...(role === "coordinator" ? { keys: join(scratch, "keys.json") } : {}),
      ...(jwks === undefined ? {} : { jwks }),
    };
    const child = fork(fileURLToPath(new URL("./part.js", import.meta.url)), [], {
      env: { ...process.env, LEGATE_DEMO_PART: JSON.stringify(part) },
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    let ready = () => {};
    const isReady = new Promise<void>((resolve) => {
      ready = resolve;
    });
    const line = lineTo(child, (news) => {
      if (news === "ready") ready();
      else Object.assign(this.#progress, news);
    });
    this.#members.set(role, { child, line });
    const timer = setTimeout(() => child.kill("SIGKILL"), START_MS);
    const isGone = once(child, "exit").then(() => {
      throw new DelegationError("store_unavailable", "a process of the demo did not start");
    });
    try {
      await Promise.race([isReady, isGone]);
    } finally {
      clearTimeout(timer);
      isGone.catch(() => undefined);
    }
  }

  ask(role: Role, verb: string, ...args: readonly unknown[]): Promise<unknown> {
    return this.#member(role).line.ask(verb, ...args);
  }

  /** Waits until both guards hear heartbeats: none goes out until a coordinator that came new has said all that it has to say. */
  async live(): Promise<void> {
    for (let waited = 0; waited < START_MS; waited += LOOK_MS) {
      const states = await Promise.all([this.ask("files", "feed"), this.ask("desk", "feed")]);
      if (states.every((state) => state === "live")) return;
      await pause(LOOK_MS);
    }
    throw new DelegationError("store_unavailable", "the guards hear no heartbeat");
  }

  async read(
    reader: { call(tool: string, args: object): Promise<Call> | Call },
    path: string,
  ): Promise<Found> {
    return (await this.ask("files", "run", await reader.call("files.read", { path }))) as Found;
  }

  pidOf(role: Role): number | undefined {
    return this.#member(role).child.pid;
  }

  /** kill -9; resolves to the process id once it is gone. */
  async kill(role: Role): Promise<number | undefined> {
    const { child } = this.#member(role);
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
    return child.pid;
  }

  end(): void {
    for (const { child } of this.#members.values()) child.kill("SIGKILL");
  }

  #member(role: Role) {
    const member = this.#members.get(role);
    if (member === undefined) throw new DelegationError("store_unavailable", "no such process");
    return member;
  }
}
