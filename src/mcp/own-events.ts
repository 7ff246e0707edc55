/** A store of events that several transports share, as each of them sees it: its own streams, and no other's. @module */
import { DelegationError } from "../base/error.js";
import { opaqueId } from "../base/id.js";
import { type RandomBytes, systemRandom } from "../base/random.js";

/** The SDK's `EventStore`, by its structure. */
export interface McpEventStore {
  /** Keeps what a stream said; the id of the event. */
  storeEvent(streamId: string, message: object): Promise<string>;
  /** The stream that an event was of. */
  getStreamIdForEventId?(eventId: string): Promise<string | undefined>;
  /** Says again what a stream said after an event; the stream. */
  replayEventsAfter(
    lastEventId: string,
    how: { send(eventId: string, message: object): Promise<void> },
  ): Promise<string>;
}

/**
 * A view of `store` for one transport: `new StreamableHTTPServerTransport({ eventStore: ownEvents(store) })`.
 *
 * Transports give the stream of a session's own news the same name, whatever the session, so that who takes up theirs from a shared store
 * would hear all others'. Nothing of another view's streams is said again here.
 */
export function ownEvents(store: McpEventStore, random: RandomBytes = systemRandom): McpEventStore {
  const mine = `${opaqueId("events", random)}/`;
  const ownStream = (stream: string | undefined): string | undefined =>
    stream?.startsWith(mine) === true ? stream.slice(mine.length) : undefined;
  const find = store.getStreamIdForEventId?.bind(store);
  return {
    storeEvent: (stream, message) => store.storeEvent(`${mine}${stream}`, message),
    ...(find === undefined
      ? {}
      : { getStreamIdForEventId: async (event: string) => ownStream(await find(event)) }),
    async replayEventsAfter(last, { send }) {
      const said: [event: string, message: object][] = [];
      const keep = async (event: string, message: object) => void said.push([event, message]);
      const stream = ownStream(await store.replayEventsAfter(last, { send: keep }));
      if (stream === undefined) {
        throw new DelegationError("not_entitled", "no stream of this session has that event", {
          rule: "last-event-id",
        });
      }
      for (const [event, message] of said) await send(event, message);
      return stream;
    },
  };
}
