/** The body of a POST, once: what is judged is the very value that the transport gets. @module */
import type { IncomingMessage } from "node:http";
import { DelegationError } from "../base/error.js";
import { MESSAGE_BYTES_MAX } from "../base/limits.js";

/**
 * The messages of a request: one, or the list that older clients send. A body that was parsed before (`req.body`) is taken as it is.
 *
 * @throws {DelegationError} `invalid_request` for what is no JSON; `too_large`
 */
export async function bodyOf(req: IncomingMessage & { body?: unknown }): Promise<unknown> {
  return req.body === undefined ? parsed(await textOf(req)) : req.body;
}

/** By its events: an iterator over them costs several promises more for each request. */
function textOf(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return new Promise((done, fail) => {
    const end = (): void => done(Buffer.concat(chunks).toString("utf8"));
    // Somebody else has read it: nothing comes any more.
    if (req.readableEnded || req.destroyed) {
      end();
      return;
    }
    req.once("end", end);
    req.once("error", fail);
    // After its end this comes too, and is no news.
    req.once("close", () => fail(new Error("the request ended before its body")));
    req.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MESSAGE_BYTES_MAX) {
        chunks.push(chunk);
        return;
      }
      fail(new DelegationError("too_large", "the message is too large", { rule: "body" }));
      req.destroy();
    });
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DelegationError("invalid_request", "the body is not JSON", { rule: "body", cause });
  }
}
