/** Ours, on the peers' terms: no cache, and the call decided after the signatures. @module */
import { mintLink } from "../../src/chain/mint.js";
import type { VerifiedChain } from "../../src/chain/verified-chain.js";
import { verifyChain } from "../../src/chain/verify.js";
import { evaluate } from "../../src/grant/evaluate.js";
import { generateSigningKey } from "../../src/token/key.js";
import { parseGrant } from "../../src/wire/grant.js";
import { parseInvocation } from "../../src/wire/invocation.js";
import { believe, extendChain, type MadeChain, makeAnchor, makeIssuer } from "../chain-material.js";
import { AUDIENCE, at } from "../material.js";
import type { Held, Peer, Presented } from "./peer.js";

interface HeldChain extends Held {
  readonly made: MadeChain;
  readonly chain: VerifiedChain;
}

interface PresentedChain extends Presented {
  readonly tokens: readonly string[];
}

/** Holder keys are made beforehand, as the peers' are. */
export function legatePeer(): Peer<HeldChain, PresentedChain> {
  const now = Date.now();
  const issuer = makeIssuer(now);
  const keys = Array.from({ length: 32 }, () => generateSigningKey());
  const grant = parseGrant(
    {
      tools: { "files.read": { path: { constraint_type: "path", under: "/reports" } } },
      audience: [AUDIENCE],
      expiresAt: Math.floor(now / 1_000) + 3_600,
    },
    { now },
  );
  const { expiresAt, ...authority } = grant;
  const held = (made: MadeChain): HeldChain => ({
    depth: made.tokens.length,
    made,
    chain: believe(issuer, made),
  });
  return {
    name: "legate",
    deepen: ({ made }) => held(extendChain(issuer, made, grant)),
    root: () => held(makeAnchor(issuer, grant)),
    mint: (index) => makeAnchor(issuer, grant, 1, at(keys, index)),
    attenuate: ({ chain, made }, index) =>
      mintLink(
        chain,
        {
          agent: `spiffe://example.com/agent/${index}`,
          holderKey: at(keys, index),
          grant: authority,
          expiresAt,
          now,
        },
        made.holder,
      ),
    present: ({ made: { tokens } }) => ({ tokens, bytes: tokens.join("~").length }),
    verify({ tokens }, index) {
      const chain = verifyChain(tokens, { trust: issuer.trust, now });
      const invocation = parseInvocation({
        tool: "files.read",
        arguments: { path: `/reports/${index}.csv` },
        audience: AUDIENCE,
      });
      const refusal = evaluate(chain.grants, invocation);
      if (refusal !== undefined) throw new Error(refusal.rule);
    },
  };
}
