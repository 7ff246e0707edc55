/** Which protocol session belongs to whom, as the web server in front of a transport knows it. @module */
import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { DelegationError } from "../base/error.js";
import { SESSIONS_MAX } from "../base/limits.js";
import type { VerifiedChain } from "../chain/verified-chain.js";

/** Header that names a protocol session, both ways. */
export const SESSION_HEADER = "mcp-session-id";

/** Who began a session. */
interface Beginner {
  /** Tenant, principal and tree, in one spelling. */
  readonly owner: string;
  /** The hop that began it, and those above. */
  readonly hops: ReadonlySet<string>;
}

/**
 * Sessions by id, each bound to the principal and tree of the chain that opened it.
 *
 * A session that is not in here was not opened through this server, or so long ago that it was forgotten: no stream of it is opened, and
 * nobody ends it.
 */
export class HttpSessions {
  readonly #known = new Map<string, Beginner>();

  /** Whether `chain` is of the session's principal and tree, so that its messages may pass; undefined when nobody knows the session. */
  isOwn(session: string, chain: VerifiedChain): boolean | undefined {
    const beginner = this.#known.get(session);
    return beginner === undefined ? undefined : beginner.owner === ownerOf(chain);
  }

  /**
   * Whether `chain` is the hop's that began the session, or of one above it: what the server says by itself is for them to hear, and the
   * session theirs to end. Undefined when nobody knows it.
   */
  isBegunBy(session: string, chain: VerifiedChain): boolean | undefined {
    const beginner = this.#known.get(session);
    if (beginner === undefined) return undefined;
    return beginner.owner === ownerOf(chain) && beginner.hops.has(chain.hops.at(-1)?.id ?? "");
  }

  /** Keeps whose session a response opens, if it opens one: the transport names it in a header. */
  watch(res: ServerResponse, chain: VerifiedChain): void {
    onHeaders(res, (session) => this.#bind(session, chain));
  }

  end(session: string): void {
    this.#known.delete(session);
  }

  #bind(session: string, chain: VerifiedChain): void {
    if (this.#known.has(session)) return;
    if (this.#known.size >= SESSIONS_MAX) {
      for (const oldest of this.#known.keys()) {
        this.#known.delete(oldest);
        break;
      }
    }
    const hops = new Set(chain.hops.map(({ id }) => id));
    this.#known.set(session, { owner: ownerOf(chain), hops });
  }
}

/** @throws {DelegationError} `session_mismatch` */
export function refuseForeign(): never {
  throw new DelegationError("session_mismatch", "the session belongs to another chain", {
    rule: SESSION_HEADER,
  });
}

/** Made once for each chain: a chain comes again as the same object, and never changes. */
function ownerOf(chain: VerifiedChain): string {
  const known = OWNERS.get(chain);
  if (known !== undefined) return known;
  const { tenant, principal, tree } = chain;
  const owner = JSON.stringify([tenant, principal.issuer, principal.subject, tree]);
  OWNERS.set(chain, owner);
  return owner;
}

const OWNERS = new WeakMap<VerifiedChain, string>();

/** Every way to send headers comes through `writeHead`, that of `end` alone included. */
function onHeaders(res: ServerResponse, seen: (session: string) => void): void {
  const inner = res.writeHead.bind(res) as (...args: unknown[]) => ServerResponse;
  res.writeHead = ((...args: unknown[]) => {
    const session = sessionIn(args.at(-1)) ?? headerText(res.getHeader(SESSION_HEADER));
    if (session !== undefined) seen(session);
    return inner(...args);
  }) as ServerResponse["writeHead"];
}

/** Headers as a map, or as a list of names and values in turn. */
function sessionIn(headers: unknown): string | undefined {
  if (Array.isArray(headers)) {
    const flat = headers.flat() as unknown[];
    const at = flat.findIndex((one, index) => index % 2 === 0 && isSessionHeader(one));
    return at < 0 ? undefined : headerText(flat[at + 1]);
  }
  if (typeof headers !== "object" || headers === null) return undefined;
  const found = Object.entries(headers as OutgoingHttpHeaders).find(([name]) =>
    isSessionHeader(name),
  );
  return headerText(found?.[1]);
}

function isSessionHeader(name: unknown): boolean {
  return typeof name === "string" && name.toLowerCase() === SESSION_HEADER;
}

function headerText(value: OutgoingHttpHeader | unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
