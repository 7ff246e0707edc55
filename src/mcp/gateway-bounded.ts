/** `fetch` whose answers cannot be without end: a server behind the gateway must not fill the memory of all others'. @module */
import { GATEWAY_MESSAGE_BYTES_MAX } from "../base/limits.js";

/** Fetches; reading a body, or one event of a stream, that is larger than a message may be fails. */
export async function boundedFetch(url: string | URL, init?: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  const { body, status, statusText, headers } = response;
  if (body === null) return response;
  const isStream = headers.get("content-type")?.includes("text/event-stream") === true;
  const bounded = body.pipeThrough(isStream ? boundedEvents() : bounding((_chunk, size) => size));
  return new Response(bounded, { status, statusText, headers });
}

/** Events end with an empty line, which may come in two chunks. */
function boundedEvents(): TransformStream<Uint8Array, Uint8Array> {
  let tail = "";
  return bounding((chunk, size) => {
    const text = tail + Buffer.from(chunk).toString("latin1");
    tail = text.slice(-3);
    const ended = Math.max(...["\n\n", "\r\r", "\r\n\r\n"].map((end) => text.lastIndexOf(end)));
    return ended < 0 ? size : text.length - ended;
  });
}

/** @param sizeAfter What counts after a chunk: `size` is all that counted before, and the chunk. */
function bounding(
  sizeAfter: (chunk: Uint8Array, size: number) => number,
): TransformStream<Uint8Array, Uint8Array> {
  let size = 0;
  return new TransformStream({
    transform(chunk, controller) {
      size = sizeAfter(chunk, size + chunk.length);
      if (size <= GATEWAY_MESSAGE_BYTES_MAX) controller.enqueue(chunk);
      else controller.error(new Error("the answer is too large"));
    },
  });
}
