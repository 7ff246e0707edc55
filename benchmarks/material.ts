/** What is measured on: grants, calls, keys and messages, each in pools so that no two calls in a row are alike. @module */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { type Grant, type GrantInput, parseGrant } from "../src/wire/grant.js";
import { type Invocation, parseInvocation } from "../src/wire/invocation.js";

/** Where all calls of the benchmark go. */
export const AUDIENCE = "https://files.example.com";
/** Whole seconds since the epoch. */
const EXPIRES_IN_SECONDS = 86_400;

/** A bare signature with all that is needed to make and to check it. */
export interface SignedMessage {
  readonly message: Buffer;
  readonly signature: Buffer;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** Algorithms of the bare signatures. */
export type BareAlg = "Ed25519" | "ES256";

/** `count` messages of 600 random bytes under as many keys. */
export function signedMessages(alg: BareAlg, count: number): SignedMessage[] {
  return Array.from({ length: count }, () => {
    const { privateKey, publicKey } =
      alg === "Ed25519"
        ? generateKeyPairSync("ed25519")
        : generateKeyPairSync("ec", { namedCurve: "P-256" });
    const message = randomBytes(600);
    const signature = sign(digestOf(alg), message, { key: privateKey, dsaEncoding: "ieee-p1363" });
    return { message, signature, privateKey, publicKey };
  });
}

/** The digest that node:crypto wants named: Ed25519 has its own. */
export function digestOf(alg: BareAlg): "sha256" | null {
  return alg === "Ed25519" ? null : "sha256";
}

/** The pool's entry for the `index`th call. */
export function at<T>(pool: readonly T[], index: number): T {
  const entry = pool[index % pool.length];
  if (entry === undefined) throw new RangeError("an empty pool");
  return entry;
}

/** What a planner hands to its helpers: five tools, as in the measurements that the limits come from. */
export const TEAM_TOOLS: NonNullable<GrantInput["tools"]> = {
  "files.read": { path: { constraint_type: "path", under: "/reports" } },
  "files.list": { path: { constraint_type: "path", under: "/reports" } },
  "web.search": {},
  "mail.send": {
    to: { constraint_type: "host", hosts: ["*.example.com"] },
    subject: { constraint_type: "length", max: 200 },
  },
  "pay.refund": {
    amount: { constraint_type: "range", max: 100 },
    currency: { constraint_type: "one_of", values: ["EUR", "USD"] },
  },
};

/** The same as a grant. */
export function teamGrant(now: number, changes: Partial<GrantInput> = {}): Grant {
  const input: GrantInput = {
    tools: TEAM_TOOLS,
    audience: [AUDIENCE],
    expiresAt: Math.floor(now / 1_000) + EXPIRES_IN_SECONDS,
    ...changes,
  };
  return parseGrant(input, { now });
}

/** Twenty tools with three constraints each, of all kinds that a decision can meet. */
export function wideGrant(now: number): Grant {
  const kinds: readonly NonNullable<GrantInput["tools"]>[string][] = [
    {
      path: { constraint_type: "path", under: "/srv/data" },
      mode: { constraint_type: "one_of", values: ["r", "w"] },
      bytes: { constraint_type: "range", min: 0, max: 1_048_576 },
    },
    {
      url: { constraint_type: "host", hosts: ["api.example.com", "*.cdn.example.com"] },
      method: { constraint_type: "exact", value: "GET" },
      retries: { constraint_type: "range", max: 5 },
    },
    {
      address: { constraint_type: "cidr", network: "10.0.0.0/8" },
      name: { constraint_type: "pattern", value: "job-*" },
      note: { constraint_type: "length", max: 120 },
    },
    {
      id: { constraint_type: "prefix", value: "cust_" },
      state: { constraint_type: "not_one_of", excluded: ["closed", "frozen"] },
      amount: { constraint_type: "range", min: 1, max: 500 },
    },
  ];
  const tools = Object.fromEntries(
    Array.from({ length: 20 }, (_, tool) => [`service${tool}.act`, at(kinds, tool)]),
  );
  const expiresAt = Math.floor(now / 1_000) + EXPIRES_IN_SECONDS;
  return parseGrant({ tools, audience: [AUDIENCE], expiresAt }, { now });
}

/** A call that {@link wideGrant} allows, of every tool in turn. */
export function wideCall(index: number): Invocation {
  const kinds = [
    { path: `/srv/data/${index}/part.bin`, mode: "r", bytes: index % 4_096 },
    {
      url: `https://img${index % 9}.cdn.example.com/a/${index}`,
      method: "GET",
      retries: index % 5,
    },
    { address: `10.1.${index % 256}.7`, name: `job-${index}`, note: `run ${index}` },
    { id: `cust_${index}`, state: "open", amount: 1 + (index % 400) },
  ];
  return parseInvocation({
    tool: `service${index % 20}.act`,
    arguments: at(kinds, index),
    audience: AUDIENCE,
  });
}
