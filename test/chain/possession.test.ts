import { afterEach, describe, expect, test, vi } from "vitest";
import { canonicalDigest } from "../../src/base/canonical.js";
import { DelegationError } from "../../src/base/error.js";
import { PROOF_WINDOW_MS } from "../../src/base/limits.js";
import { seededRandom, systemRandom } from "../../src/base/random.js";
import { mintLink, mintSelfLink } from "../../src/chain/mint.js";
import { mintAnchor, mintRoot } from "../../src/chain/mint-anchor.js";
import { checkPossession, type Presentation } from "../../src/chain/possession.js";
import { Trust } from "../../src/chain/trust.js";
import type { ProfileName, VerifiedChain } from "../../src/chain/verified-chain.js";
import { verifyChain } from "../../src/chain/verify.js";
import { MemoryReplayStore } from "../../src/memory/replay.js";
import { makeAatProof } from "../../src/token/aat-proof.js";
import { makeDpopProof } from "../../src/token/dpop.js";
import type { SigningKey } from "../../src/token/key.js";
import { offerSession, SessionTable } from "../../src/token/session.js";
import { parseGrant } from "../../src/wire/grant.js";
import type { Possession } from "../../src/wire/proof.js";
import { fault, keyOf, NOW } from "../token/fixtures.js";

const coordinator = keyOf(100);
const planner = keyOf(1);
const reader = keyOf(2);
const audience = "https://files.example.com";
const url = `${audience}/mcp`;
const tool = "files.read";
const args = { path: "/reports/a.txt" };
const grant = parseGrant(
  {
    tools: { [tool]: {} },
    audience: [audience],
    expiresAt: NOW / 1000 + 600,
    limits: { depth: 2 },
  },
  { now: NOW },
);
const trust = new Trust({ keys: [{ key: coordinator }] });

/** A token and the chain that it ends. */
interface Held {
  readonly chain: VerifiedChain;
  readonly tokens: readonly string[];
}

function verified(tokens: readonly string[], profile: ProfileName = "legate"): Held {
  return { tokens, chain: verifyChain(tokens, { trust, now: NOW, profile }) };
}

function anchor(holder: SigningKey, bearer = false): Held {
  const draft = {
    issuer: "https://coordinator.example.com",
    tokenId: "anchor-1",
    tenant: "acme",
    tree: "hop-1",
    principal: { issuer: "https://login.example.com", subject: "ada" },
    lineage: [
      { id: "hop-1", agent: "planner", identity: "asserted", holder: holder.thumbprint },
    ] as const,
    grant: bearer ? { ...grant, limits: { depth: 0 }, expiresAt: NOW + 60_000 } : grant,
    holderKey: holder,
    generation: "g1",
    position: 0,
    bearer,
    issuedAt: NOW,
  };
  return verified([mintAnchor(draft, coordinator)]);
}

const parent = anchor(planner);
const leaf = verified([
  ...parent.tokens,
  mintLink(
    parent.chain,
    { agent: "reader", holderKey: reader, grant: { tools: grant.tools }, now: NOW },
    planner,
  ),
]);

function asking(change: Partial<Presentation> = {}): Presentation {
  const replay = new MemoryReplayStore();
  const sessions = new SessionTable();
  return { tool, arguments: args, audience, now: NOW, replay, sessions, ...change };
}

interface Made {
  readonly key?: SigningKey;
  readonly held?: Held;
  readonly nowMs?: number;
  readonly epk?: string;
  readonly bound?: boolean;
}

function dpop({
  key = reader,
  held = leaf,
  nowMs = NOW,
  epk,
  bound = true,
}: Made = {}): Possession {
  const binding = { audience, tool, argumentsDigest: canonicalDigest(args) };
  const proof = makeDpopProof({
    key,
    method: "POST",
    url,
    accessToken: held.tokens.at(-1) ?? "",
    nowMs,
    random: systemRandom,
    ...(bound ? { binding } : {}),
    ...(epk === undefined ? {} : { epk }),
  });
  return { kind: "dpop", proof, method: "POST", url };
}

