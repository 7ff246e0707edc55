/** A TCP proxy that does to a connection what networks do: stand still, be slow, break after the server has acted. @module */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/**
 * - `pass`: every byte, at once
 * - `hole`: connections stay open and new ones are taken, and nothing comes through in either direction; what was sent
 *   meanwhile arrives when the hole is closed, as TCP would have it
 * - `delay`: both directions later by `delayMs`
 * - `cut`: requests come through; instead of the next reply the connection breaks, once for each connection
 */
export type Fault = "pass" | "hole" | "delay" | "cut";

/** Where a proxy leads to. */
interface Target {
  readonly host: string;
  readonly port: number;
}

export class FaultProxy {
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #target: Target;
  #fault: Fault = "pass";
  #delayMs = 0;

  private constructor(server: Server, target: Target) {
    this.#server = server;
    this.#target = target;
  }

  /** Listens on a free port of the loopback and leads to `target`. */
  static async to(target: Target): Promise<FaultProxy> {
    const server = createServer();
    const proxy = new FaultProxy(server, target);
    server.on("connection", (near) => {
      const { port, host } = proxy.#target;
      proxy.#take(near, connect(port, host));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return proxy;
  }

  get host(): string {
    return "127.0.0.1";
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get connections(): number {
    return this.#pairs.size;
  }

  /** Sets what happens from now on, to connections that are there and to new ones. */
  set(fault: Fault, delayMs = 0): void {
    this.#fault = fault;
    this.#delayMs = delayMs;
    for (const pair of this.#pairs) pair.wake();
  }

  /** Leads to somebody else from now on, as a name does that was given to another; breaks every connection that is there. */
  lead(target: Target): void {
    this.#target = target;
    this.breakAll();
  }

  /** Breaks every connection that is there. */
  breakAll(): void {
    for (const pair of this.#pairs) pair.end();
  }

  async close(): Promise<void> {
    this.breakAll();
    this.#server.close();
    await once(this.#server, "close");
  }

  #take(near: Socket, far: Socket): void {
    const pair = new Pair(near, far, () => ({ fault: this.#fault, delayMs: this.#delayMs }));
    this.#pairs.add(pair);
    pair.onEnd(() => this.#pairs.delete(pair));
  }
}

interface Held {
  readonly to: Socket;
  readonly bytes: Buffer;
  readonly dueMs: number;
}

class Pair {
  readonly #near: Socket;
  readonly #far: Socket;
  readonly #rule: () => { readonly fault: Fault; readonly delayMs: number };
  /** In order; a byte never overtakes one that came before it in its direction. */
  #held: Held[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(
    near: Socket,
    far: Socket,
    rule: () => { readonly fault: Fault; readonly delayMs: number },
  ) {
    this.#near = near;
    this.#far = far;
    this.#rule = rule;
    near.setNoDelay(true);
    far.setNoDelay(true);
    near.on("data", (bytes) => this.#carry(far, bytes));
    far.on("data", (bytes) => this.#carry(near, bytes));
    for (const socket of [near, far]) {
      socket.on("error", () => this.end());
      socket.on("close", () => this.end());
    }
  }

  onEnd(told: () => void): void {
    this.#near.once("close", told);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#held = [];
    this.#near.destroy();
    this.#far.destroy();
  }

  /** Looks again at what is held back. */
  wake(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#rule().fault === "hole") return;
    const now = performance.now();
    while (this.#held[0] !== undefined && this.#held[0].dueMs <= now) {
      const [{ to, bytes }] = this.#held as [Held];
      this.#held.shift();
      if (!to.destroyed) to.write(bytes);
    }
    const next = this.#held[0];
    if (next !== undefined) {
      this.#timer = setTimeout(() => this.wake(), Math.max(1, next.dueMs - now));
    }
  }

  #carry(to: Socket, bytes: Buffer): void {
    const { fault, delayMs } = this.#rule();
    if (fault === "cut" && to === this.#near) {
      this.end();
      return;
    }
    const dueMs = performance.now() + (fault === "delay" ? delayMs : 0);
    this.#held.push({ to, bytes, dueMs });
    this.wake();
  }
}
