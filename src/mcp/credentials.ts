/** What a request presents: chain and proof, from its `_meta` and the HTTP request that it came with. @module */
import { DelegationError } from "../base/error.js";
import type { Call } from "../guard/decision.js";
import { PRESENT_META, type PresentMeta, parsePresentMeta } from "../wire/mcp.js";
import type { Possession } from "../wire/proof.js";
import { metaOf } from "./message.js";
import type { McpExtra, McpHeaders } from "./transport.js";

/** A chain and what proves that it is the presenter's. */
export type Credentials = Pick<Call, "tokens" | "possession" | "tickets">;

/**
 * Reads what is presented; undefined when nothing is.
 *
 * @param url What DPoP proofs name (`htu`): the resource as the server knows itself, never as the request tells it.
 * @throws {DelegationError} `invalid_request` for a malformed member, or two chains that are not the same
 */
export function credentialsOf(
  params: unknown,
  extra: McpExtra | undefined,
  url: string | undefined,
): Credentials | undefined {
  const present = metaOf(params)?.[PRESENT_META];
  const header = extra?.authInfo?.token;
  if (present === undefined && (header === undefined || header === "")) return undefined;
  const meta = present === undefined ? NOTHING : parsePresentMeta(present);
  const tokens = tokensOf(meta, header);
  const possession = possessionOf(meta, extra, url);
  return meta.tickets === undefined
    ? { tokens, possession }
    : { tokens, possession, tickets: meta.tickets };
}

const NOTHING: PresentMeta = {};

/** The header's chain is text, joined with `~`. */
function tokensOf({ tokens }: PresentMeta, header: string | undefined): readonly string[] {
  if (header === undefined || header === "") return tokens ?? [];
  const carried = header.split("~");
  if (tokens === undefined) return carried;
  if (tokens.at(-1) === carried.at(-1)) return tokens.length > 1 ? tokens : carried;
  throw new DelegationError("invalid_request", "_meta and header present different chains", {
    rule: PRESENT_META,
  });
}

function possessionOf(
  { proof, session }: PresentMeta,
  extra: McpExtra | undefined,
  url: string | undefined,
): Possession {
  if (session !== undefined) {
    const { id, sequence, mac } = session;
    return { kind: "session", session: id, sequence, mac };
  }
  if (proof !== undefined) return { kind: "aat", proof };
  const dpop = headerOf(extra, "dpop");
  if (dpop === undefined || url === undefined) return NONE;
  return { kind: "dpop", proof: dpop, method: "POST", url };
}

const NONE: Possession = { kind: "none" };

function headerOf(extra: McpExtra | undefined, name: string): string | undefined {
  const told = extra?.requestInfo?.headers[name] ?? extra?.request?.headers.get(name) ?? undefined;
  return typeof told === "string" ? told : undefined;
}

/** Headers that no handler gets to see: it could pass them on. */
const SECRET_HEADERS = ["authorization", "dpop"];

/** The same without tokens and proofs: a handler has no use for them but to pass them on, which MCP forbids. */
export function withoutSecrets(extra: McpExtra | undefined): McpExtra | undefined {
  if (extra === undefined) return undefined;
  const { authInfo, requestInfo, request } = extra;
  if (authInfo === undefined && requestInfo === undefined && request === undefined) return extra;
  return {
    ...extra,
    ...(authInfo === undefined ? {} : { authInfo: { ...authInfo, token: "" } }),
    ...(requestInfo === undefined
      ? {}
      : { requestInfo: { ...requestInfo, headers: without(requestInfo.headers) } }),
    ...(request === undefined ? {} : { request: bare(request) }),
  };
}

function without(headers: McpHeaders): McpHeaders {
  const kept: [name: string, value: McpHeaders[string]][] = [];
  for (const name of Object.keys(headers)) {
    if (!SECRET_HEADERS.includes(name.toLowerCase())) kept.push([name, headers[name]]);
  }
  return Object.fromEntries(kept);
}

function bare(request: Request): Request {
  const headers = new Headers(request.headers);
  for (const name of SECRET_HEADERS) headers.delete(name);
  return new Request(request.url, { method: request.method, headers });
}

/** Whether a message came with an HTTP request, which anybody can send who knows the session's id. */
export function cameByHttp(extra: McpExtra | undefined): boolean {
  return extra?.requestInfo !== undefined || extra?.request !== undefined;
}