function aat({ key = reader, held = leaf, nowMs = NOW, epk, bound = true }: Made = {}): Possession {
  const proof = makeAatProof({
    key,
    tokenId: held.chain.tokenId,
    tool,
    arguments: args,
    audience,
    ...(bound ? { accessToken: held.tokens.at(-1) ?? "" } : {}),
    nowMs,
    random: systemRandom,
    ...(epk === undefined ? {} : { epk }),
  });
  return { kind: "aat", proof };
}

const kinds = [
  ["DPoP", dpop],
  ["AAT", aat],
] as const;

describe.each(kinds)("a signed proof (%s)", (_kind, make) => {
  test("passes for the call that it was made for, without a promise", () => {
    expect(checkPossession(leaf.chain, make(), asking())).toEqual({});
  });

  test("P07 passes once", () => {
    const asked = asking();
    const proof = make();
    checkPossession(leaf.chain, proof, asked);
    expect(() => checkPossession(leaf.chain, proof, asked)).toThrow(fault("proof_replayed", "jti"));
  });

  test("P08 of fifty at once one passes, with a store that is asked over a network", async () => {
    const memory = new MemoryReplayStore();
    const replay = {
      claim: async (key: string, until: number, now: number) => {
        await new Promise(setImmediate);
        return memory.claim(key, until, now);
      },
    };
    const proof = make();
    const answers = await Promise.allSettled(
      Array.from({ length: 50 }, async () =>
        checkPossession(leaf.chain, proof, asking({ replay })),
      ),
    );
    const refused = answers.flatMap((it) => (it.status === "rejected" ? [it.reason.code] : []));
    expect(refused).toEqual(Array.from({ length: 49 }, () => "proof_replayed"));
  });

  test("P16 is not good again when the clock has jumped ahead and back", () => {
    const asked = asking();
    const proof = make();
    checkPossession(leaf.chain, proof, asked);
    const later = { ...asked, now: NOW + 600_000 };
    expect(() => checkPossession(leaf.chain, proof, later)).toThrow(fault("proof_expired"));
    checkPossession(leaf.chain, make({ nowMs: later.now }), later);
    expect(() => checkPossession(leaf.chain, proof, asked)).toThrow(fault("proof_replayed", "jti"));
  });

  test("P18 a call that waited is proved again, and passes", () => {
    const asked = asking();
    const proof = make();
    checkPossession(leaf.chain, proof, asked);
    const later = { ...asked, now: NOW + 300_000 };
    expect(() => checkPossession(leaf.chain, proof, later)).toThrow(fault("proof_expired"));
    expect(checkPossession(leaf.chain, make({ nowMs: later.now }), later)).toEqual({});
  });

  test.each([
    ["P01 by a thief without the key", keyOf(66)],
    ["P05 by an ancestor's key", planner],
    ["P03 by the coordinator's key", coordinator],
  ])("%s is refused", (_who, key) => {
    expect(() => checkPossession(leaf.chain, make({ key }), asking())).toThrow(
      fault("proof_invalid"),
    );
  });

  test("P02 for the parent's token does not pass with the child's, nor the other way round", () => {
    const up = make({ key: planner, held: parent });
    expect(checkPossession(parent.chain, up, asking())).toEqual({});
    expect(() => checkPossession(leaf.chain, make({ held: parent }), asking())).toThrow(
      fault("proof_invalid"),
    );
    const down = make({ key: planner, held: leaf });
    expect(() => checkPossession(parent.chain, down, asking())).toThrow(fault("proof_invalid"));
  });

  test.each([
    ["P10 another audience", { audience: "https://other.example.com" }],
    ["P11 the audience with a slash", { audience: `${audience}/` }],
    ["P13 another tool", { tool: "files.write" }],
    ["P13 other arguments", { arguments: { path: "/reports/b.txt" } }],
    ["P13 an argument more", { arguments: { ...args, force: true } }],
  ])("is refused at %s, and is not used up by it", (_what, change) => {
    const asked = asking();
    const proof = make();
    expect(() => checkPossession(leaf.chain, proof, { ...asked, ...change })).toThrow(
      fault("proof_invalid"),
    );
    expect(checkPossession(leaf.chain, proof, asked)).toEqual({});
  });

  test.each([
    [PROOF_WINDOW_MS, true],
    [PROOF_WINDOW_MS + 1, false],
    [-PROOF_WINDOW_MS, true],
    [-PROOF_WINDOW_MS - 1, false],
  ])("P06 P17 shown %d ms after it was made", (offset, passes) => {
    const run = () => checkPossession(leaf.chain, make(), asking({ now: NOW + offset }));
    if (passes) expect(run()).toEqual({});
    else expect(run).toThrow(fault("proof_expired"));
  });

  test("is refused when it names no leaf or no invocation", () => {
    expect(() => checkPossession(leaf.chain, make({ bound: false }), asking())).toThrow(
      fault("proof_invalid"),
    );
  });

  test("is refused when no more proofs can be remembered", () => {
    const asked = asking({ replay: new MemoryReplayStore(1) });
    checkPossession(leaf.chain, make(), asked);
    expect(() => checkPossession(leaf.chain, make(), asked)).toThrow(fault("replay_store_full"));
  });

  test("fails when the replay store fails, and opens no session then", async () => {
    const down = new DelegationError("store_unavailable", "down");
    const sessions = new SessionTable();
    const replay = { claim: () => Promise.reject(down) };
    const proof = make({ epk: offerSession().epk });
    const run = async () => checkPossession(leaf.chain, proof, asking({ replay, sessions }));
    await expect(run).rejects.toBe(down);
    expect(sessions.size).toBe(0);
  });

  test("opens a session, whose macs pass without a promise", () => {
    const offer = offerSession(seededRandom(5));
    const asked = asking();
    const result = checkPossession(leaf.chain, make({ epk: offer.epk }), asked);
    if (result instanceof Promise || result.session === undefined) throw new Error("no session");
    const client = offer.accept(result.session, { holder: reader.thumbprint, audience });
    const call = { leafDigest: leaf.chain.digest, tool, argumentsDigest: canonicalDigest(args) };
    const first = client.prove(call);
    expect(checkPossession(leaf.chain, first, asked)).toEqual({});
    expect(() => checkPossession(leaf.chain, first, asked)).toThrow(fault("proof_replayed"));
    const other = { ...asked, arguments: { path: "/etc/passwd" } };
    expect(() => checkPossession(leaf.chain, client.prove(call), other)).toThrow(
      fault("proof_invalid"),
    );
    // The session is the holder's: not its parent's, and not for its parent's token.
    expect(() => checkPossession(parent.chain, client.prove(call), asked)).toThrow(
      fault("session_unknown"),
    );
  });

  test("passes without a session when the table is full, and is refused with a key of low order", () => {
    const full = asking({ sessions: new SessionTable({ sessionsMax: 0 }) });
    const proof = make({ epk: offerSession().epk });
    expect(checkPossession(leaf.chain, proof, full)).toEqual({});
    const low = make({ epk: "A".repeat(43) });
    expect(() => checkPossession(leaf.chain, low, asking())).toThrow(fault("proof_invalid"));
  });
});

