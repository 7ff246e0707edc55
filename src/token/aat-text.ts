/**
 * The quick way to read an AAT proof. Ours are written in canonical JSON, so the text of one that says what is expected is known
 * beforehand, but for three members.
 *
 * @module
 */
import { decodeUtf8 } from "../base/json.js";
import { JSON_DEPTH_MAX } from "../base/limits.js";
import type { VerificationKey } from "./key.js";

/** What a proof has to say. */
export interface ExpectedClaims {
  /** The key that the leaf confirms. */
  readonly key: VerificationKey;
  readonly tokenId: string;
  readonly tool: string;
  readonly arguments: object;
  /** Canonical text of arguments that were held to the ceilings of JSON already; without it there is no quick way. */
  readonly canonicalArguments?: string | undefined;
  readonly audience?: string;
  readonly tokenDigest?: string;
}

/** What is not known of it beforehand. `iat` is in seconds. */
export interface OwnClaims {
  readonly jti: string;
  readonly iat: number;
  readonly epk?: string;
}

/**
 * The remaining claims of a proof whose payload is, byte for byte, the canonical text of what is expected.
 *
 * INVARIANT: what it takes, reading and comparing claim by claim takes as well, with the same result. Undefined says nothing:
 * then the claims have to be read.
 */
export function ownClaims(payload: Uint8Array, expected: ExpectedClaims): OwnClaims | undefined {
  const { canonicalArguments } = expected;
  const head = headOf(expected);
  if (head === undefined || canonicalArguments === undefined) return undefined;
  const text = decodeUtf8(payload);
  // Without escapes each text has one spelling, and one that needs them is not found here.
  if (text.includes("\\") || !fitsInside(canonicalArguments)) return undefined;
  if (!text.startsWith(head)) return undefined;
  const epk = EPK.exec(text.slice(head.length, head.length + EPK_CHARS))?.[1];
  const rest = head.length + (epk === undefined ? 0 : EPK_CHARS);
  const args = `"hta":${canonicalArguments},`;
  if (!text.startsWith(args, rest)) return undefined;
  const [, digits, jti] = TAIL.exec(text.slice(rest + args.length)) ?? [];
  const iat = Number(digits);
  if (jti === undefined || !Number.isSafeInteger(iat)) return undefined;
  return epk === undefined ? { jti, iat } : { jti, iat, epk };
}

/** Text of the first members. Whoever proves by signatures says the same of leaf and audience each time. */
function headOf({ audience, key, tokenDigest, tokenId, tool }: ExpectedClaims): string | undefined {
  if (audience === undefined || tokenDigest === undefined) return undefined;
  const known = HEADS.get(key);
  const isSame =
    known?.tokenDigest === tokenDigest &&
    known.tokenId === tokenId &&
    known.tool === tool &&
    known.audience === audience;
  if (isSame) return known.head;
  const leaf = `"aat_id":${JSON.stringify(tokenId)},"aat_tool":${JSON.stringify(tool)},"ath":"${tokenDigest}"`;
  const head = `{"aat_aud":${JSON.stringify(audience)},${leaf},`;
  HEADS.set(key, { audience, tokenDigest, tokenId, tool, head });
  return head;
}

/** The last one of each key. */
const HEADS = new WeakMap<
  VerificationKey,
  Required<Pick<ExpectedClaims, "audience" | "tokenDigest" | "tokenId" | "tool">> & {
    readonly head: string;
  }
>();

/** Whether arguments may stand inside claims, which are one level more. Their text is known to be without escapes when it counts. */
function fitsInside(text: string): boolean {
  // Each level takes two characters.
  if (text.length < 2 * JSON_DEPTH_MAX) return true;
  let depth = 0;
  let inText = false;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === QUOTE) inText = !inText;
    else if (inText) continue;
    else if (char === OPEN_ARRAY || char === OPEN_OBJECT) {
      depth += 1;
      if (depth === JSON_DEPTH_MAX) return false;
    } else if (char === CLOSE_ARRAY || char === CLOSE_OBJECT) depth -= 1;
  }
  return true;
}

const QUOTE = 0x22;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const EPK = /^"epk":"([\w-]{43})",$/;
const EPK_CHARS = '"epk":"",'.length + 43;
/** A `jti` within `NAME_CHARS_MAX` by far. */
const TAIL = /^"iat":(0|[1-9][0-9]{0,15}),"jti":"([\w-]{1,64})"\}$/;
