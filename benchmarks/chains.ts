/** Verifying and making chains, counted in bare signatures of the very same bytes. @module */
import { sign } from "node:crypto";
import { ChainCache } from "../src/chain/cache.js";
import { mintLink } from "../src/chain/mint.js";
import { verifyChain, verifyLeaf } from "../src/chain/verify.js";
import { type Alg, generateSigningKey } from "../src/token/key.js";
import {
  believe,
  type Issuer,
  type MadeChain,
  makeAnchor,
  makeChain,
  makeIssuer,
  verifyBare,
} from "./chain-material.js";
import {
  exactly,
  measure,
  percentOf,
  type Run,
  ratioOf,
  type Subject,
  type Timings,
} from "./harness.js";
import { at, teamGrant } from "./material.js";
import type { Line, Section } from "./report.js";

/** Chains of each kind; each with its own keys, ids and bytes. */
const POOL = 48;
/**
 * Until all that judges a token is compiled. After less, whichever kind is measured first looks slower than the same work later:
 * CPU time is that of all threads, and after eight thousand tokens the compiler's own still took some microseconds per token.
 */
const WARM_UP_TOKENS = 16_000;

/** Measures both algorithms; the limits are Ed25519's. */
export async function measureSection(run: Run): Promise<Section> {
  const now = Date.now();
  const issuer = makeIssuer(now);
  const lines = [
    ...(await coldLines(issuer, run)),
    ...(await anchorLines(issuer, run)),
    ...(await warmLines(issuer, run)),
    ...(await linkLines(issuer, run)),
    ...byteLines(issuer),
    ...(run.quick ? [] : await coldLines(makeIssuer(now, "ES256"), run)),
  ];
  return {
    title: "Chains: five tools restated in every token, in units of bare signatures",
    lines,
    notes: ["Cold: no cache at all. Every token names another agent and another holder key."],
  };
}

async function coldLines(issuer: Issuer, run: Run): Promise<Line[]> {
  const { now } = issuer;
  const lengths = issuer.alg === "EdDSA" ? [1, 4, 16] : [1, 4];
  const lines: Line[] = [];
  for (const length of lengths) {
    const pool = poolOf(() => makeChain(issuer, teamGrant(now), length), length > 4 ? 24 : POOL);
    const timings = await measure([bare(pool), cold(pool, issuer)], run.effort);
    lines.push(
      limited(timings, `cold verify, d = ${length} ÷ d verifies`, "cold", issuer.alg, 1.35),
    );
  }
  return lines;
}

async function anchorLines(issuer: Issuer, run: Run): Promise<Line[]> {
  const { now } = issuer;
  const lines: Line[] = [];
  for (const depth of [1, 8, 32]) {
    const pool = poolOf(() => makeAnchor(issuer, teamGrant(now), depth));
    const timings = await measure([bare(pool), cold(pool, issuer)], run.effort);
    const name = `cold verify, anchor at depth ${depth} ÷ one verify`;
    lines.push(limited(timings, name, "cold", issuer.alg, 1.4));
  }
  return lines;
}

async function warmLines(issuer: Issuer, run: Run): Promise<Line[]> {
  const { trust, now } = issuer;
  const cache = new ChainCache();
  const pool = poolOf(() => makeChain(issuer, teamGrant(now), 4));
  for (const { tokens } of pool) verifyChain(tokens, { trust, now, cache });
  const leaves = pool.map(({ tokens }) => tokens.at(-1) ?? "");
  const anchors = poolOf(() => makeAnchor(issuer, teamGrant(now)));
  const timings = await measure(
    [
      bare(anchors),
      { name: "warm", run: (i) => verifyChain(at(pool, i).tokens, { trust, now, cache }) },
      { name: "leaf", run: (i) => verifyLeaf(at(leaves, i), { trust, now, cache }) },
    ],
    run.effort,
  );
  const line = (name: string, subject: string, limit: number): Line => ({
    name,
    value: percentOf(timings, subject, "bare"),
    unit: "percent",
    limit,
  });
  return [
    line("warm verify, d = 4 ÷ one verify", "warm", 6),
    line("warm verify, leaf only ÷ one verify", "leaf", 4),
  ];
}

async function linkLines(issuer: Issuer, run: Run): Promise<Line[]> {
  const { now } = issuer;
  const pool = poolOf(() => {
    const made = makeChain(issuer, teamGrant(now), 2);
    const input = at(made.signatures, 1).input;
    return { ...made, input, chain: believe(issuer, made), next: generateSigningKey() };
  });
  const { expiresAt, ...authority } = teamGrant(now);
  const timings = await measure(
    [
      {
        name: "sign",
        run: (i) => sign(null, at(pool, i).input, at(pool, i).holder.privateKey),
      },
      {
        name: "link",
        run: (i) => {
          const { chain, holder, next } = at(pool, i);
          const grant = authority;
          const agent = "spiffe://example.com/agent/next";
          return mintLink(chain, { agent, holderKey: next, grant, expiresAt, now }, holder);
        },
      },
    ],
    run.effort,
  );
  return [
    {
      name: "attenuate and sign a link under a warm parent ÷ one sign",
      value: ratioOf(timings, "link", "sign"),
      unit: "ratio",
      limit: 1.8,
    },
  ];
}

function byteLines(issuer: Issuer): Line[] {
  const grant = teamGrant(issuer.now);
  const [anchor = "", link = ""] = makeChain(issuer, grant, 2).tokens;
  const deep = makeAnchor(issuer, grant, 8).tokens.join("");
  const lean = makeChain(issuer, teamGrant(issuer.now, { tools: { "web.search": {} } }), 2);
  const bytes = (name: string, text: string): Line => ({
    name: `bytes: ${name}`,
    value: exactly(text.length),
    unit: "bytes",
  });
  return [
    bytes("anchor of a root, five tools", anchor),
    bytes("anchor at depth 8, five tools", deep),
    bytes("link, five tools", link),
    bytes("anchor of a root, one tool", lean.tokens[0] ?? ""),
    bytes("link, one tool", lean.tokens[1] ?? ""),
  ];
}

function limited(timings: Timings, name: string, subject: string, alg: Alg, limit: number): Line {
  const value = ratioOf(timings, subject, "bare");
  if (alg === "EdDSA") return { name, value, unit: "ratio", limit };
  return { name: `${alg}: ${name}`, value, unit: "ratio" };
}

function bare(pool: readonly MadeChain[]): Subject {
  return { name: "bare", run: (i) => verifyBare(at(pool, i)) };
}

/** Without any cache. */
function cold(pool: readonly MadeChain[], { trust, now }: Issuer): Subject {
  const tokens = pool[0]?.tokens.length ?? 1;
  return {
    name: "cold",
    run: (i) => verifyChain(at(pool, i).tokens, { trust, now }),
    warmUp: Math.ceil(WARM_UP_TOKENS / tokens),
  };
}

function poolOf<T>(make: () => T, count = POOL): T[] {
  return Array.from({ length: count }, make);
}