describe("a self-link", () => {
  test("is proved by the same key and in the same session, for its own digest", () => {
    const own = verified([
      ...leaf.tokens,
      mintSelfLink(leaf.chain, { tool, audience, now: NOW }, reader),
    ]);
    const offer = offerSession();
    const asked = asking();
    const opened = checkPossession(leaf.chain, aat({ epk: offer.epk }), asked);
    if (opened instanceof Promise || opened.session === undefined) throw new Error("no session");
    const client = offer.accept(opened.session, { holder: reader.thumbprint, audience });
    const argumentsDigest = canonicalDigest(args);
    const proof = client.prove({ leafDigest: own.chain.digest, tool, argumentsDigest });
    expect(() => checkPossession(leaf.chain, proof, asked)).toThrow(fault("proof_invalid"));
    expect(checkPossession(own.chain, proof, asked)).toEqual({});
  });
});

describe("no proof", () => {
  const bearer = anchor(planner, true);

  test("P01 a bound token without proof is refused", () => {
    for (const { chain } of [parent, leaf]) {
      expect(() => checkPossession(chain, { kind: "none" }, asking())).toThrow(
        fault("proof_missing", "possession"),
      );
    }
  });

  test("passes with an anchor that was minted as bearer, except where none is taken", () => {
    expect(checkPossession(bearer.chain, { kind: "none" }, asking())).toEqual({});
    expect(() =>
      checkPossession(bearer.chain, { kind: "none" }, asking({ bearer: false })),
    ).toThrow(fault("bearer_not_allowed", "possession"));
  });

  test("is what an unknown kind of proof amounts to", () => {
    const odd = { kind: "trust-me" } as unknown as Possession;
    expect(() => checkPossession(bearer.chain, odd, asking())).toThrow(
      fault("proof_invalid", "possession"),
    );
  });
});

