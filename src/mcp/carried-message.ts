/** Messages of a client on their way out, with the delegation in their `_meta`, and their answers on the way back. @module */
import { withoutSaid } from "../carry/hop.js";
import type { SessionMeta } from "../wire/mcp.js";
import { PRESENT_META, type PresentMeta, parseSessionMeta, SESSION_META } from "../wire/mcp.js";
import type { RequestId } from "./transport.js";

/** What a client sends; it comes from the client's own SDK, and is of its form. */
export interface Outgoing {
  readonly id?: RequestId;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

/** An answer to a client. */
export interface Answer {
  readonly id?: RequestId;
  readonly method?: string;
  readonly result?: { readonly _meta?: unknown };
  readonly error?: { readonly data?: unknown };
}

/** The same message with what is presented in its `_meta`, and nothing that is not JSON. */
export function presented<M extends Outgoing>(message: M, present: PresentMeta): M {
  const params = withoutSaid(message.params ?? {});
  const { _meta } = params as { readonly _meta?: object };
  return { ...message, params: { ...params, _meta: { ..._meta, [PRESENT_META]: present } } };
}

/** The parameters as JSON has them: members that are `undefined` are none, dates are texts. */
export function asJson<M extends Outgoing>(message: M): M {
  const params: Outgoing["params"] = JSON.parse(JSON.stringify(message.params ?? {}));
  return { ...message, params };
}

/** The session that an answer opens, if it opens one. */
export function sessionIn({ result, error }: Answer): SessionMeta | undefined {
  const session = member(member(result, "_meta") ?? member(error, "data"), SESSION_META);
  return session === undefined ? undefined : parseSessionMeta(session);
}

/** The answer under the id that the client gave its request, without what is the carrier's alone. */
export function answerFor(id: RequestId, answer: Answer): Answer {
  const { result } = answer;
  const meta = member(result, "_meta");
  if (member(meta, SESSION_META) === undefined)
    return answer.id === id ? answer : { ...answer, id };
  const { [SESSION_META]: session, ...rest } = meta as Readonly<Record<string, unknown>>;
  void session;
  return { ...answer, id, result: { ...result, _meta: rest } };
}

function member(holder: unknown, name: string): unknown {
  if (typeof holder !== "object" || holder === null || !Object.hasOwn(holder, name))
    return undefined;
  return (holder as Readonly<Record<string, unknown>>)[name];
}
