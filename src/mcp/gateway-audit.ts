/**
 * What the gateway writes down beside its guards: each call that went to a server which knows nobody, under whose credential, and what
 * came of it.
 *
 * @module
 */
import { canonicalize } from "../base/canonical.js";
import { sha256Base64url } from "../base/digest.js";
import type { Json } from "../base/json-value.js";
import { NAME_CHARS_MAX } from "../base/limits.js";
import type { VerifiedChain } from "../chain/verified-chain.js";
import type { AuditDraft } from "../wire/event.js";
import type { Risk } from "../wire/gateway-config.js";

/** One call on its way to a server. */
export interface Forwarded {
  readonly chain: VerifiedChain;
  readonly server: string;
  /** As grants name it. */
  readonly tool: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly risk: Risk;
  /** Names of the variables and headers that hold the server's own credential. */
  readonly credential: readonly string[];
}

/** What came of it: an answer, an error, or nothing, and after how long. */
export interface Outcome {
  readonly outcome: "result" | "error" | "cancelled";
  readonly ms: number;
  readonly result?: unknown;
}

/** Writes lines. `identity` is always `asserted`: the server sees the gateway's credential, and who called is our word alone. */
export interface GatewayScribe {
  /** @throws what the store throws: what cannot be written down does not happen */
  forwarded(call: Forwarded): Promise<void>;
  /** @throws what the store throws */
  answered(call: Forwarded, outcome: Outcome): Promise<void>;
}

/** Argument names that tell nothing; any other is shown by its digest, since whoever calls can put a value there. */
const PLAIN = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/;
const ARGUMENTS_SHOWN_MAX = 64;

/**
 * @param record Takes lines to the log; see `Admission.record`.
 * @param key Keys the digests, so that few possible values cannot be told by trying them.
 */
export function createGatewayScribe(options: {
  readonly name: string;
  readonly record: (events: readonly AuditDraft[], now: number) => Promise<void>;
  readonly key: string;
  readonly now: () => number;
}): GatewayScribe {
  const { name, record, key, now } = options;
  const digest = (value: unknown) => sha256Base64url(`${key}${canonicalize(value)}`);
  const write = (kind: string, call: Forwarded, data: Readonly<Record<string, Json>>) =>
    record([lineOf(name, kind, call, data)], now());
  return {
    forwarded(call) {
      const { credential, risk } = call;
      return write("call.forwarded", call, {
        credential: [...credential],
        // What the least risky calls are about the guard's own line tells, by one digest.
        ...(risk === "low" ? {} : { arguments: digestsOf(call.arguments, digest) }),
      });
    },
    answered(call, { outcome, ms, result }) {
      const shown = call.risk === "high" && result !== undefined;
      return write("call.answered", call, {
        outcome,
        ms,
        // Of what the server said: it may hold what canonical JSON does not.
        ...(shown ? { result: sha256Base64url(`${key}${JSON.stringify(result)}`) } : {}),
      });
    },
  };
}

function lineOf(
  name: string,
  kind: string,
  { chain, server, tool, risk }: Forwarded,
  data: Readonly<Record<string, Json>>,
): AuditDraft {
  const leaf = chain.hops.at(-1);
  return {
    kind,
    tenant: chain.tenant,
    tree: chain.tree,
    ...(leaf === undefined ? {} : { hop: leaf.id, agent: leaf.agent }),
    requester: `${chain.principal.issuer} ${chain.principal.subject}`,
    tool: tool.slice(0, NAME_CHARS_MAX),
    identity: "asserted",
    guard: name,
    data: { server, risk, caller: leaf?.identity ?? "asserted", ...data },
  };
}

function digestsOf(
  args: Readonly<Record<string, unknown>>,
  digest: (value: unknown) => string,
): Json {
  const shown = Object.entries(args).slice(0, ARGUMENTS_SHOWN_MAX);
  return Object.fromEntries(
    shown.map(([name, value]) => [PLAIN.test(name) ? name : digest(name), digest(value)]),
  );
}
