/** What a server refused with, as the caller gets it: the same error class as for refusals of this process. @module */
import { CODES, type Code } from "../base/codes.js";
import { DelegationError } from "../base/error.js";
import type { Challenge } from "../wire/challenge.js";
import type { RefusalData } from "../wire/mcp-refusal.js";

/** What would be needed, as far as the server says. Nothing in it is believed: it says what to ask for, and gives nothing. */
export interface Need {
  /** Whether the same request could succeed later. */
  readonly retry: boolean;
  /** How many people have to agree, and who may; anyone outside the chain when `from` is absent. */
  readonly approvals?: readonly {
    readonly approvers: number;
    readonly from?: readonly string[] | undefined;
  }[];
  /** OAuth scopes, every one that the request needs. */
  readonly scopes?: readonly string[];
  /** The grant, as RFC 9396 details. */
  readonly authorizationDetails?: readonly object[];
  /** Where the resource says who issues tokens for it (RFC 9728). */
  readonly resourceMetadata?: string;
}

const NEEDS = new WeakMap<DelegationError, Need>();

/** What a server that refused would have needed; undefined for what no server refused. */
export function needOf(thrown: unknown): Need | undefined {
  return thrown instanceof DelegationError ? NEEDS.get(thrown) : undefined;
}

/** The refusal in a JSON-RPC error's data. */
export function refusedWith(data: RefusalData): DelegationError {
  const { code, hop, rule, required, approvals, retry } = data;
  return refused(
    code,
    { hop, rule, required },
    {
      retry: retry ?? CODES[code].retry,
      ...(approvals === undefined ? {} : { approvals }),
    },
  );
}

/** The refusal in an HTTP challenge. Undefined for one that says no more than that a token is not good. */
export function refusedByChallenge(challenge: Challenge): DelegationError | undefined {
  const { error, hop, rule, scopes, authorizationDetails, resourceMetadata } = challenge;
  const code = challenge.code ?? (error === "insufficient_scope" ? "scope_not_granted" : undefined);
  if (code === undefined) return undefined;
  const required =
    authorizationDetails === undefined ? scopes?.join(" ") : JSON.stringify(authorizationDetails);
  return refused(
    code,
    { hop, rule, required },
    {
      retry: CODES[code].retry,
      ...(scopes === undefined ? {} : { scopes }),
      ...(authorizationDetails === undefined ? {} : { authorizationDetails }),
      ...(resourceMetadata === undefined ? {} : { resourceMetadata }),
    },
  );
}

type Said = { readonly [N in "hop" | "rule" | "required"]: string | undefined };

function refused(code: Code, { hop, rule, required }: Said, need: Need): DelegationError {
  // The server's own sentence stays behind: it has seen tokens, and could say anything.
  const refusal = new DelegationError(code, `the server refused with ${code}`, {
    ...(safe(hop) ? { hop } : {}),
    ...(safe(rule) ? { rule } : {}),
    ...(safe(required) ? { required } : {}),
  });
  NEEDS.set(refusal, need);
  return refusal;
}

/** A server that echoes what it was shown must not get it into anybody's log. */
const TOKEN_LIKE = /eyJ[\w-]{8,}/;

function safe(text: string | undefined): text is string {
  return text !== undefined && !TOKEN_LIKE.test(text);
}
