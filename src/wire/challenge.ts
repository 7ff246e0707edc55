/**
 * Challenges: how a resource says over HTTP that a token is not good, or not enough, and what would be (RFC 9110 §11.6.1, RFC 6750 §3,
 * RFC 9449 §7.1, RFC 9728 §5.1).
 *
 * @module
 */
import { z } from "zod";
import { CODES, type Code } from "../base/codes.js";
import { parseJson } from "../base/json.js";
import type { JsonObject } from "../base/json-value.js";
import { CHALLENGE_CHARS_MAX, CHALLENGES_CHARS_MAX, DETAILS_MAX } from "../base/limits.js";

/** One challenge. Nothing in one that was received is believed: it says what to ask for, and gives nothing. */
export interface Challenge {
  readonly scheme: "Bearer" | "DPoP";
  /** `invalid_token`, `insufficient_scope`, `invalid_request`…; absent when no token was presented at all. */
  readonly error?: string;
  readonly errorDescription?: string;
  /** Every scope that the request needs. */
  readonly scopes?: readonly string[];
  /** URL of the resource's metadata (RFC 9728). */
  readonly resourceMetadata?: string;
  /** Signature algorithms that a DPoP proof may have. */
  readonly algs?: readonly string[];
  /** Ours: why, as everywhere else. */
  readonly code?: Code;
  readonly hop?: string;
  readonly rule?: string;
  /** Ours: the grant that the request needs, as RFC 9396 details. Never an argument's value. */
  readonly authorizationDetails?: readonly JsonObject[];
}

/**
 * One value of `WWW-Authenticate`.
 *
 * What a header cannot say (characters beyond printable ASCII) is left out; so are details that would make it longer than
 * `CHALLENGE_CHARS_MAX`. Standard parameters come first: clients that search the text instead of reading it find theirs.
 */
export function formatChallenge(challenge: Challenge): string {
  const { scheme, error, errorDescription, scopes, resourceMetadata, algs } = challenge;
  const { code, hop, rule, authorizationDetails } = challenge;
  const parameters: readonly (readonly [string, string | undefined])[] = [
    ["error", error],
    ["error_description", errorDescription?.replaceAll(/["\\]/g, "'")],
    ["scope", spaced(scopes?.filter((scope) => SCOPE.test(scope)))],
    ["resource_metadata", resourceMetadata],
    ["algs", spaced(algs)],
    ["code", code],
    ["hop", hop],
    ["rule", rule],
  ];
  const said = parameters.flatMap(([name, value]) =>
    value !== undefined && PRINTABLE.test(value) ? [`${name}=${quoted(value)}`] : [],
  );
  const text = [scheme, said.join(", ")].filter((part) => part !== "").join(" ");
  if (authorizationDetails === undefined || authorizationDetails.length === 0) return text;
  const details = `authorization_details=${quoted(asciiJson(authorizationDetails))}`;
  const whole = `${text}${said.length === 0 ? " " : ", "}${details}`;
  return whole.length > CHALLENGE_CHARS_MAX ? text : whole;
}

/**
 * The challenges of a `WWW-Authenticate` header that we understand: `Bearer` and `DPoP`; several lines are joined with a comma.
 *
 * Never throws: a header that cannot be read challenges nothing, and members that are not of their form are left out.
 */
export function parseChallenges(header: string): readonly Challenge[] {
  if (header.length > CHALLENGES_CHARS_MAX) return [];
  const read = readChallenges(header) ?? [];
  return read.flatMap(({ scheme, parameters }) => {
    const known = SCHEMES.get(scheme.toLowerCase());
    return known === undefined ? [] : [challengeOf(known, parameters)];
  });
}

const SCHEMES: ReadonlyMap<string, Challenge["scheme"]> = new Map([
  ["bearer", "Bearer"],
  ["dpop", "DPoP"],
]);
const PRINTABLE = /^[\x20-\x7e]+$/;
/** RFC 6749 §3.3. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

const detailsSchema = z.array(z.looseObject({ type: z.string().min(1) })).max(DETAILS_MAX);

function challengeOf(
  scheme: Challenge["scheme"],
  parameters: ReadonlyMap<string, string>,
): Challenge {
  const code = parameters.get("code");
  const details = readDetails(parameters.get("authorization_details"));
  return {
    scheme,
    ...stated("error", parameters.get("error")),
    ...stated("errorDescription", parameters.get("error_description")),
    ...stated("scopes", words(parameters.get("scope"))),
    ...stated("resourceMetadata", parameters.get("resource_metadata")),
    ...stated("algs", words(parameters.get("algs"))),
    ...(isCode(code) ? { code } : {}),
    ...stated("hop", parameters.get("hop")),
    ...stated("rule", parameters.get("rule")),
    ...stated("authorizationDetails", details),
  };
}

function readDetails(text: string | undefined): readonly JsonObject[] | undefined {
  if (text === undefined) return undefined;
  try {
    const parsed = detailsSchema.safeParse(parseJson(text));
    return parsed.success ? (parsed.data as readonly JsonObject[]) : undefined;
  } catch {
    return undefined;
  }
}

function isCode(text: string | undefined): text is Code {
  return text !== undefined && Object.hasOwn(CODES, text);
}

function words(text: string | undefined): readonly string[] | undefined {
  return text?.split(" ").filter((word) => word !== "");
}

function stated<K extends string, V>(
  name: K,
  value: V | undefined,
): { readonly [P in K]?: V } | Record<string, never> {
  return value === undefined ? {} : ({ [name]: value } as { readonly [P in K]: V });
}

function spaced(list: readonly string[] | undefined): string | undefined {
  return list === undefined || list.length === 0 ? undefined : list.join(" ");
}

/** quoted-string (RFC 9110 §5.6.4). */
function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
}

function asciiJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

interface ReadChallenge {
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const SPACE = /[ \t]*/y;
const GAP = /[ \t,]*/y;
const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const PARAMETER =
  /([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*=[ \t]*(?:([!#$%&'*+.^_`|~0-9A-Za-z-]+)|"((?:[^"\\]|\\.)*)")[ \t]*(?=,|$)/y;
const TOKEN68 = /[A-Za-z0-9._~+/-]+=*[ \t]*(?=,|$)/y;

/** Undefined for what is not a list of challenges, or names a parameter twice. */
function readChallenges(header: string): readonly ReadChallenge[] | undefined {
  const found: ReadChallenge[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(header);
    if (match === null) return undefined;
    at = pattern.lastIndex;
    return match;
  };
  for (take(GAP); at < header.length; take(GAP)) {
    const scheme = take(TOKEN)?.[0];
    if (scheme === undefined) return undefined;
    if (at < header.length && !" \t,".includes(header.charAt(at))) return undefined;
    const parameters = new Map<string, string>();
    take(SPACE);
    for (let match = take(PARAMETER); match !== undefined; ) {
      const name = (match[1] ?? "").toLowerCase();
      if (parameters.has(name)) return undefined;
      parameters.set(name, match[2] ?? (match[3] ?? "").replaceAll(/\\(.)/g, "$1"));
      take(GAP);
      match = take(PARAMETER);
    }
    if (parameters.size === 0) take(TOKEN68);
    found.push({ scheme, parameters });
  }
  return found;
}
