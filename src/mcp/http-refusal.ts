/** Refusals over HTTP: status, challenges, and a body that says the same for people and programs. @module */
import type { ServerResponse } from "node:http";
import { CODES } from "../base/codes.js";
import type { Denied } from "../guard/decision.js";
import { type Challenge, formatChallenge } from "../wire/challenge.js";
import type { Need } from "./http-need.js";
import { PROOF_ALGS } from "./resource-metadata.js";

/** A refusal, and what would be needed. */
export interface HttpRefusal {
  /** Absent when nothing was presented at all: then nothing more is told (RFC 6750 §3.1). */
  readonly denied?: Pick<Denied, "code" | "message" | "hop" | "rule">;
  readonly need?: Need;
}

/** How long whoever was told that something is not known for now should wait, in seconds. */
const RETRY_AFTER = "1";

/**
 * Answers with the status of the code, and for 401 and 403 with a challenge for each scheme that is taken: `Bearer` first, since the SDK's
 * client reads no further.
 */
export function refuseHttp(res: ServerResponse, refusal: HttpRefusal, metadata: string): void {
  const { denied } = refusal;
  const [status, error] =
    denied === undefined ? ([401, undefined] as const) : CODES[denied.code].resource;
  if (status === 401 || status === 403) {
    res.setHeader("WWW-Authenticate", challengesOf(refusal, error, metadata).map(formatChallenge));
  }
  if (status === 503) res.setHeader("Retry-After", RETRY_AFTER);
  res.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  res.end(JSON.stringify(bodyOf(refusal, error)));
}

function challengesOf(
  { denied, need }: HttpRefusal,
  error: string | undefined,
  metadata: string,
): readonly Challenge[] {
  const why = {
    ...(error === undefined ? {} : { error }),
    ...(denied === undefined ? {} : whyOf(denied)),
  };
  return [
    {
      scheme: "Bearer",
      ...why,
      ...(need === undefined || need.scopes.length === 0 ? {} : { scopes: need.scopes }),
      resourceMetadata: metadata,
      ...(need === undefined ? {} : { authorizationDetails: need.details }),
    },
    { scheme: "DPoP", ...(error === undefined ? {} : { error }), algs: PROOF_ALGS },
  ];
}

function whyOf({ code, message, hop, rule }: NonNullable<HttpRefusal["denied"]>) {
  return {
    errorDescription: message,
    code,
    ...(hop === undefined ? {} : { hop }),
    ...(rule === undefined ? {} : { rule }),
  };
}

function bodyOf({ denied, need }: HttpRefusal, error = "invalid_token"): object {
  if (denied === undefined) return { error, error_description: "no delegation was presented" };
  const { code, message, hop, rule } = denied;
  return {
    error,
    error_description: message,
    code,
    ...(hop === undefined ? {} : { hop }),
    ...(rule === undefined ? {} : { rule }),
    retry: CODES[code].retry,
    ...(need === undefined || need.scopes.length === 0 ? {} : { scope: need.scopes.join(" ") }),
    ...(need === undefined ? {} : { authorization_details: need.details }),
  };
}
