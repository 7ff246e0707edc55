/** A server behind the gateway and those who use it: one for each session, task or person, as its isolation says. @module */
import { DelegationError, exposed } from "../base/error.js";
import { GATEWAY_BACKOFF_MS, GATEWAY_STARTS_MAX } from "../base/limits.js";
import type { Timers } from "../lifecycle/timers.js";
import type { GatewayControls } from "../wire/gateway-config.js";
import { Hearing } from "./gateway-hearing.js";
import { type Answer, failed, type Greeting, Life, type Startable } from "./gateway-life.js";
import type { RpcId, RpcNotification, RpcObject, RpcRequest } from "./gateway-message.js";
import type { Going, Port } from "./gateway-port.js";
import { isRecord } from "./message.js";

export interface BackendOptions {
  /** Reads the credential, and makes a server that can be started with it. */
  readonly open: () => Startable;
  readonly controls: Pick<GatewayControls, "asks" | "callSeconds" | "isolation">;
  readonly timers: Timers;
}

/** A request on its way; `life` knows it by `id` once it was sent. */
interface Sent extends Going {
  life?: Life;
  sentAs?: RpcId;
  cancelled?: boolean;
}

/** A server that runs, and how it answered the greeting. */
interface Running {
  readonly life: Life;
  readonly greeted: RpcObject;
}

const MINUTE_MS = 60_000;
const CANCELLED: Answer = { error: { code: -32800, message: "cancelled" } };

export class Backend {
  readonly #options: BackendOptions;
  readonly #ports = new Set<Port>();
  readonly #sent = new Set<Sent>();
  readonly #hearing: Hearing;
  #greeting: Greeting | undefined;
  #life: Life | undefined;
  #running: Promise<Running> | undefined;
  #starts: number[] = [];
  #ended: Promise<void> | undefined;

  constructor(options: BackendOptions) {
    this.#options = options;
    this.#hearing = new Hearing(options.controls, this.#ports);
  }

  /** Sessions that use it. */
  get ports(): number {
    return this.#ports.size;
  }

  /**
   * Lets a session use the server, and greets it on behalf of the first one.
   *
   * @returns the server's answer to `initialize`, the same for all
   * @throws {DelegationError} `upstream_unavailable`; `config_invalid` when its credential cannot be read
   */
  async attach(port: Port, asked: RpcObject): Promise<RpcObject> {
    this.#ports.add(port);
    const { protocolVersion, capabilities } = asked;
    this.#greeting ??= {
      protocolVersion: typeof protocolVersion === "string" ? protocolVersion : "2025-11-25",
      capabilities: this.#hearing.capabilitiesOf(capabilities),
      clientInfo: { name: "legate-gateway", version: "1" },
    };
    return (await this.#alive()).greeted;
  }

  /** A session is over: what it had asked is taken back, what it was asked is refused. */
  detach(port: Port): void {
    this.#ports.delete(port);
    for (const sent of [...this.#sent]) if (sent.port === port) takeBack(sent);
    for (const uri of this.#hearing.detach(port)) this.#askAlone("resources/unsubscribe", uri);
  }

  /** Asks on behalf of a session, and of a hop of it. Never rejects. */
  async ask(port: Port, request: RpcRequest, by?: string): Promise<Answer> {
    const { id, method, params } = request;
    const meta = isRecord(params?._meta) ? params._meta : undefined;
    const sent: Sent = { port, id, by, progressToken: meta?.progressToken };
    this.#sent.add(sent);
    try {
      const uri = params?.uri;
      if (method === "resources/unsubscribe" && typeof uri === "string") {
        // Another session may still listen; the server knows one listener.
        if (!this.#hearing.unlisten(port, uri)) return { result: {} };
      }
      const { life } = await this.#alive();
      if (sent.cancelled === true) return CANCELLED;
      const own = this.#hearing.begin(sent, params);
      const withinMs = this.#options.controls.callSeconds * 1_000;
      const asked = life.ask({ method, params: own, withinMs });
      sent.life = life;
      sent.sentAs = asked.id;
      const answer = await asked.answer;
      const listens = method === "resources/subscribe" && answer.error === undefined;
      if (listens && typeof uri === "string" && this.#ports.has(port)) {
        this.#hearing.listen(port, uri);
      }
      return answer;
    } catch (thrown) {
      return failed(exposed(thrown));
    } finally {
      this.#hearing.end(sent);
      this.#sent.delete(sent);
    }
  }

  /** Takes a request of a session back. */
  cancel(port: Port, id: unknown): void {
    for (const sent of this.#sent) if (sent.port === port && sent.id === id) takeBack(sent);
  }

  /** What a session tells of its own accord: only to a server that is its own. */
  async tell(port: Port, { method, params }: RpcNotification): Promise<void> {
    if (this.#hearing.isOnly(port)) await this.#life?.tell(method, params);
  }

  /** The answer of a session to what the server had asked. */
  answer(port: Port, id: RpcId, answer: Answer): Promise<void> {
    return this.#hearing.answer(port, id, answer);
  }

  /** @param now Without waiting for its good will: the authority that it ran under is gone. Idempotent. */
  end(now: boolean): Promise<void> {
    this.#ended ??= (now ? this.#life?.stop() : this.#life?.close()) ?? Promise.resolve();
    return this.#ended;
  }

  /** The server as it runs; started where it does not. */
  #alive(): Promise<Running> {
    this.#running ??= this.#start().catch((thrown: unknown) => {
      this.#running = undefined;
      throw thrown;
    });
    return this.#running;
  }

  async #start(): Promise<Running> {
    await this.#backOff();
    const { open, timers } = this.#options;
    if (this.#ended !== undefined || this.#greeting === undefined) {
      throw new DelegationError("upstream_unavailable", "the server was ended", {
        rule: "process",
      });
    }
    const life: Life = new Life(open(), timers, {
      hear: (message) => this.#hearing.hear(life, message),
      end: () => this.#crashed(life),
    });
    this.#life = life;
    const greeted = await life.start(this.#greeting);
    for (const uri of this.#hearing.listenedTo) this.#askAlone("resources/subscribe", uri);
    return { life, greeted };
  }

  /** What ends as soon as it is started is not started for ever. */
  async #backOff(): Promise<void> {
    const { timers } = this.#options;
    const now = timers.now();
    this.#starts = this.#starts.filter((at) => now - at < MINUTE_MS);
    const before = this.#starts.push(now) - 1;
    if (before >= GATEWAY_STARTS_MAX) {
      this.#starts.pop();
      throw new DelegationError("upstream_unavailable", "the server ends again and again", {
        rule: "starts",
      });
    }
    if (before === 0) return;
    const delayMs = GATEWAY_BACKOFF_MS * 2 ** (before - 1);
    await new Promise<void>((resolve) => void timers.setTimeout(resolve, delayMs));
  }

  #crashed(life: Life): void {
    this.#hearing.lifeEnded(life);
    if (this.#life !== life) return;
    this.#life = undefined;
    this.#running = undefined;
  }

  /** A request of the gateway's own, whose answer changes nothing. */
  #askAlone(method: string, uri: string): void {
    void this.#life?.ask({ method, params: { uri }, withinMs: MINUTE_MS }).answer;
  }
}

function takeBack(sent: Sent): void {
  sent.cancelled = true;
  if (sent.sentAs !== undefined) sent.life?.cancel(sent.sentAs, CANCELLED);
}
