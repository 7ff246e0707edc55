/** What a handler gets of a request's parameters: the arguments that were checked, and no token. @module */
import type { Allowed } from "../guard/decision.js";
import { PRESENT_META } from "../wire/mcp.js";
import { isRecord, metaOf, type NotificationMessage } from "./message.js";

/** Members of `_meta` that would have an answer go elsewhere than to who asks, or say who asks. */
const RELATED_TASK = "io.modelcontextprotocol/related-task";

/** Parameters for the server, from those that were decided about; the client's own object is not handed on. */
export function paramsFor(
  { method, params }: NotificationMessage,
  { arguments: checked }: Pick<Allowed, "arguments">,
): Record<string, unknown> {
  const _meta = metaFor(metaOf(params));
  if (method === "tools/call") return callFor(params, checked, _meta);
  return _meta === undefined ? { ...checked } : { ...checked, _meta };
}

function callFor(
  params: unknown,
  checked: Allowed["arguments"],
  _meta: Readonly<Record<string, unknown>> | undefined,
): Record<string, unknown> {
  if (isRecord(params) && Object.hasOwn(params, "name") && Object.keys(params).every(isUsual)) {
    const { name } = params;
    const call = Object.hasOwn(params, "arguments") ? { name, arguments: checked } : { name };
    return _meta === undefined ? call : { ...call, _meta };
  }
  const { _meta: _all, ...given } = isRecord(params) ? params : {};
  const told = _meta === undefined ? {} : { _meta };
  return "arguments" in given ? { ...given, arguments: checked, ...told } : { ...given, ...told };
}

/** Undefined where nothing is left to tell. */
function metaFor(
  meta: Readonly<Record<string, unknown>> | undefined,
): Readonly<Record<string, unknown>> | undefined {
  if (meta === undefined || Object.keys(meta).every(isOwn)) return undefined;
  const { [PRESENT_META]: _present, [RELATED_TASK]: _task, ..._meta } = meta;
  return _meta;
}

/** All that most calls have. */
function isUsual(member: string): boolean {
  return member === "name" || member === "arguments" || member === "_meta";
}

function isOwn(member: string): boolean {
  return member === PRESENT_META || member === RELATED_TASK;
}
