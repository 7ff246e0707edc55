/** One real server for tests: a folder, a free port and a process of its own, ended by its own id. @module */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis, type RedisOptions } from "ioredis";
import { PATIENCE_MS } from "../patience.js";
import type { Certificate } from "./certificate.js";
import { freePort } from "./ports.js";
import { waitFor } from "./wait.js";

const ADVICE =
  "redis-server 7 or newer is missing. Run: sudo apt-get install -y redis-server (or set REDIS_SERVER)";
const STARTS_MAX = 5;

export interface ServerOptions {
  /** Path of the server's program; `REDIS_SERVER` or the one on the PATH by default. */
  readonly binary?: string;
  readonly host?: string;
  /** A Cluster's node: the bus gets the port plus 10,000. */
  readonly cluster?: boolean;
  readonly appendfsync?: "always" | "everysec" | "no";
  readonly replicaOf?: RedisServer;
  readonly sentinel?: boolean;
  /** Serves TLS, and nothing else. */
  readonly tls?: Certificate;
  /** Whether its own clients look at the certificate; they do unless told. */
  readonly checked?: boolean;
  /** Further lines of the configuration. */
  readonly settings?: readonly string[];
}

/** The programs that suites run on: Redis always, Valkey where `VALKEY_SERVER` names one; one of them where both are one. */
export function binaries(): readonly { readonly name: string; readonly path: string }[] {
  const { REDIS_SERVER = "redis-server", VALKEY_SERVER = "" } = process.env;
  const redis = { name: "Redis", path: REDIS_SERVER };
  const valkey = { name: "Valkey", path: VALKEY_SERVER };
  if (VALKEY_SERVER === "") return [redis];
  return VALKEY_SERVER === REDIS_SERVER ? [valkey] : [redis, valkey];
}

const running = new Set<RedisServer>();
process.on("exit", () => {
  for (const server of running) server.abandon();
});

export class RedisServer {
  readonly host: string;
  readonly port: number;
  readonly dir: string;
  readonly options: ServerOptions;
  readonly #clients = new Set<Redis>();
  #process: ChildProcess | undefined;

  private constructor(options: ServerOptions, port: number) {
    this.options = options;
    this.host = options.host ?? "127.0.0.1";
    this.port = port;
    this.dir = mkdtempSync(join(tmpdir(), "legate-redis-"));
  }

