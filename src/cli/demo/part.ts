/** One process of the story on Redis: the coordinator, or one of the two tool servers with its guard. @module */
import { Trust, trustedKeys } from "../../chain/trust.js";
import type { Operator } from "../../coordinator/actor.js";
import type { Coordinator } from "../../coordinator/verbs.js";
import type { Call } from "../../guard/decision.js";
import { openKeyFile } from "../../memory/key-file.js";
import { openRedisEngine, openRedisGuards } from "../../redis/engine.js";
import { CONCESSIONS } from "../../redis/settings.js";
import { parseJwks } from "../../token/jwks.js";
import type { Boundary } from "../../wire/cut.js";
import { runOn } from "./embedded-stage.js";
import { ISSUER, TOOL_SERVER } from "./stage.js";
import { makeTools, type Places, type Progress } from "./tools.js";
import { answerParent } from "./wire.js";

/** What the process is started with, in its environment: command lines are for everybody to see. */
export interface Part {
  readonly role: "coordinator" | "files" | "desk";
  readonly url: string;
  readonly prefix: string;
  /** What it said, and what it let happen once: the next one in its role says it again. */
  readonly outbox: string;
  /** File of the signing keys, for the coordinator alone. */
  readonly keys?: string;
  /** Public keys, for guards. */
  readonly jwks?: unknown;
  readonly places: Places;
}

const TENANT = "default";
const OPERATOR: Operator = { operator: "operator", tenant: TENANT };
/** Nodes of the story's tree are few: one page holds them. */
const NODES_MAX = 100;

await begin(JSON.parse(process.env.LEGATE_DEMO_PART ?? "{}") as Part);

async function begin(part: Part): Promise<void> {
  await (part.role === "coordinator" ? coordinate(part) : serve(part));
  process.send?.({ news: "ready" });
}

async function coordinate({ url, prefix, outbox, keys = "" }: Part): Promise<void> {
  const { store, coordinator, close } = await openRedisEngine({
    url,
    prefix,
    outbox,
    issuer: ISSUER,
    keys: openKeyFile(keys),
    accept: CONCESSIONS,
  });
  type Of<V extends keyof Coordinator> = Coordinator[V];
  const open: Of<"open"> = (request) => coordinator.open(request);
  const delegate: Of<"delegate"> = (who, request) => coordinator.delegate(who, request);
  const complete: Of<"complete"> = (who, request) => coordinator.complete(who, request);
  answerParent({
    open,
    delegate,
    complete,
    jwks: () => coordinator.jwks(),
    preview: (boundary: Boundary) => coordinator.preview(OPERATOR, { boundary }),
    revoke: async (boundary: Boundary, { reason, by }: { reason: string; by: string }) => {
      const request = { boundary, reason, wait: "guards" };
      const { barrier } = await coordinator.revoke({ ...OPERATOR, operator: by }, request);
      return { barrier };
    },
    nodes: async (tree: string) => (await store.page(TENANT, tree, { limit: NODES_MAX })).nodes,
    close,
  });
}

async function serve({ role, url, prefix, outbox, jwks, places }: Part): Promise<void> {
  const trust = new Trust({ keys: trustedKeys(parseJwks(jwks)), issuers: [ISSUER] });
  const guards = await openRedisGuards({ url, prefix, outbox, trust });
  const guard = await guards.guard({ name: role, audience: TOOL_SERVER });
  const progress = toldProgress();
  const tools = makeTools(places, progress);
  answerParent({
    feed: () => guard.status().feed,
    run: (call: Call) => runOn(guard, tools, call),
    close: () => guards.close(),
  });
}

/** How far a search is, told to the parent with every file. */
function toldProgress(): Progress {
  const progress = { looked: 0, total: 0 };
  const tell = () => process.send?.({ news: progress });
  return {
    get looked() {
      return progress.looked;
    },
    set looked(looked) {
      progress.looked = looked;
      tell();
    },
    get total() {
      return progress.total;
    },
    set total(total) {
      progress.total = total;
      tell();
    },
  };
}
