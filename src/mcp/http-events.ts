/** Events of streams that can be taken up again: whose they were, so that nobody else hears what is said again. @module */
import type { IncomingMessage, ServerResponse } from "node:http";
import { DelegationError } from "../base/error.js";
import { MCP_EVENTS_MAX, NAME_CHARS_MAX, SESSIONS_MAX } from "../base/limits.js";
import type { VerifiedChain } from "../chain/verified-chain.js";
import { isWithin, leafOf } from "./tasks.js";

/** Header with the last event that a client has seen of the stream that it takes up. */
const LAST_EVENT_HEADER = "last-event-id";

/** Undefined for a request that takes up no stream. */
export function lastEventIn({ method, headers }: IncomingMessage): string | undefined {
  const event = headers[LAST_EVENT_HEADER];
  return method === "GET" && typeof event === "string" && event !== "" ? event : undefined;
}

/**
 * Events that left, by session, each with the chain that its stream was for.
 *
 * A transport says a stream again to whoever names an event of it: what it keeps may be another session's, and a session has several hops.
 */
export class EventsShown {
  readonly #bySession = new Map<string, Map<string, VerifiedChain>>();

  /** Notes what leaves on a response of the session, or of a server that has none: the stream is for `chain`. */
  watch(res: ServerResponse, session: string | undefined, chain: VerifiedChain): void {
    const write = res.write.bind(res) as (...args: unknown[]) => boolean;
    res.write = ((...args: unknown[]) => {
      const event = eventIn(args[0]);
      if (event !== undefined) this.#note(session ?? NONE, event, chain);
      return write(...args);
    }) as ServerResponse["write"];
  }

  /**
   * Whether the stream that an event was of may be said again to `chain`: to the hop that it was for, and to those above.
   *
   * @throws {DelegationError} `not_entitled`, also for an event that nobody knows
   */
  check(session: string | undefined, event: string, chain: VerifiedChain): void {
    const shown = this.#bySession.get(session ?? NONE)?.get(event);
    const same = shown?.tenant === chain.tenant && shown.tree === chain.tree;
    if (shown !== undefined && same && isWithin(chain, shown)) return;
    throw new DelegationError("not_entitled", "no stream of this chain's has that event", {
      hop: leafOf(chain),
      rule: LAST_EVENT_HEADER,
    });
  }

  end(session: string): void {
    this.#bySession.delete(session);
  }

  #note(session: string, event: string, chain: VerifiedChain): void {
    const known = this.#bySession.get(session);
    const events = known ?? new Map<string, VerifiedChain>();
    if (known === undefined) {
      dropOldest(this.#bySession, SESSIONS_MAX);
      this.#bySession.set(session, events);
    }
    // Said again it is still the hop's that it was for.
    if (events.has(event)) return;
    dropOldest(events, MCP_EVENTS_MAX);
    events.set(event, chain);
  }
}

function dropOldest(map: Map<string, unknown>, max: number): void {
  if (map.size < max) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    break;
  }
}

/** No header names it. */
const NONE = "";

/** Transports write an event at a time, its id before what it says. */
const EVENT = /^(?:event: ?[^\r\n]*\r?\n)?id: ?([^\r\n]+)\r?\n/;
const HEAD_CHARS = NAME_CHARS_MAX + 64;

function eventIn(chunk: unknown): string | undefined {
  if (typeof chunk === "string") return EVENT.exec(chunk.slice(0, HEAD_CHARS))?.[1];
  if (!(chunk instanceof Uint8Array)) return undefined;
  const { buffer, byteOffset, length } = chunk;
  const head = Buffer.from(buffer, byteOffset, Math.min(length, HEAD_CHARS));
  return EVENT.exec(head.toString("utf8"))?.[1];
}
