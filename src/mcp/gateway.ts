/** The gateway: MCP servers that know nothing of delegation, each behind a guard, with a credential that no caller sees. @module */
import { readFileSync } from "node:fs";
import { DelegationError } from "../base/error.js";
import { GATEWAY_SESSIONS_MAX } from "../base/limits.js";
import { type RandomBytes, systemRandom } from "../base/random.js";
import type { VerifiedChain } from "../chain/verified-chain.js";
import type { Admission } from "../guard/admission.js";
import type { Guard } from "../guard/guard.js";
import { systemTimers, type Timers } from "../lifecycle/timers.js";
import type { PolicyEngine } from "../policy/engine.js";
import type { GatewayConfig, GatewayServer } from "../wire/gateway-config.js";
import { createGatewayScribe, type GatewayScribe } from "./gateway-audit.js";
import { Backend } from "./gateway-backend.js";
import { bothPolicies, gatewayPolicy } from "./gateway-controls.js";
import { launchOf, type SecretPlaces } from "./gateway-launch.js";
import type { Startable } from "./gateway-life.js";
import type { Port } from "./gateway-port.js";
import { ServerProcess } from "./gateway-process.js";
import { createRedactor } from "./gateway-redact.js";
import { ServerRemote } from "./gateway-remote.js";
import { CallerSession, type GatewaySession } from "./gateway-session.js";
import type { McpTransport } from "./transport.js";

export type { GatewaySession } from "./gateway-session.js";

/** What a gateway stands on; an embedded engine or guards on Redis are such. */
export interface GatewayGround {
  /** Starts a guard for one server. @throws {DelegationError} `config_invalid`, `store_unavailable` */
  guard(options: {
    readonly name: string;
    readonly audience: string;
    readonly policy: PolicyEngine;
  }): Promise<Guard>;
  /** Where the gateway's own lines go. */
  readonly store: Pick<Admission, "record">;
}

/** How to open a gateway. */
export interface GatewayOptions {
  readonly config: GatewayConfig;
  /** Name of the one server that is opened; all unless told. The rules are those of the whole file in any case. */
  readonly only?: string;
  readonly ground: GatewayGround;
  /**
   * A second gate besides the gateway's own rules; the ground's own is not asked here unless it is given. A coordinator that hands out tickets
   * for both needs `bothPolicies(gatewayPolicy(config), policy)`.
   */
  readonly policy?: PolicyEngine;
  /** Where credentials are read from: environment and files unless told. */
  readonly places?: SecretPlaces;
  /** Told what servers write to their logs, secrets taken out, and what goes wrong. */
  readonly log?: (server: string, line: string) => void;
  readonly timers?: Timers;
  readonly random?: RandomBytes;
}

/** A server behind the gateway. */
export interface GatewayDoor {
  readonly name: string;
  /** What tokens for it name. */
  readonly audience: string;
  readonly guard: Guard;
  /**
   * Serves one caller, until its transport closes or its authority is cut.
   *
   * @param url The door's URL as it knows itself, which DPoP proofs name; the audience unless told.
   * @throws {DelegationError} `quota_exceeded`
   */
  serve(transport: McpTransport, url?: string): Promise<GatewaySession>;
}

/** Servers that are guarded, and what ends them all. */
export interface Gateway {
  readonly doors: readonly GatewayDoor[];
  /** Ends all sessions, and the servers behind. Idempotent. */
  close(): Promise<void>;
}

const SYSTEM_PLACES: SecretPlaces = {
  env: process.env,
  readFile: (path) => readFileSync(path, "utf8"),
};

/**
 * Opens a gateway. Every credential is read once, so that one that is not there is found now and not at the first call.
 *
 * @throws {DelegationError} `config_invalid`; as the ground's `guard`
 */
export async function openGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, ground, policy, places = SYSTEM_PLACES, random = systemRandom } = options;
  const { only, timers = systemTimers, log = () => undefined } = options;
  const servers = config.servers.filter(({ name }) => only === undefined || name === only);
  for (const server of servers) checkCredentials(server, places);
  const own = gatewayPolicy(config);
  const rules = policy === undefined ? own : bothPolicies(own, policy);
  const scribe = createGatewayScribe({
    name: config.name,
    record: (events, now) => ground.store.record(events, now),
    key: Buffer.from(random(32)).toString("base64url"),
    now: () => timers.now(),
  });
  const doors: Door[] = [];
  for (const server of servers) {
    const { name, controls } = server;
    const { audience } = controls;
    const guard = await ground.guard({ name: `${config.name}/${name}`, audience, policy: rules });
    doors.push(new Door({ server, guard, scribe, timers, places, log: (line) => log(name, line) }));
  }
  return {
    doors,
    close: async () => {
      await Promise.all(doors.map((door) => door.close()));
    },
  };
}