  /** Starts a server and waits until it answers. @throws when there is no program, with the line that installs it */
  static async start(options: ServerOptions = {}): Promise<RedisServer> {
    for (let start = 1; ; start++) {
      const server = new RedisServer(options, await freePort(options.cluster === true));
      try {
        await server.launch();
        return server;
      } catch (thrown) {
        await server.stop();
        // Somebody else can take the port between the look and the start.
        if (start === STARTS_MAX || spawnSync(server.#binary(), ["--version"]).error) throw thrown;
      }
    }
  }

  get url(): string {
    return `${this.options.tls === undefined ? "redis" : "rediss"}://${this.host}:${this.port}`;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** What the server wrote to its log. */
  get log(): string {
    const path = join(this.dir, "log");
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  }

  /** Starts the process; again after {@link kill}, with what is in its folder. */
  async launch(): Promise<void> {
    const path = join(this.dir, "server.conf");
    // A Sentinel keeps what it learns in its own file.
    if (!existsSync(path)) writeFileSync(path, `${this.#lines().join("\n")}\n`);
    const mode = this.options.sentinel === true ? ["--sentinel"] : [];
    const child = spawn(this.#binary(), [path, ...mode], { stdio: "ignore" });
    let failed = "";
    child.once("error", (error: NodeJS.ErrnoException) => {
      failed = error.code === "ENOENT" ? ADVICE : error.message;
    });
    child.once("exit", (code, signal) => {
      failed ||= `the server ended (${code ?? signal}): ${this.log.slice(-2_000)}`;
    });
    this.#process = child;
    running.add(this);
    await waitFor(`${this.host}:${this.port} answers`, PATIENCE_MS, async () => {
      if (failed !== "") throw new Error(failed);
      return (await this.#pings()) ? true : undefined;
    });
  }

  /** A client of the test's own; closed when the server is stopped. */
  client(options: Omit<RedisOptions, "replyMapping"> = {}): Redis {
    const { tls, checked = true } = this.options;
    const client = new Redis({
      host: this.host,
      port: this.port,
      ...(tls === undefined ? {} : { tls: { ca: tls.cert, rejectUnauthorized: checked } }),
      lazyConnect: true,
      retryStrategy: () => null,
      commandTimeout: 5_000,
      ...options,
    });
    client.on("error", () => {});
    this.#clients.add(client);
    return client;
  }

  /** One command, on a connection of its own. */
  async ask(command: string, ...words: readonly (string | number)[]): Promise<unknown> {
    const client = this.client();
    try {
      return await client.call(command, words.map(String));
    } finally {
      client.disconnect();
      this.#clients.delete(client);
    }
  }

  /** A section of `INFO` as names and values. */
  async info(section: string): Promise<ReadonlyMap<string, string>> {
    const text = String(await this.ask("INFO", section));
    return new Map(
      text.split("\r\n").flatMap((line) => {
        const [name, ...value] = line.split(":");
        return name === undefined || value.length === 0 ? [] : [[name, value.join(":")]];
      }),
    );
  }

  /** SIGSTOP: the process stands still, its sockets stay open. */
  pause(): void {
    this.#process?.kill("SIGSTOP");
  }

  /** SIGCONT. */
  resume(): void {
    this.#process?.kill("SIGCONT");
  }

  /** SIGKILL, and waits until it is gone. What is in its folder stays. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }

  /** Removes what was persisted; a Cluster's node stays who it is. */
  forget(): void {
    for (const name of ["appendonlydir", "dump.rdb"]) {
      rmSync(join(this.dir, name), { recursive: true, force: true });
    }
  }

  /** Cuts the end off the append-only file, as a loss of power may: all beyond `length` bytes. */
  cutAppendOnlyFile(length: number): void {
    truncateSync(this.#appendOnlyFile(), Math.min(length, this.appendOnlyBytes));
  }

  /** Length of the append-only file. */
  get appendOnlyBytes(): number {
    return statSync(this.#appendOnlyFile()).size;
  }

  /** The same once all that was answered is written there: while the disk is busy with a flush, writing waits for it. */
  async writtenBytes(): Promise<number> {
    return waitFor("what was answered to be written", PATIENCE_MS, async () => {
      const persistence = await this.info("persistence");
      return persistence.get("aof_buffer_length") === "0" ? this.appendOnlyBytes : undefined;
    });
  }

  #appendOnlyFile(): string {
    const folder = join(this.dir, "appendonlydir");
    const manifest = readFileSync(join(folder, "appendonly.aof.manifest"), "utf8");
    const names = [...manifest.matchAll(/^file (\S+) .* type i$/gm)].map((match) => match[1] ?? "");
    return join(folder, names.at(-1) ?? "");
  }

  /** Ends the process and removes its folder. */
  async stop(): Promise<void> {
    for (const client of this.#clients) client.disconnect();
    await this.kill();
    running.delete(this);
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }

  /** The same at the very end of this process, when nothing can be waited for. */
  abandon(): void {
    this.#process?.kill("SIGKILL");
    rmSync(this.dir, { recursive: true, force: true });
  }

  #binary(): string {
    return this.options.binary ?? process.env.REDIS_SERVER ?? "redis-server";
  }

  async #pings(): Promise<boolean> {
    try {
      await this.ask("PING");
      return true;
    } catch (thrown) {
      // A server that wants to know who asks is there.
      return /NOAUTH/.test(String(thrown));
    }
  }

  #lines(): string[] {
    const { tls, cluster, sentinel, replicaOf, appendfsync, settings = [] } = this.options;
    const lines = [
      // Protected mode takes only 127.0.0.1 for the loopback, and all of this is on the loopback.
      "protected-mode no",
      `bind ${this.host}`,
      `bind-source-addr ${this.host}`,
      `dir ${this.dir}`,
      `logfile ${join(this.dir, "log")}`,
    ];
    if (tls === undefined) lines.push(`port ${this.port}`);
    else {
      for (const part of ["cert", "key"] as const) {
        writeFileSync(join(this.dir, `${part}.pem`), tls[part], { mode: 0o600 });
        lines.push(`tls-${part}-file ${join(this.dir, `${part}.pem`)}`);
      }
      lines.push("port 0", `tls-port ${this.port}`, "tls-auth-clients no");
    }
    if (sentinel === true) return [...lines, ...settings];
    // Full syncs at once: a replica that waits for others to join cannot be elected meanwhile.
    lines.push('save ""', "repl-diskless-sync yes", "repl-diskless-sync-delay 0");
    lines.push(`appendonly ${appendfsync === undefined ? "no" : "yes"}`);
    if (appendfsync !== undefined) lines.push(`appendfsync ${appendfsync}`);
    if (cluster === true) {
      lines.push("cluster-enabled yes", "cluster-node-timeout 2000");
      lines.push(`cluster-announce-ip ${this.host}`);
    }
    if (replicaOf !== undefined) lines.push(`replicaof ${replicaOf.host} ${replicaOf.port}`);
    return [...lines, ...settings];
  }
}
