/** Edges of the delegator rule, and of DPoP (RFC 9449) for the leaf. @module */
import { type ChainPlan, type DpopPlan, holder, put, ROOT } from "./agent-delegation.js";
import { type Case, type Change, digest, ed25519, LOW_ORDER, type Members } from "./maker.js";

const stranger = ed25519("edges: stranger");
const bound = (confirm: "jwk" | "jkt", plan: ChainPlan = {}): ChainPlan => ({
  tokens: 2,
  by: "delegator",
  confirm,
  ...plan,
});
const child = (change: Change): ChainPlan => ({ changes: { 1: change } });

const both = (name: string, expect: string, plan: ChainPlan): readonly Case<ChainPlan>[] => [
  [`${name}_by_key`, expect, bound("jwk", plan)],
  [`${name}_by_thumbprint`, expect, bound("jkt", plan)],
];

const SIGNERS: readonly Case<ChainPlan>[] = [
  ...both("accept_chain", "accept", { tokens: 3 }),
  ...both("reject_signed_by_root", "signature_invalid", child({ signer: ROOT })),
  ...both("reject_signed_by_oneself", "signature_invalid", child({ signer: holder(1) })),
  ...both("reject_signed_by_grandparent", "signature_invalid", {
    tokens: 3,
    changes: { 2: { signer: holder(0) } },
  }),
  ...both("accept_handed_back", "accept", {
    tokens: 3,
    holders: [holder(0), holder(1), holder(0)],
  }),
  ...both(
    "accept_other_name_of_the_algorithm",
    "accept",
    child({ header: put({ alg: "Ed25519" }) }),
  ),
  [
    "reject_key_in_header_beside_the_parents",
    "signature_invalid",
    bound("jwk", child({ header: put({ jwk: holder(0).jwk }) })),
  ],
  [
    "reject_thumbprint_without_a_key",
    "signature_invalid",
    bound("jkt", child({ header: put({ jwk: undefined }) })),
  ],
  [
    "reject_thumbprint_of_another_key",
    "signature_invalid",
    bound("jkt", child({ header: put({ jwk: stranger.jwk }), signer: stranger })),
  ],
  [
    "reject_private_key_in_header",
    "signature_invalid",
    bound(
      "jkt",
      child({
        header: (header) => ({ ...header, jwk: { ...(header.jwk as Members), d: digest("d") } }),
      }),
    ),
  ],
  [
    "accept_key_in_header_with_name_and_use",
    "accept",
    bound(
      "jkt",
      child({
        header: (header) => ({
          ...header,
          jwk: { ...(header.jwk as Members), kid: "k", use: "sig" },
        }),
      }),
    ),
  ],
  [
    "reject_private_key_in_confirmation",
    "malformed",
    bound("jwk", {
      changes: { 0: { claims: put({ cnf: { jwk: { ...holder(0).jwk, d: digest("d") } } }) } },
    }),
  ],
  [
    "reject_key_of_low_order_in_confirmation",
    "malformed",
    bound("jwk", {
      changes: {
        0: { claims: put({ cnf: { jwk: LOW_ORDER.jwk } }) },
        1: { signature: () => LOW_ORDER.signature },
      },
    }),
  ],
  [
    "reject_trusted_key_of_low_order",
    "signature_invalid",
    bound("jwk", {
      tokens: 1,
      changes: { 0: { signature: () => LOW_ORDER.signature } },
      trust: { keys: [LOW_ORDER.jwk], algs: ["EdDSA"], childSigner: "delegator" },
    }),
  ],
  [
    "reject_middle_left_out",
    "signature_invalid",
    bound("jwk", { tokens: 3, present: ([a, , c]) => [a, c] }),
  ],
  [
    "accept_delegator_rule_unless_told",
    "accept",
    bound("jwk", { trust: { keys: [ROOT.jwk], algs: ["EdDSA"] } }),
  ],
  [
    "reject_delegator_where_the_issuer_signs",
    "signature_invalid",
    bound("jwk", { trust: { keys: [ROOT.jwk], algs: ["EdDSA"], childSigner: "issuer" } }),
  ],
];

const proof = (
  name: string,
  expect: string,
  dpop: DpopPlan,
  more: ChainPlan = {},
): Case<ChainPlan> => [
  `${expect === "accept" ? "accept" : "reject"}_dpop_${name}`,
  expect,
  bound("jkt", { now: 100, dpop, ...more }),
];
const failed = "holder_binding_failed";
const says = (change: Members): DpopPlan => ({ claims: put(change) });
const place = "https://crm.example.com/tools/read";

const PROOFS: readonly Case<ChainPlan>[] = [
  proof("for_a_key_confirmed_whole", "accept", {}, { confirm: "jwk" }),
  proof("by_stranger", failed, { signer: stranger }),
  proof("by_stranger_who_shows_the_holders_key", failed, {
    signer: stranger,
    header: { jwk: holder(1).jwk },
  }),
  proof("method_in_other_case", failed, says({ htm: "post" })),
  proof("url_of_other_place", failed, says({ htu: `${place}er` })),
  proof(
    "url_spelled_otherwise",
    "accept",
    says({ htu: "HTTPS://CRM.example.com:443/x/../tools/%72ead" }),
  ),
  proof("url_path_in_other_case", failed, says({ htu: "https://crm.example.com/Tools/read" })),
  proof("request_with_query_and_fragment", "accept", { htu: `${place}?q=1#f` }),
  proof("at_the_edge_of_its_window", "accept", says({ iat: 70 })),
  proof("out_of_its_window", failed, says({ iat: 0 })),
  proof("without_id", failed, says({ jti: undefined })),
  proof("without_token_hash", failed, says({ ath: undefined })),
  proof("for_the_parent_token", failed, {
    claims: (claims, [root = ""]) => ({ ...claims, ath: digest(root) }),
  }),
  proof("of_other_type", failed, { header: { typ: "JWT" } }),
  proof("without_key", failed, { header: { jwk: undefined } }),
  proof("unsigned", failed, { header: { alg: "none" } }),
  proof(
    "by_a_name_not_accepted",
    failed,
    { header: { alg: "Ed25519" } },
    { trust: { keys: [ROOT.jwk], algs: ["EdDSA"], childSigner: "delegator" } },
  ),
  proof("after_a_chain_that_expired", "expired", says({ htm: "GET" }), { now: 301 }),
  proof("before_the_audience", failed, says({ htm: "GET" }), { audience: "https://other.example" }),
];

export const DELEGATOR_BOUND = [...SIGNERS, ...PROOFS];
