/** The guard in front of Streamable HTTP: challenges, whose session it is, and streams that end with their chain. @module */
import type { IncomingMessage, ServerResponse } from "node:http";
import { DelegationError, exposed } from "../base/error.js";
import { BATCH_MAX } from "../base/limits.js";
import type { VerifiedChain } from "../chain/verified-chain.js";
import type { Allowed } from "../guard/decision.js";
import type { Guard } from "../guard/guard.js";
import { httpActOf } from "../wire/mcp.js";
import type { Possession } from "../wire/proof.js";
import { type AuthInfo, authInfoOf, TOKEN_SEPARATOR } from "./auth-info.js";
import { bodyOf } from "./http-body.js";
import { EventsShown, lastEventIn } from "./http-events.js";
import { IdsInUse } from "./http-ids.js";
import type { ScopesOf } from "./http-need.js";
import { checkAudience, judgePost } from "./http-post.js";
import { type HttpRefusal, refuseHttp } from "./http-refusal.js";
import { HttpSessions, refuseForeign, SESSION_HEADER } from "./http-sessions.js";
import { deniedBy } from "./refusal.js";
import { metadataUrl } from "./resource-metadata.js";

/** A request of `node:http`, Express or connect; `body` and `auth` are set for whoever comes after. */
export type HttpRequest = IncomingMessage & { body?: unknown; auth?: AuthInfo };

/** A middleware as connect and Express take it. */
export type HttpMiddleware = (
  req: HttpRequest,
  res: ServerResponse,
  next: (fault?: unknown) => void,
) => void;

/** How a server stands in the web. */
export interface HttpGuardOptions {
  /** URL of the MCP endpoint, as clients know it; DPoP proofs name it, whatever a request's own headers say. */
  readonly resource: string;
  /** What tokens call it; the resource unless told. One of the guard's audiences. */
  readonly audience?: string;
  /** Scopes that a call needs besides the grant of its tool. */
  readonly scopesOf?: ScopesOf;
}

/**
 * Makes a middleware for the MCP endpoint, for a server whose transport is guarded with `guardTransport`:
 *
 * ```ts
 * const web = guardHttp(guard, { resource: "https://files.example.com/mcp" });
 * createServer((req, res) => web(req, res, () => transport.handleRequest(req, res, req.body)));
 * ```
 *
 * It takes `Authorization: Bearer` and `DPoP`, the chain's tokens joined with `~`, and chains in `_meta`. A POST is judged before any of
 * its messages is handled: without a chain 401, with one that does not hold 401, with one that lacks something 403
 * `insufficient_scope` with all that the request needs (scopes, and RFC 9396 details), where nothing can be known 503. Calls are decided, and
 * possession of POSTs is proved, behind it. GET and DELETE have no message to decide: their possession is proved here (a DPoP proof for
 * `httpActOf`), they must come from the hop that began the session or one above it, and the stream of a GET ends with the chain that opened it.
 * `req.auth` is set as `requireBearerAuth` does.
 *
 * @throws {DelegationError} `config_invalid`
 */
export function guardHttp(
  guard: Pick<Guard, "authenticate" | "examine">,
  options: HttpGuardOptions,
): HttpMiddleware {
  const front = new Front(guard, options);
  return (req, res, next) => {
    front.handle(req, res).then(
      (passes) => passes && next(),
      (thrown: unknown) => {
        if (res.headersSent) res.destroy();
        else front.refuse(res, { denied: deniedBy(exposed(thrown)) });
      },
    );
  };
}

const NO_SCOPES: ScopesOf = () => [];

class Front {
  readonly #guard: Pick<Guard, "authenticate" | "examine">;
  readonly #resource: string;
  readonly #audience: string;
  readonly #metadata: string;
  readonly #scopesOf: ScopesOf;
  readonly #sessions = new HttpSessions();
  readonly #ids = new IdsInUse();
  readonly #events = new EventsShown();

  constructor(
    guard: Pick<Guard, "authenticate" | "examine">,
    { resource, audience = resource, scopesOf = NO_SCOPES }: HttpGuardOptions,
  ) {
    this.#guard = guard;
    this.#resource = resource;
    this.#audience = audience;
    this.#metadata = metadataUrl(resource);
    this.#scopesOf = scopesOf;
  }

  /** Whether the request goes on; else it is answered. Rejects with what is to be refused. */
  handle(req: HttpRequest, res: ServerResponse): Promise<boolean> {
    switch (req.method) {
      case "POST":
        return this.#post(req, res);
      case "GET":
      case "DELETE":
        return this.#alone(req, res, req.method);
      case "OPTIONS":
        return Promise.resolve(true);
      default:
        res.writeHead(405, { allow: "GET, POST, DELETE" });
        res.end();
        return Promise.resolve(false);
    }
  }

