/** One key may sign things of every kind; none of them passes for another. @module */
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../src/base/random.js";
import { makeAatProof, verifyAatProof } from "../../src/token/aat-proof.js";
import { makeAgentProof, verifyAgentProof } from "../../src/token/agent-proof.js";
import { makeDpopProof, verifyDpopProof } from "../../src/token/dpop.js";
import { parseJws, readClaims, requireTyp, signJws, verifyJws } from "../../src/token/jws.js";
import { StatusList } from "../../src/token/status-list.js";
import { mintStatusToken, verifyStatusToken } from "../../src/token/status-token.js";
import { ALGS, keyOf, NOW, signed, thrownBy } from "./fixtures.js";

const key = keyOf(1);
const random = seededRandom(1);
const uri = "https://a.example/";
const call = { tokenId: "leaf", tool: "t", arguments: {}, audience: uri };
const agent = { agent: "a", holder: key.thumbprint, parent: "", audience: uri };

const made: Record<string, string> = {
  token: signJws({ typ: "at+jwt" }, { jti: "leaf", exp: NOW / 1000 + 60 }, key),
  dpop: makeDpopProof({ key, method: "GET", url: uri, nowMs: NOW, random }),
  aat: makeAatProof({ key, ...call, nowMs: NOW, random }),
  agent: makeAgentProof({ key, ...agent, nowMs: NOW, random }),
  status: mintStatusToken({ key, list: StatusList.empty(8, 1), uri, nowMs: NOW }),
};

const verifiers: Record<string, (text: string) => unknown> = {
  token: (text) => {
    const jws = parseJws(text);
    requireTyp(jws, "at+jwt");
    verifyJws(jws, key, ALGS);
    return readClaims(jws);
  },
  dpop: (text) => verifyDpopProof(text, { method: "GET", url: uri, nowMs: NOW }),
  aat: (text) => verifyAatProof(text, { key, ...call, nowMs: NOW }),
  agent: (text) => verifyAgentProof(text, { ...agent, keys: () => [key], nowMs: NOW }),
  status: (text) => verifyStatusToken(text, { uri, key, nowMs: NOW }),
};

const names = Object.keys(made);
const pairs = names.flatMap((kind) => names.map((as) => [kind, as] as const));

describe("S16 domain separation", () => {
  test.each(pairs)("what was signed as %s, shown as %s", (kind, as) => {
    const run = () => verifiers[as]?.(made[kind] ?? "");
    if (kind === as) expect(run()).toBeDefined();
    else expect(thrownBy(run).code).toMatch(/^(malformed|proof_invalid)$/);
  });

  // The claims of one kind under the type of another: what only somebody who signs carelessly would make.
  test.each(pairs.filter(([kind, as]) => kind !== as && as !== "token"))(
    "the claims of %s under the header of %s",
    (kind, as) => {
      const { header } = parseJws(made[as] ?? "");
      const { claims } = readClaims(parseJws(made[kind] ?? ""));
      thrownBy(() => verifiers[as]?.(signed(header, claims, key)));
    },
  );
});