describe("the drafts", () => {
  const root = {
    issuer: "https://as.example.com",
    tokenId: "root-1",
    holderKey: planner,
    audience: [audience],
    grant,
    issuedAt: NOW,
  };

  test("attenuating-agent-token takes its own proof without our claim, and no plain DPoP", () => {
    const text = mintRoot({ ...root, profile: "attenuating-agent-token" }, coordinator);
    const held = verified([text], "attenuating-agent-token");
    const plain = { key: planner, held, bound: false };
    expect(checkPossession(held.chain, aat(plain), asking())).toEqual({});
    expect(() => checkPossession(held.chain, dpop(plain), asking())).toThrow(
      fault("proof_invalid"),
    );
  });

  test("agent-delegation takes plain DPoP", () => {
    const scoped = parseGrant(
      { scopes: ["crm.read"], audience: [audience], expiresAt: NOW / 1000 + 600 },
      { now: NOW },
    );
    const text = mintRoot(
      { ...root, grant: scoped, profile: "agent-delegation", subject: "ada", agent: "planner" },
      coordinator,
    );
    const held = verified([text], "agent-delegation");
    const plain = { key: planner, held, bound: false };
    expect(checkPossession(held.chain, dpop(plain), asking())).toEqual({});
    expect(() => checkPossession(held.chain, aat(plain), asking())).toThrow(fault("proof_invalid"));
  });

  test("a leaf that confirms a thumbprint is proved by a proof that shows the key", () => {
    const scoped = { ...leaf.chain, holderKey: undefined } as unknown as VerifiedChain;
    expect(checkPossession(scoped, dpop(), asking())).toEqual({});
    expect(() => checkPossession(scoped, aat(), asking())).toThrow(fault("proof_invalid", "cnf"));
  });
});

test("a proof is remembered for twice the window, until no clock that is behind would take it", () => {
  const until: number[] = [];
  const replay = {
    claim: (_key: string, expiresAt: number) => {
      until.push(expiresAt);
      return true;
    },
  };
  checkPossession(leaf.chain, dpop(), asking({ replay }));
  expect(until).toEqual([NOW + 2 * PROOF_WINDOW_MS + 1]);
});

test("a demanded nonce must come with the proof", () => {
  const asked = asking({ nonce: "fresh" });
  expect(() => checkPossession(leaf.chain, dpop(), asked)).toThrow(fault("proof_invalid"));
});

describe("time", () => {
  afterEach(() => vi.restoreAllMocks());

  test("P15 a verification and its proof are judged by the one instant they are given, and look at no clock", () => {
    const proof = aat();
    const noClock = () => {
      throw new Error("a clock was looked at");
    };
    vi.spyOn(Date, "now").mockImplementation(noClock);
    vi.spyOn(performance, "now").mockImplementation(noClock);
    const held = verified(leaf.tokens);
    expect(checkPossession(held.chain, proof, asking())).toEqual({});
    const late = { ...asking(), now: NOW + PROOF_WINDOW_MS + 1_000 };
    expect(() => checkPossession(held.chain, proof, late)).toThrow(fault("proof_expired"));
  });
});
