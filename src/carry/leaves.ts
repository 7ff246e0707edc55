/** Which tokens go to one server: a chain for its audience alone, where its holder can make one. @module */
import { DelegationError } from "../base/error.js";
import { SELF_LINK_LIFETIME_MS_MAX, SELF_LINKS_MAX } from "../base/limits.js";
import type { RandomBytes } from "../base/random.js";
import { type Holder, narrowToCall } from "../chain/holder.js";
import { parseJws, readClaims, tokenDigest } from "../token/jws.js";

/** What is presented: tokens, and what a proof has to know of the last one. */
export interface Leaf {
  readonly tokens: readonly string[];
  /** SHA-256 (base64url) of the last token. */
  readonly digest: string;
  /** `jti` of the last token. */
  readonly tokenId: string;
}

interface Kept extends Leaf {
  /** Epoch ms from which on another one is made. */
  readonly until: number;
}

/**
 * Tokens for one audience.
 *
 * A hop for that audience alone presents its own. One whose grant names several, or none, presents a self-link narrowed to the
 * audience and the tool, for whatever its grant names as a tool: what the server sees is of no use for another server or tool. What no
 * grant speaks of (lists, `initialize`) has no tool to narrow to: there the proof of possession, which always names the audience, stands alone.
 */
export class Leaves {
  readonly #audience: string;
  readonly #random: RandomBytes;
  readonly #narrow: boolean;
  readonly #kept = new Map<string, Kept>();

  constructor(audience: string, random: RandomBytes, narrow: boolean) {
    this.#audience = audience;
    this.#random = random;
    this.#narrow = narrow;
  }

  /**
   * The tokens to present for one use of `tool`. At most one signature, and none for half a minute after it.
   *
   * @throws {DelegationError} `audience_mismatch`, `token_expired`: then the server is not shown anything
   */
  leafFor(holder: Holder, tool: string, now: number): Leaf {
    const { chain, tokens } = holder;
    const { audience, tools } = chain.grant;
    if (audience.length > 0 && !audience.includes(this.#audience)) {
      throw new DelegationError("audience_mismatch", "hop is not for this server", {
        rule: "audience",
        required: this.#audience,
      });
    }
    if (!(now < chain.expiresAt)) {
      throw new DelegationError("token_expired", "hop has expired and was not renewed", {
        rule: "exp",
      });
    }
    const own: Leaf = { tokens, digest: chain.digest, tokenId: chain.tokenId };
    const wide = audience.length !== 1 && Object.hasOwn(tools, tool);
    if (!this.#narrow || !wide || chain.bearer || chain.selfLink) {
      return own;
    }
    return this.#narrowed(holder, tool, now) ?? own;
  }

  #narrowed(holder: Holder, tool: string, now: number): Leaf | undefined {
    const name = `${holder.chain.digest} ${tool}`;
    const kept = this.#kept.get(name);
    if (kept !== undefined && now < kept.until) return kept;
    const made = this.#make(holder, tool, now);
    if (made === undefined) return undefined;
    this.#kept.delete(name);
    if (this.#kept.size >= SELF_LINKS_MAX) {
      for (const [oldest] of this.#kept) {
        this.#kept.delete(oldest);
        break;
      }
    }
    this.#kept.set(name, made);
    return made;
  }

  /** Undefined where the chain has no room for one more token, or its profile knows no self-links. */
  #make(holder: Holder, tool: string, now: number): Kept | undefined {
    try {
      const draft = { tool, audience: this.#audience, now, random: this.#random };
      const tokens = narrowToCall(holder, draft);
      const text = tokens.at(-1) ?? "";
      const tokenId = readClaims(parseJws(text)).claims.jti;
      if (typeof tokenId !== "string") return undefined;
      // Half of its life: the server's clock may be ahead.
      const until = Math.min(now + SELF_LINK_LIFETIME_MS_MAX / 2, holder.chain.expiresAt);
      return { tokens, digest: tokenDigest(text), tokenId, until };
    } catch (thrown) {
      if (thrown instanceof DelegationError) return undefined;
      throw thrown;
    }
  }
}
