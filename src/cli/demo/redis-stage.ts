/** The stage on Redis: a coordinator and two tool servers in processes of their own; the agents, with their keys, in this one. @module */
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { sealLine } from "../../audit/chain.js";
import { systemClock } from "../../base/clock.js";
import { uuidv7 } from "../../base/id.js";
import { systemRandom } from "../../base/random.js";
import { ChainCache } from "../../chain/cache.js";
import { Trust, trustedKeys } from "../../chain/trust.js";
import type { Issued } from "../../coordinator/issue.js";
import type { Preview, TreeNode } from "../../coordinator/store.js";
import type { Call } from "../../guard/decision.js";
import { EmbeddedHop } from "../../memory/embedded-hop.js";
import type { HolderSide, HolderVerbs } from "../../memory/hand-over.js";
import { parseJwks } from "../../token/jwks.js";
import { generateSigningKey } from "../../token/key.js";
import { hostsOf, openRedisState, told } from "../redis-state.js";
import { codeOf, hold } from "./play.js";
import { ISSUER, type Stage } from "./stage.js";
import type { Found, Places, Progress } from "./tools.js";
import { Troupe } from "./troupe.js";

/** How to open it. */
export interface RedisStageOptions {
  /** May hold a password: it is shown nowhere, and goes to no command line. */
  readonly url: string;
  /** Where the log is written out at the end. */
  readonly audit: string;
  readonly places: Places;
  readonly progress: Progress;
}

/** @throws {CommandError} `usage`, `unreachable` */
export async function openRedisStage(options: RedisStageOptions) {
  const { url, places, progress } = options;
  const where = hostsOf(url);
  const prefix = `demo-${uuidv7(systemClock.now(), systemRandom)}`;
  const troupe = new Troupe({ url, prefix, places }, progress);
  try {
    await troupe.start("coordinator");
    const jwks = await troupe.ask("coordinator", "jwks");
    await Promise.all([troupe.start("files", jwks), troupe.start("desk", jwks)]);
    await troupe.live();
    const trust = new Trust({ keys: trustedKeys(parseJwks(jwks)), issuers: [ISSUER] });
    const named = url.includes("@") ? [] : [`export LEGATE_REDIS=${url}`];
    const look = [...named, `export LEGATE_PREFIX=${prefix}`];
    return { stage: stageOf(troupe, trust, { ...options, prefix }), look };
  } catch (thrown) {
    troupe.end();
    throw told(thrown, where);
  }
}

function stageOf(
  troupe: Troupe,
  trust: Trust,
  { url, prefix, audit }: RedisStageOptions & { readonly prefix: string },
): Stage {
  const kit = kitOf(troupe, trust);
  const coordinator = (verb: string, ...args: readonly unknown[]) =>
    troupe.ask("coordinator", verb, ...args);
  let closing: Promise<void> | undefined;
  const close = async () => {
    try {
      await Promise.all([troupe.ask("files", "close"), troupe.ask("desk", "close")]);
      await writeLog(audit, { url, prefix });
    } finally {
      troupe.end();
    }
  };
  return {
    open: async (root) => {
      const key = generateSigningKey();
      const { token } = (await coordinator("open", { ...root, holderKey: key.jwk })) as Issued;
      return EmbeddedHop.hold(kit, key, [token]);
    },
    run: async (call: Call) => {
      const server = /^(?:files|inbox)\./.test(call.tool) ? "files" : "desk";
      return (await troupe.ask(server, "run", call)) as Found;
    },
    preview: async (boundary) => (await coordinator("preview", boundary)) as Preview,
    revoke: (boundary, why) => coordinator("revoke", boundary, why),
    nodes: async (tree) => (await coordinator("nodes", tree)) as readonly TreeNode[],
    interlude: async (narrator, reader, path) => {
      await narrator.scene("A process is killed, and another takes its place");
      const pid = await troupe.kill("coordinator");
      narrator.step("operator", `kill -9 ${pid}: the coordinator is gone`, { pid });
      const code = await codeOf(reader.delegate({ agent: "helper", grant: {} }));
      hold(code === "store_unavailable", "nobody delegates without a coordinator");
      const { text = "" } = await troupe.read(reader, path);
      hold(text !== "", "the guards go on without it");
      narrator.step("reader", "files.read goes on: guards ask the store, not the coordinator", {
        tool: "files.read",
      });
      await troupe.start("coordinator");
      await troupe.live();
      const next = troupe.pidOf("coordinator");
      narrator.step("operator", `starts another, process ${next}: it knows all that was kept`, {
        pid: next,
      });
    },
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

/** A holder's verbs, each asked of the coordinator's process. */
function kitOf(troupe: Troupe, trust: Trust): HolderSide {
  const verb = <V extends keyof HolderVerbs>(name: V) =>
    ((...args: unknown[]) => troupe.ask("coordinator", name, ...args)) as HolderVerbs[V];
  const coordinator: HolderVerbs = {
    ask: verb("ask"),
    claim: verb("claim"),
    complete: verb("complete"),
    delegate: verb("delegate"),
    exchange: verb("exchange"),
    narrow: verb("narrow"),
    renew: verb("renew"),
    renewLease: verb("renewLease"),
    revoke: verb("revoke"),
  };
  return {
    coordinator,
    issuer: ISSUER,
    trust,
    cache: new ChainCache(),
    agentKeys: () => [],
    clock: systemClock,
    random: systemRandom,
  };
}

/** The log of the whole deployment, which is this story's alone. */
async function writeLog(path: string, place: { url: string; prefix: string }): Promise<void> {
  const store = await openRedisState({ ...place, replicas: 0 });
  try {
    const file = createWriteStream(path);
    for (let from = 1; ; ) {
      const lines = await store.audit({ from, limit: 1_000 });
      for (const line of lines) file.write(`${sealLine(line).text}\n`);
      const last = lines.at(-1);
      if (last === undefined) break;
      from = last.seq + 1;
    }
    file.end();
    await finished(file);
  } finally {
    await store.close();
  }
}
