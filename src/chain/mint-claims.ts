/** Claims of tokens to be: written in canonical order of members, so that the canonical text costs one native pass. @module */
import { quoted } from "../base/canonical.js";
import type { Json, JsonObject } from "../base/json-value.js";
import type { PublicKey } from "../token/key.js";
import type { Authority } from "../wire/grant.js";
import { toScopeClaim } from "../wire/scope.js";
import { cannotCarry } from "./details.js";
import { writeDetails } from "./mint-details.js";
import type { Profile } from "./profile.js";
import type { ChainHop } from "./verified-chain.js";

/** What every token says. Times are epoch milliseconds; the wire has whole seconds, never later than meant. */
export interface CoreDraft {
  readonly tokenId: string;
  readonly issuer: string;
  readonly holderKey: PublicKey;
  /** Names the holder key by its thumbprint alone, where the profile has `cnf.jkt`. */
  readonly byThumbprint?: boolean | undefined;
  readonly authority: Authority;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly notBefore?: number | undefined;
  readonly depth: number;
  readonly maxDepth: number;
  /** Status list reference (Token Status List §6). */
  readonly status?: { readonly uri: string; readonly index: number } | undefined;
}

/** What a token says besides, by the kind that it is of. */
export interface OwnClaims {
  readonly act?: Json | undefined;
  readonly agent_proof?: string | undefined;
  readonly bearer?: boolean | undefined;
  readonly client_id?: string | undefined;
  readonly gen?: string | undefined;
  readonly lineage?: Json | undefined;
  readonly par_hash?: string | undefined;
  readonly pos?: number | undefined;
  readonly principal_iss?: string | undefined;
  readonly self?: boolean | undefined;
  readonly sub?: string | undefined;
  readonly tenant?: string | undefined;
  readonly txn?: string | undefined;
}

/** All claims of a token, in canonical order; written out, since merging and sorting would cost as much as half a signature. */
export function writeClaims(draft: CoreDraft, profile: Profile, own: OwnClaims): JsonObject {
  const { details, scope } = writeDetails(draft.authority, profile);
  const { audience } = draft.authority;
  const { status, notBefore } = draft;
  const claims = {
    act: own.act,
    agent_proof: own.agent_proof,
    aud: audience.length > 1 ? [...audience] : audience[0],
    authorization_details: details,
    bearer: own.bearer,
    client_id: own.client_id,
    cnf: draft.byThumbprint === true ? { jkt: draft.holderKey.thumbprint } : confirm(draft),
    del_depth: draft.depth,
    del_max_depth: draft.maxDepth,
    exp: Math.floor(draft.expiresAt / 1_000),
    gen: own.gen,
    iat: Math.floor(draft.issuedAt / 1_000),
    iss: draft.issuer,
    jti: draft.tokenId,
    lineage: own.lineage,
    nbf: notBefore === undefined ? undefined : Math.ceil(notBefore / 1_000),
    par_hash: own.par_hash,
    pos: own.pos,
    principal_iss: own.principal_iss,
    scope: scope.length > 0 ? toScopeClaim(scope) : undefined,
    self: own.self,
    status: status && { status_list: { idx: status.index, uri: status.uri } },
    sub: own.sub,
    tenant: own.tenant,
    txn: own.txn,
  };
  return stated(claims);
}

/** `act` (RFC 8693 §4.1): who acts now outermost, the root innermost. For others to read; boundaries go by `lineage`. */
export function actOf(lineage: readonly ChainHop[]): JsonObject {
  let act: JsonObject | undefined;
  for (const { agent } of lineage) act = act === undefined ? { sub: agent } : { act, sub: agent };
  return act ?? {};
}

/** `lineage` as tokens carry it. */
export function lineageOf(hops: readonly ChainHop[]): Json[] {
  return hops.map(({ id, agent, identity, holder }) => ({ agent, hop: id, identity, jkt: holder }));
}

/** Canonical texts of both: they are as long as the lineage, and written at each delegation. */
export function lineageTexts(hops: readonly ChainHop[]): Map<string, string> {
  const { act, entries } = textsOf(hops, hops.length);
  return new Map([
    ["act", act === "" ? "{}" : act],
    ["lineage", `[${entries}]`],
  ]);
}

/** Of the first hops of a lineage. */
interface LineageText {
  /** Those hops, where the text is kept. */
  readonly hops: readonly ChainHop[];
  readonly act: string;
  readonly entries: string;
}

/** The hops above are those of the last child as well: what was written of them then is said again. */
function textsOf(hops: readonly ChainHop[], count: number): LineageText {
  const above = count < 2 ? NO_HOPS : (knownText(hops, count - 1) ?? textsOf(hops, count - 1));
  const hop = hops[count - 1];
  if (hop === undefined) return NO_HOPS;
  const { id, agent, identity, holder } = hop;
  const name = quoted(agent);
  const act = above.act === "" ? `{"sub":${name}}` : `{"act":${above.act},"sub":${name}}`;
  const rest = `"hop":${quoted(id)},"identity":${quoted(identity)},"jkt":${quoted(holder)}`;
  const comma = above.entries === "" ? "" : ",";
  const entries = `${above.entries}${comma}{"agent":${name},${rest}}`;
  if (count !== hops.length - 1) return { hops: NO_HOPS.hops, act, entries };
  const text = { hops: hops.slice(0, count), act: flat(act), entries: flat(entries) };
  TEXTS.set(hop, text);
  return text;
}

/** What is known of the first hops, if the hop that is their last had the very same above it. */
function knownText(hops: readonly ChainHop[], count: number): LineageText | undefined {
  const last = hops[count - 1];
  const known = last === undefined ? undefined : TEXTS.get(last);
  if (known?.hops.length !== count) return undefined;
  return known.hops.every((hop, at) => hop === hops[at]) ? known : undefined;
}

/** The same text in one piece: what was put together from parts is read part by part each time. */
function flat(text: string): string {
  return Buffer.from(text).toString();
}

const NO_HOPS: LineageText = { hops: [], act: "", entries: "" };
const TEXTS = new WeakMap<ChainHop, LineageText>();

/** The agent-delegation draft names principal and agent in every token, ours the agent, the AAT draft neither. */
export function identityClaims(
  profile: Profile,
  subject: string | undefined,
  agent: string | undefined,
): OwnClaims {
  switch (profile.claims) {
    case "agent-delegation":
      return { client_id: agent ?? "", sub: subject ?? "" };
    case "legate":
      return { client_id: agent ?? "" };
    case "attenuating-agent-token":
      if (agent !== undefined) throw cannotCarry("agent");
      return {};
  }
}

function confirm({ holderKey }: CoreDraft): JsonObject {
  return { jwk: holderKey.jwk as unknown as JsonObject };
}

/** Without the members that the token does not state: canonical JSON has no word for them. */
function stated(claims: Readonly<Record<string, unknown>>): JsonObject {
  const kept: JsonObject = {};
  for (const name in claims) {
    const value = claims[name];
    if (value !== undefined) kept[name] = value as Json;
  }
  return kept;
}