/**
 * Reads a server's credentials, and forgets them.
 *
 * @returns how many values are kept out of what callers see
 * @throws {DelegationError} `config_invalid`
 */
export function checkCredentials(server: GatewayServer, places = SYSTEM_PLACES): number {
  return launchOf(server, places).secrets.length;
}

interface DoorParts {
  readonly server: GatewayServer;
  readonly guard: Guard;
  readonly scribe: GatewayScribe;
  readonly timers: Timers;
  readonly places: SecretPlaces;
  readonly log: (line: string) => void;
}

class Door implements GatewayDoor {
  readonly #parts: DoorParts;
  readonly #sessions = new Set<CallerSession>();
  readonly #backends = new Map<string | Port, Backend>();
  /** Servers that are ending. */
  readonly #leaving = new Set<Promise<void>>();

  constructor(parts: DoorParts) {
    this.#parts = parts;
  }

  get name(): string {
    return this.#parts.server.name;
  }

  get audience(): string {
    return this.#parts.server.controls.audience;
  }

  get guard(): Guard {
    return this.#parts.guard;
  }

  async serve(transport: McpTransport, url?: string): Promise<GatewaySession> {
    if (this.#sessions.size >= GATEWAY_SESSIONS_MAX) {
      throw new DelegationError("quota_exceeded", "too many sessions are open at this server", {
        rule: "sessions",
      });
    }
    const { server, guard, scribe, timers, log } = this.#parts;
    const session: CallerSession = new CallerSession(transport, {
      server,
      guard,
      scribe,
      timers,
      url,
      log,
      backendFor: (chain, port) => this.#backendFor(chain, port),
      release: (port, backend, cut) => this.#release(port, backend, cut),
      closed: () => {
        this.#sessions.delete(session);
      },
    });
    this.#sessions.add(session);
    await session.start();
    return session;
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#sessions].map((session) => session.close()));
    for (const backend of this.#backends.values()) this.#end(backend, false);
    this.#backends.clear();
    await Promise.allSettled(this.#leaving);
  }

  #backendFor(chain: VerifiedChain, port: Port): Backend {
    const key = this.#keyOf(chain, port);
    const known = this.#backends.get(key);
    if (known !== undefined) return known;
    const { controls } = this.#parts.server;
    const { timers } = this.#parts;
    const made = new Backend({ open: () => this.#open(), controls, timers });
    this.#backends.set(key, made);
    return made;
  }

  #release(port: Port, backend: Backend, cut: boolean): void {
    backend.detach(port);
    // A server that is everybody's goes on without this one.
    if (backend.ports > 0 || this.#parts.server.controls.isolation === "none") return;
    for (const [key, one] of this.#backends) if (one === backend) this.#backends.delete(key);
    this.#end(backend, cut);
  }

  #end(backend: Backend, now: boolean): void {
    const leaving = backend.end(now).catch(() => undefined);
    this.#leaving.add(leaving);
    void leaving.then(() => this.#leaving.delete(leaving));
  }

  /** Who has the same key shares a server. */
  #keyOf({ tenant, tree, principal }: VerifiedChain, port: Port): string | Port {
    switch (this.#parts.server.controls.isolation) {
      case "session":
        return port;
      case "task":
        return JSON.stringify([tenant, tree]);
      case "principal":
        return JSON.stringify([tenant, principal.issuer, principal.subject]);
      case "none":
        return "";
    }
  }

  #open(): Startable {
    const { server, places, log } = this.#parts;
    const { run, secrets } = launchOf(server, places);
    const redactor = createRedactor(secrets);
    const connection =
      run.kind === "stdio"
        ? new ServerProcess(run, (line) => log(redactor.text(line)))
        : new ServerRemote(run);
    return { connection, redactor };
  }
}
