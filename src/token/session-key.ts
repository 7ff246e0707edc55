/** What a possession session is made of: X25519 agreement, the derived key, and its MAC. @module */
import {
  createPublicKey,
  diffieHellman,
  hash,
  hkdfSync,
  type KeyObject,
  timingSafeEqual,
} from "node:crypto";
import { decodeBase64url } from "../base/base64url.js";
import { sha256 } from "../base/digest.js";
import type { RandomBytes } from "../base/random.js";
import { x25519FromSeed } from "./private-key.js";
import { proofInvalid } from "./proof-fault.js";

const KEY_DOMAIN = "legate-session-key-1";
const MAC_DOMAIN = "legate-session-mac-1";
const BLOCK_BYTES = 64;
/** Bytes of a text that has a place beside the key: more than a call of ours takes. */
const ROOM_BYTES = 768;

/** An X25519 key for one agreement. */
export interface EphemeralKey {
  readonly privateKey: KeyObject;
  /** Public part, 32 bytes in base64url. */
  readonly publicKey: string;
}

/** Makes a fresh one. */
export function ephemeralKey(random: RandomBytes): EphemeralKey {
  const privateKey = x25519FromSeed(random(32));
  const { x = "" } = createPublicKey(privateKey).export({ format: "jwk" });
  return { privateKey, publicKey: x };
}

/** What a session is bound to for its whole life. */
export interface SessionBinding {
  readonly id: string;
  /** Thumbprint of the holder key that signed the client's part. */
  readonly holder: string;
  readonly audience: string;
}

/** Both public parts; each side knows both. */
export interface Exchanged {
  readonly clientKey: string;
  readonly serverKey: string;
}

/**
 * The MAC key of a session (RFC 7748 §6.1, then HKDF-SHA-256, RFC 5869); bound to both public parts and to `binding`.
 *
 * @param own This side's private key, `peer` the other side's public one.
 * @throws {DelegationError} `proof_invalid` when `peer` is no key, or one of low order.
 */
export function deriveMacKey(
  own: KeyObject,
  peer: string,
  exchanged: Exchanged,
  binding: SessionBinding,
): MacKey {
  const shared = agree(own, peer);
  const salt = sha256(`${exchanged.clientKey}.${exchanged.serverKey}`);
  const info = JSON.stringify([KEY_DOMAIN, binding.id, binding.holder, binding.audience]);
  return new MacKey(new Uint8Array(hkdfSync("sha256", shared, salt, info, 32)));
}

/** What one MAC is over. */
export interface MacInput {
  readonly session: string;
  readonly sequence: number;
  /** Digest of the chain's last token. */
  readonly leafDigest: string;
  readonly audience: string;
  readonly tool: string;
  /** SHA-256 (base64url) of the canonical arguments. */
  readonly argumentsDigest: string;
}

/** The text around sequence number and digest of the arguments, and what it was made of. */
interface MacFrame extends Omit<MacInput, "sequence" | "argumentsDigest"> {
  readonly head: string;
  readonly place: string;
}

/** Of a call all of whose names are empty. */
const NO_FRAME: MacFrame = {
  session: "",
  leafDigest: "",
  audience: "",
  tool: "",
  head: `["${MAC_DOMAIN}","",`,
  place: `,"","","",`,
};

/**
 * HMAC-SHA-256 (RFC 2104) under one key. The padded keys are kept, and the two hashes are one-shot: half the cost of
 * `createHmac` for the short texts here.
 */
export class MacKey {
  readonly #inner: Buffer;
  readonly #outer: Buffer;
  #last: MacFrame = NO_FRAME;

  constructor(key: Uint8Array) {
    if (key.length > BLOCK_BYTES)
      throw new RangeError("a longer key would have to be hashed first");
    this.#inner = Buffer.alloc(BLOCK_BYTES + ROOM_BYTES, 0x36);
    this.#outer = Buffer.alloc(BLOCK_BYTES + 32, 0x5c);
    for (const [at, byte] of key.entries()) {
      this.#inner[at] = byte ^ 0x36;
      this.#outer[at] = byte ^ 0x5c;
    }
  }

  /** The MAC in base64url. */
  mac(input: MacInput): string {
    const { sequence, argumentsDigest } = input;
    const { head, place } = this.#framed(input);
    const number = Number.isSafeInteger(sequence) ? `${sequence}` : JSON.stringify(sequence);
    return this.hmac(`${head}${number}${place}${quoted(argumentsDigest)}]`);
  }

  /** What differs not from call to call, most of the time. JSON keeps the parts apart, and writes a lone surrogate as itself alone. */
  #framed({ session, leafDigest, audience, tool }: MacInput): MacFrame {
    const last = this.#last;
    const isSame =
      last.tool === tool &&
      last.leafDigest === leafDigest &&
      last.session === session &&
      last.audience === audience;
    if (isSame) return last;
    const head = `["${MAC_DOMAIN}",${quoted(session)},`;
    const place = `,${quoted(leafDigest)},${quoted(audience)},${quoted(tool)},`;
    this.#last = { session, leafDigest, audience, tool, head, place };
    return this.#last;
  }

  /** Whether `mac` is the one of `input`, in constant time. */
  verify(input: MacInput, mac: string): boolean {
    // A text with a character of several bytes is longer, or comes to fewer whole characters.
    if (mac.length !== MAC_CHARS || GIVEN.write(mac) !== MAC_CHARS) return false;
    EXPECTED.write(this.mac(input), "latin1");
    return timingSafeEqual(GIVEN, EXPECTED);
  }

  /** HMAC-SHA-256 of a text's UTF-8, in base64url. */
  hmac(text: string): string {
    // A digest as text is cheaper than as a new buffer.
    this.#outer.write(hash("sha256", this.#blockOf(text), "binary"), BLOCK_BYTES, "binary");
    return hash("sha256", this.#outer, "base64url");
  }

  /** The padded key and the text after it, until the next call. */
  #blockOf(text: string): Uint8Array {
    // No character of UTF-16 takes more than three bytes.
    if (text.length * 3 > ROOM_BYTES) {
      return Buffer.concat([this.#inner.subarray(0, BLOCK_BYTES), Buffer.from(text)]);
    }
    return this.#inner.subarray(0, BLOCK_BYTES + this.#inner.write(text, BLOCK_BYTES));
  }
}

/** What JSON writes for a text; most need no look at each character. */
function quoted(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

const PLAIN = /^[ !#-[\]-~]*$/;

/** A MAC in base64url. */
const MAC_CHARS = 43;
/** Written over by the next comparison, which is synchronous. */
const EXPECTED = Buffer.alloc(MAC_CHARS);
const GIVEN = Buffer.alloc(MAC_CHARS);

function agree(privateKey: KeyObject, peer: string): Uint8Array {
  try {
    decodeBase64url(peer);
    const jwk = { kty: "OKP", crv: "X25519", x: peer };
    const publicKey = createPublicKey({ key: jwk, format: "jwk" });
    const shared = diffieHellman({ privateKey, publicKey });
    // OpenSSL refuses it already; a shared secret of zeros is what every point of low order gives (RFC 7748 §6.1).
    if (shared.some((byte) => byte !== 0)) return shared;
  } catch (cause) {
    throw proofInvalid("not a key to agree with", "epk", cause);
  }
  throw proofInvalid("a key of low order agrees with nobody", "epk");
}
