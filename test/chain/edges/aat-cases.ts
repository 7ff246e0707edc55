/** Edges of the AAT draft: name, outcome that its text asks for, and the one thing that is not the base. @module */
import { type AatPlan, HOLDERS, holder, NOW, ROOT, thumbprintUri } from "./aat.js";
import { alone, SUBSUMED, TOOLS } from "./aat-authority-cases.js";
import { put, swap } from "./agent-delegation.js";
import { type Case, type Change, digest, ed25519, LOW_ORDER, type Members } from "./maker.js";

const at = (place: number, change: Change): AatPlan => ({ changes: { [place]: change } });
const claims = (place: number, change: Members) => at(place, { claims: put(change) });
const proof = (change: Members): AatPlan => ({ proof: { claims: put(change) } });
const accept = "accept";
const deny = "deny";
const DAYS_90 = 90 * 86_400;

const CHAINS: readonly Case<AatPlan>[] = [
  ["accept_one_token", accept, { tokens: 1 }],
  ["accept_depth_at_its_maximum", accept, { tokens: 3 }],
  ["reject_depth_beyond_its_maximum", deny, { tokens: 4 }],
  ["accept_root_that_nobody_may_follow", accept, { tokens: 1, ...claims(0, { del_max_depth: 0 }) }],
  ["reject_child_of_a_root_that_nobody_may_follow", deny, claims(0, { del_max_depth: 0 })],
  ["reject_child_with_larger_maximum", deny, claims(1, { del_max_depth: 3 })],
  ["reject_maximum_below_own_depth", deny, claims(1, { del_max_depth: 0 })],
  ["reject_exp_at_now", deny, claims(1, { exp: NOW })],
  ["accept_exp_a_second_ahead", accept, claims(1, { exp: NOW + 1 })],
  ["accept_iat_at_the_edge_of_skew", accept, claims(1, { iat: NOW + 30 })],
  ["reject_iat_beyond_skew", deny, claims(1, { iat: NOW + 31 })],
  ["reject_iat_before_the_parents", deny, claims(1, { iat: NOW - 61 })],
  ["accept_ninety_days", accept, { tokens: 1, ...claims(0, { exp: NOW - 60 + DAYS_90 }) }],
  [
    "reject_ninety_days_and_a_second",
    deny,
    { tokens: 1, ...claims(0, { exp: NOW - 59 + DAYS_90 }) },
  ],
  [
    "reject_token_id_twice",
    deny,
    {
      ...claims(1, { jti: "one" }),
      tokens: 3,
      changes: { 0: { claims: put({ jti: "one" }) }, 1: { claims: put({ jti: "one" }) } },
    },
  ],
  ["reject_root_issuer_that_is_no_uri", deny, claims(0, { iss: "as" })],
  ["reject_issuer_of_the_root_in_a_child", deny, claims(1, { iss: "https://as.example.com" })],
  ["reject_issuer_that_is_the_own_key", deny, claims(1, { iss: thumbprintUri(holder(1)) })],
  [
    "reject_child_by_root_that_names_the_holder",
    deny,
    at(1, { signer: ROOT, claims: put({ iss: thumbprintUri(holder(0)) }) }),
  ],
  ["reject_parent_hash_missing", deny, claims(1, { par_hash: undefined })],
  ["reject_parent_hash_in_root", deny, claims(0, { par_hash: digest("x") })],
  ["reject_child_stripped_off", deny, { present: ([root]) => [root] }],
  ["reject_middle_left_out", deny, { tokens: 3, present: ([a, , c]) => [a, c] }],
  ["accept_handed_back", accept, { tokens: 3, holders: [...HOLDERS.slice(0, 2), holder(0)] }],
  ["accept_typ_of_any_token", accept, at(1, { header: put({ typ: "JWT" }) })],
  ["reject_typ_of_a_dpop_proof", deny, at(1, { header: put({ typ: "dpop+jwt" }) })],
  ["reject_alg_of_another_key_type", deny, at(1, { header: put({ alg: "ES256" }) })],
  ["reject_alg_none", deny, at(1, { header: put({ alg: "none" }), signature: () => "" })],
  [
    "accept_payload_not_canonical",
    accept,
    at(1, { text: (json) => JSON.stringify(JSON.parse(json), null, 1) }),
  ],
  [
    "reject_member_twice",
    deny,
    at(1, { text: swap('"del_depth":1', '"del_depth":1,"del_depth":1') }),
  ],
  ["accept_unknown_claims", accept, claims(1, { sub: 7, client_id: null, status: {}, scope: [] })],
  ["reject_thumbprint_for_a_key", deny, claims(1, { cnf: { jkt: holder(1).jkt } })],
  [
    "reject_private_key_in_leaf",
    deny,
    claims(1, { cnf: { jwk: { ...holder(1).jwk, d: digest("d") } } }),
  ],
  [
    "reject_key_of_low_order",
    deny,
    {
      changes: {
        0: { claims: put({ cnf: { jwk: LOW_ORDER.jwk } }) },
        1: { signature: () => LOW_ORDER.signature },
      },
    },
  ],
];

const spelled = (part: string, by: string, a: unknown): AatPlan => ({
  ...alone({ t: {} }, "t", { a }),
  proof: { text: swap(part, by) },
});

const PROOFS: readonly Case<AatPlan>[] = [
  ["accept_proof_at_the_edge_of_its_window", accept, proof({ iat: NOW - 30 })],
  ["reject_proof_out_of_its_window", deny, proof({ iat: NOW + 31 })],
  ["reject_proof_without_id", deny, proof({ jti: undefined })],
  ["reject_proof_for_the_parent", deny, proof({ aat_id: "0199a3f0-0000-7000-8000-000000000000" })],
  ["reject_proof_without_audience", deny, proof({ aat_aud: undefined })],
  [
    "accept_proof_without_audience_where_none_is_asked",
    accept,
    { ...proof({ aat_aud: undefined }), audience: undefined },
  ],
  ["reject_proof_for_other_arguments", deny, proof({ hta: { path: "/b" } })],
  ["accept_proof_that_spells_a_number_otherwise", accept, spelled('"a":100', '"a":1.0e2', 100)],
  ["reject_proof_of_true_for_one", deny, spelled('"a":1', '"a":true', 1)],
  ["reject_proof_of_a_member_twice", deny, spelled('"a":1', '"a":1,"a":1', 1)],
  ["reject_proof_by_the_parents_holder", deny, { proof: { signer: holder(0) } }],
  [
    "reject_proof_by_a_key_that_it_shows",
    deny,
    {
      proof: {
        signer: ed25519("edges: stranger"),
        header: (header) => ({ ...header, jwk: ed25519("edges: stranger").jwk }),
      },
    },
  ],
  [
    "reject_proof_by_a_name_not_accepted",
    deny,
    { proof: { header: put({ alg: "Ed25519" }) }, algs: ["EdDSA"] },
  ],
  ["reject_proof_unsigned", deny, { proof: { header: put({ alg: "none" }), signature: () => "" } }],
  ["accept_chain_without_a_call", accept, { call: undefined }],
];

export const AAT = [...CHAINS, ...TOOLS, ...SUBSUMED, ...PROOFS];
