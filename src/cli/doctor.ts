/** `legate doctor`: the servers' settings that the promises rest on: what fits, and what does not. @module */
import { examine } from "../redis/examine.js";
import { CONCESSIONS, type Concession } from "../redis/settings.js";
import { CommandError, EXIT, type ExitCode } from "./exit.js";
import { hostsOf, told, URL_FORMS } from "./redis-state.js";
import type { Terminal } from "./terminal.js";
import { count } from "./wording.js";

/** What the command was told. */
export interface DoctorOptions {
  readonly redis?: string;
  readonly prefix: string;
  /** Replicas that a write is to wait for. */
  readonly replicas: number;
  /** Names of promises that are given up. */
  readonly accept: readonly string[];
}

/** What an operator does without who gives a promise up. */
const GIVEN_UP: Readonly<Record<Concession, string>> = {
  disk: "a restart may lose what was acknowledged",
  minority: "an owner cut off from its replicas goes on to take writes",
  timeout: "a fail-over may begin before the last guard of the old owner is stale",
  quorum: "what a write waits for may be a minority",
  memory: "records take more memory than they need",
  unread: "the server does not show it, so nobody knows",
};

/** Ends `denied` when something does not fit that was not chosen. @throws {CommandError} `usage`, `unreachable` */
export async function doctor(terminal: Terminal, options: DoctorOptions): Promise<ExitCode> {
  const { redis: url = "", prefix, replicas } = options;
  if (url === "") {
    throw new CommandError(
      EXIT.usage,
      "which servers?",
      `--redis URL, or set LEGATE_REDIS: ${URL_FORMS}`,
    );
  }
  const accepted = acceptedIn(options.accept);
  const where = hostsOf(url);
  const { checks, deployment } = await examine({ url, prefix, replicas }).catch((thrown) => {
    throw told(thrown, where);
  });
  const judged = checks.map((check) => {
    const chosen = check.concession !== undefined && accepted.has(check.concession);
    return { ...check, verdict: check.fits ? "fits" : chosen ? "chosen" : "unfit" } as const;
  });
  const unfit = judged.filter(({ verdict }) => verdict === "unfit").length;
  if (terminal.json) {
    for (const { fits: _, ...check } of judged) terminal.record(check);
    return unfit === 0 ? EXIT.ok : EXIT.denied;
  }
  let server = "";
  for (const check of judged) {
    if (check.server !== server) terminal.out(terminal.tone("heading", check.server));
    server = check.server;
    for (const line of linesOf(terminal, check)) terminal.out(`  ${line}`);
  }
  terminal.say(
    deployment === undefined
      ? `no deployment named ${prefix} there yet`
      : `deployment ${prefix}: ${count(deployment.partitions, "partition")}`,
  );
  if (unfit > 0)
    terminal.say(`${count(unfit, "setting")} to mend, or to accept by name with --accept`);
  return unfit === 0 ? EXIT.ok : EXIT.denied;
}

interface Judged {
  readonly setting: string;
  readonly found: string;
  readonly wanted: string;
  readonly concession: Concession | undefined;
  readonly verdict: "fits" | "chosen" | "unfit";
}

function linesOf(
  terminal: Terminal,
  { setting, found, wanted, concession, verdict }: Judged,
): string[] {
  const tone = ({ fits: "good", chosen: "warn", unfit: "bad" } as const)[verdict];
  const head = `${terminal.tone(tone, verdict.padEnd(6))}  ${setting} ${found}`;
  if (verdict === "fits") return [head];
  const price = concession === undefined ? "must be so" : `${concession}: ${GIVEN_UP[concession]}`;
  return [`${head}, wanted ${wanted}`, `        ${terminal.tone("faint", price)}`];
}

/** @throws {CommandError} `usage` */
function acceptedIn(names: readonly string[]): ReadonlySet<Concession> {
  const wrong = names.find((name) => !CONCESSIONS.some((one) => one === name));
  if (wrong === undefined) return new Set(CONCESSIONS.filter((one) => names.includes(one)));
  throw new CommandError(
    EXIT.usage,
    `nothing that can be accepted: ${wrong}`,
    `one of: ${CONCESSIONS.join(", ")}`,
  );
}
