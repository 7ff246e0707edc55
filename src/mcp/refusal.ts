/** Refusals as JSON-RPC errors. @module */
import { CODES, type Code } from "../base/codes.js";
import type { DelegationError } from "../base/error.js";
import type { ApprovalNeed, Asked, Denied } from "../guard/decision.js";
import type { SessionAnswer } from "../token/session.js";
import { SESSION_META } from "../wire/mcp.js";

/** What `data` of a refusal's JSON-RPC error tells; never a token, a key or an argument's value. */
export interface RefusalData {
  /** Stable: branch on it. */
  readonly code: Code;
  readonly hop?: string;
  readonly rule?: string;
  /** What would have been needed, in the words of the grant. */
  readonly required?: string;
  /** Whether the same request can succeed later without a new grant. */
  readonly retry: boolean;
  /** Who has to agree first. */
  readonly approvals?: readonly ApprovalNeed[];
  /** Position in the log of cuts that it was decided at, and which log. */
  readonly position?: number;
  readonly partition?: number;
}

/** The `error` member of a JSON-RPC response. */
export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data: RefusalData;
}

/** A decision that is no, or not yet. */
export function errorOf(decision: Denied | Asked): RpcError {
  const { code, hop, position, partition } = decision;
  const asked = decision.effect === "ask";
  return {
    code: CODES[code].mcp,
    message: asked ? "people have to agree first" : decision.message,
    data: {
      code,
      ...(hop === undefined ? {} : { hop }),
      ...(asked ? { rule: "limits.approval" } : placeOf(decision)),
      retry: asked ? CODES[code].retry : decision.retry,
      ...(asked ? { approvals: decision.approvals } : {}),
      ...(position === undefined ? {} : { position }),
      ...(partition === undefined ? {} : { partition }),
    },
  };
}

function placeOf({ rule, required }: { readonly rule?: string; readonly required?: string }) {
  return {
    ...(rule === undefined ? {} : { rule }),
    ...(required === undefined ? {} : { required }),
  };
}

/** A refusal that no decision stands behind as a decision. */
export function deniedBy(refusal: DelegationError): Denied {
  const { code, message, hop, rule, required } = refusal;
  return {
    effect: "deny",
    code,
    message,
    retry: refusal.row.retry,
    ...(hop === undefined ? {} : { hop }),
    ...(rule === undefined ? {} : { rule }),
    ...(required === undefined ? {} : { required }),
  };
}

/** Puts the answer to an offered session key into an error's `data`, where that is an object or absent. */
export function errorWithSession(error: unknown, session: SessionAnswer): unknown {
  if (typeof error !== "object" || error === null) return error;
  const { data = {} }: { data?: unknown } = error;
  if (typeof data !== "object" || data === null || Array.isArray(data)) return error;
  return { ...error, data: { ...data, [SESSION_META]: session } };
}
