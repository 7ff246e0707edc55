import { describe, expect, test } from "vitest";
import { CHAIN_BYTES_MAX } from "../../src/base/limits.js";
import { originOf } from "../../src/chain/assembled-chain.js";
import { ChainCache } from "../../src/chain/cache.js";
import {
  formatChain,
  handOn,
  holdChain,
  narrowToCall,
  parseChainText,
} from "../../src/chain/holder.js";
import { mintLink } from "../../src/chain/mint.js";
import { profileOf } from "../../src/chain/profile.js";
import { Trust } from "../../src/chain/trust.js";
import type { VerifiedChain } from "../../src/chain/verified-chain.js";
import {
  anchor,
  COORDINATOR,
  chainOf,
  holder,
  keyOf,
  linkDraft,
  NOW,
  options,
  random,
  refuses,
  verified,
} from "./forge.js";

describe("a holder", () => {
  const held = holdChain(holder(1), chainOf(2), options);

  test("hands on, and narrows to a call, without asking anybody", () => {
    const tokens = handOn(held, linkDraft(2));
    expect(verified(tokens).hops).toHaveLength(3);
    const call = { tool: "web.search", audience: "https://files.example", now: NOW, random };
    expect(verified(narrowToCall(held, call))).toMatchObject({ selfLink: true });
  });

  test("takes hold of no chain that is bound to another key", () => {
    refuses("key_invalid", () => holdChain(holder(0), chainOf(2), options), "cnf");
  });

  test("K03 shows no private key when it is written down", () => {
    const { d } = holder(1).privateKey.export({ format: "jwk" });
    expect(d).toBeTruthy();
    expect(JSON.stringify({ ...held, chain: undefined })).not.toContain(d);
  });

  test("C16 makes no chain that is too large to be verified", () => {
    const heavy = { ...held, tokens: ["x".repeat(CHAIN_BYTES_MAX - 100)] };
    refuses("too_large", () => handOn(heavy, linkDraft(2)), "chain");
  });
});

describe("a chain as text", () => {
  test("is its tokens, root first, joined with a tilde, or a json array of them", () => {
    const tokens = chainOf(3);
    expect(parseChainText(formatChain(tokens))).toEqual(tokens);
    expect(parseChainText(JSON.stringify(tokens))).toEqual(tokens);
  });

  test.each([
    ["no text", "", "chain_empty"],
    ["an empty array", "[]", "chain_empty"],
    ["an empty token", "a.b.c~", "malformed"],
    ["a number", "[7]", "malformed"],
    ["broken json", "[", "malformed"],
    ["too many tokens", "a~".repeat(32), "too_large"],
    ["too much text", "x".repeat(CHAIN_BYTES_MAX + 1_000), "too_large"],
    ["too many bytes of an array", `["${"é".repeat(CHAIN_BYTES_MAX / 2 + 1_000)}"]`, "too_large"],
  ] as const)("is refused with %s", (_what, text, code) => {
    refuses(code, () => parseChainText(text));
  });
});

describe("what is configured", () => {
  test("trust is refused where it is not a list of keys and lists of names", () => {
    const keys = [{ key: COORDINATOR }];
    refuses("config_invalid", () => new Trust({ keys, algs: "EdDSA" as unknown as [] }), "algs");
    refuses("config_invalid", () => new Trust({ keys, issuers: [7] as unknown as [] }), "issuers");
    refuses("config_invalid", () => new Trust({ keys: Array(17).fill(keys[0]) }), "keys");
    const trust = new Trust({ keys });
    refuses("config_invalid", () => trust.change({ keys, tenants: "acme" as unknown as [] }));
    expect(trust.epoch).toBe(0);
  });

  test("a profile that there is not is refused", () => {
    refuses("config_invalid", () => profileOf("biscuit" as "legate"), "profile");
    refuses("config_invalid", () => profileOf("legate", "anybody" as "issuer"), "profile");
  });
});

describe("a verified chain", () => {
  test("cannot be put together by hand: the minter takes only what a verification made", () => {
    const copy = { ...verified([anchor()]) } as VerifiedChain;
    refuses("server_error", () => mintLink(copy, linkDraft(1), holder(0)));
    refuses("server_error", () => originOf(copy));
    expect(Object.isFrozen(verified([anchor()]))).toBe(true);
  });

  test("of the issuer rule is extended by a key that is still trusted", () => {
    const next = keyOf(77);
    const trust = new Trust({ keys: [{ key: COORDINATOR, kid: COORDINATOR.kid }] });
    const at = { ...options, trust, childSigner: "issuer" as const, cache: new ChainCache() };
    const parent = verified([anchor()], at);
    refuses("signature_invalid", () => mintLink(parent, linkDraft(1), next));
    trust.change({ keys: [{ key: next, kid: next.kid }] });
    expect(mintLink(parent, linkDraft(1), next)).toMatch(/^ey/);
  });
});