  refuse(res: ServerResponse, refusal: HttpRefusal): false {
    refuseHttp(res, refusal, this.#metadata);
    return false;
  }

  async #post(req: HttpRequest, res: ServerResponse): Promise<boolean> {
    const body = await bodyOf(req);
    req.body = body;
    const token = tokenIn(req);
    const session = sessionOf(req);
    const checkSession = (chain: VerifiedChain): void => {
      if (session !== undefined && this.#sessions.isOwn(session, chain) === false) refuseForeign();
    };
    const messages = messagesIn(body);
    const judged = await judgePost(this.#guard, {
      messages,
      token,
      proved: req.headers.dpop !== undefined,
      audience: this.#audience,
      scopesOf: this.#scopesOf,
      checkSession,
    });
    if (judged.effect === "refuse") return this.refuse(res, judged.refusal);
    if (session !== undefined) this.#ids.take(session, messages, res);
    const { chain, opens } = judged;
    if (chain === undefined) return true;
    this.#events.watch(res, session, chain);
    if (opens && session === undefined) this.#sessions.watch(res, chain);
    if (token !== undefined)
      req.auth = authInfoOf(chain, token.split(TOKEN_SEPARATOR), this.#audience);
    return true;
  }

  async #alone(req: HttpRequest, res: ServerResponse, method: "GET" | "DELETE"): Promise<boolean> {
    const token = tokenIn(req);
    if (token === undefined) return this.refuse(res, {});
    const tokens = token.split(TOKEN_SEPARATOR);
    const decision = await this.#guard.authenticate({
      tokens,
      possession: this.#possessionOf(req, method),
      ...httpActOf(method),
      audience: this.#audience,
    });
    if (decision.effect === "deny") return this.refuse(res, { denied: decision });
    const session = sessionOf(req);
    try {
      checkAudience(decision.chain, this.#audience);
      if (!this.#mayUse(session, decision.chain, req)) {
        decision.end();
        return notFound(res);
      }
    } catch (thrown) {
      decision.end();
      throw thrown;
    }
    req.auth = authInfoOf(decision.chain, tokens, this.#audience);
    this.#events.watch(res, session, decision.chain);
    if (method === "DELETE") this.#ends(res, session);
    return lastsAsLong(res, decision);
  }

  /** False for a session that nobody knows. @throws {DelegationError} `session_mismatch`; `not_entitled` for a stream of another's */
  #mayUse(session: string | undefined, chain: VerifiedChain, req: HttpRequest): boolean {
    const event = lastEventIn(req);
    if (event !== undefined) {
      const own = session === undefined || this.#sessions.isOwn(session, chain);
      if (own === false) refuseForeign();
      if (own === true) this.#events.check(session, event, chain);
      return own === true;
    }
    if (session === undefined) return true;
    const begun = this.#sessions.isBegunBy(session, chain);
    if (begun === false) refuseForeign();
    return begun === true;
  }

  #possessionOf({ headers }: HttpRequest, method: string): Possession {
    const { dpop } = headers;
    if (typeof dpop !== "string") return { kind: "none" };
    return { kind: "dpop", proof: dpop, method, url: this.#resource };
  }

  #ends(res: ServerResponse, session: string | undefined): void {
    if (session === undefined) return;
    res.once("finish", () => {
      if (res.statusCode >= 300) return;
      this.#sessions.end(session);
      this.#events.end(session);
    });
  }
}

/** One message, or the list that older clients send. @throws {DelegationError} `invalid_request` */
function messagesIn(body: unknown): readonly unknown[] {
  if (!Array.isArray(body)) return [body];
  if (body.length <= BATCH_MAX) return body;
  throw new DelegationError("invalid_request", "too many messages at once", { rule: "body" });
}

/** The response ends, unfinished, when the chain is cut, suspended or expires. */
function lastsAsLong(res: ServerResponse, { signal, end }: Allowed): boolean {
  const cut = () => res.destroy();
  res.once("close", () => {
    signal.removeEventListener("abort", cut);
    end();
  });
  signal.addEventListener("abort", cut, { once: true });
  if (signal.aborted) cut();
  return !signal.aborted;
}

/** As the transport says it. */
function notFound(res: ServerResponse): false {
  res.writeHead(404, { "content-type": "application/json" });
  const error = { code: -32001, message: "Session not found" };
  res.end(JSON.stringify({ jsonrpc: "2.0", error, id: null }));
  return false;
}

/** RFC 9110 §11.6.2, with the two schemes that we take. */
const AUTHORIZATION = /^(?:Bearer|DPoP) +([^\s,]+)$/i;

/** @throws {DelegationError} `invalid_request` for a header that is none of ours */
function tokenIn({ headers }: HttpRequest): string | undefined {
  const { authorization } = headers;
  if (authorization === undefined) return undefined;
  const token = AUTHORIZATION.exec(authorization)?.[1];
  if (token !== undefined) return token;
  throw new DelegationError("invalid_request", "neither a bearer nor a dpop token", {
    rule: "authorization",
  });
}

function sessionOf({ headers }: HttpRequest): string | undefined {
  const session = headers[SESSION_HEADER];
  return typeof session === "string" && session !== "" ? session : undefined;
}
