/** One signature: bare, under our strict parser, and in jose. All other sections count in bare ones. @module */
import { randomUUID, sign, verify } from "node:crypto";
import { jwtVerify } from "jose";
import { parseJws, readClaims, signJws, verifyJws } from "../src/token/jws.js";
import { generateSigningKey } from "../src/token/key.js";
import { measure, type Run, ratioOf, type Subject, type Timings, timeOf } from "./harness.js";
import { at, type BareAlg, digestOf, signedMessages } from "./material.js";
import type { Line, Section } from "./report.js";

const POOL = 64;

/** Measures both algorithms. */
export async function measureSection(run: Run): Promise<Section> {
  const lines: Line[] = [];
  for (const alg of ["Ed25519", "ES256"] as const) {
    const timings = await measure([...bare(alg), ...tokens(alg)], run.effort);
    lines.push(...linesOf(alg, timings));
  }
  return {
    title: "One signature: bare on 600 bytes, and one token with claims of some 480 bytes",
    lines,
  };
}

function bare(alg: BareAlg): Subject[] {
  const pool = signedMessages(alg, POOL);
  const digest = digestOf(alg);
  const dsaEncoding = "ieee-p1363" as const;
  return [
    {
      name: "sign",
      run: (index) => {
        const { message, privateKey } = at(pool, index);
        return sign(digest, message, { key: privateKey, dsaEncoding });
      },
    },
    {
      name: "verify",
      run: (index) => {
        const { message, signature, publicKey } = at(pool, index);
        if (!verify(digest, message, { key: publicKey, dsaEncoding }, signature)) throw new Error();
      },
    },
  ];
}

function tokens(alg: BareAlg): Subject[] {
  const name = alg === "Ed25519" ? "EdDSA" : "ES256";
  const pool = Array.from({ length: POOL }, () => {
    const key = generateSigningKey(name);
    const claims = claimsOf();
    return { key, claims, text: signJws({ typ: "at+jwt" }, claims, key) };
  });
  return [
    {
      name: "sign a token",
      run: (index) => signJws({ typ: "at+jwt" }, at(pool, index).claims, at(pool, index).key),
    },
    {
      name: "verify a token",
      run: (index) => {
        const { key, text } = at(pool, index);
        const jws = parseJws(text);
        verifyJws(jws, key, [name]);
        return readClaims(jws);
      },
    },
    {
      name: "verify a token with jose",
      run: (index) => jwtVerify(at(pool, index).text, at(pool, index).key.key),
    },
  ];
}

function claimsOf(): object {
  const details = ["files.read", "files.list", "web.search", "mail.send"].map((tool) => ({
    type: "tool_grant",
    tool,
    under: `/reports/${randomUUID()}`,
  }));
  const now = Math.floor(Date.now() / 1_000);
  return { iss: "https://as.example.com", jti: randomUUID(), iat: now, exp: now + 3_600, details };
}

function linesOf(alg: BareAlg, timings: Timings): Line[] {
  const ratio = (above: string, below: string): Line => ({
    name: `${alg}: ${above} ÷ ${below}`,
    value: ratioOf(timings, above, below),
    unit: "ratio",
  });
  return [
    { name: `${alg}: sign`, value: timeOf(timings, "sign"), unit: "us" },
    { name: `${alg}: verify`, value: timeOf(timings, "verify"), unit: "us" },
    ratio("sign a token", "sign"),
    ratio("verify a token", "verify"),
    ratio("verify a token with jose", "verify"),
  ];
}
