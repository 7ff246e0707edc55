/** Edges of the agent-delegation draft: name, outcome that its text asks for, and the one thing that is not the base. @module */
import {
  type ChainPlan,
  CRM,
  confused,
  detail,
  put,
  ROOT,
  SHARED,
  swap,
} from "./agent-delegation.js";
import { AUTHORITY } from "./agent-delegation-authority-cases.js";
import { type Case, type Change, digest, hs256, type Members } from "./maker.js";

const at = (place: number, change: Change): ChainPlan => ({ changes: { [place]: change } });
const claims = (place: number, change: Members) => at(place, { claims: put(change) });
const header = (place: number, change: Members) => at(place, { header: put(change) });
const text = (place: number, part: string, by: string) => at(place, { text: swap(part, by) });
const stranger = hs256("another secret", "shared");
const trusting = (algs: unknown, ...keys: Members[]) => ({ keys, algs, childSigner: "issuer" });

/** A chain under an Ed25519 key that goes by one name, at a verifier that accepts some. */
function named(inToken: string, inKey: string | undefined, accepted: string[]): ChainPlan {
  const change: Change = { header: put({ alg: inToken }) };
  const key = inKey === undefined ? ROOT.jwk : { ...ROOT.jwk, alg: inKey };
  const trust = trusting(accepted, key);
  return { tokens: 2, root: ROOT, trust, changes: { 0: change, 1: change } };
}

const ENVELOPE: readonly Case<ChainPlan>[] = [
  ["accept_one_token", "accept", { tokens: 1 }],
  ["accept_typ_with_prefix_in_capitals", "accept", header(1, { typ: "Application/AT+JWT" })],
  ["reject_typ_of_a_proof", "malformed", header(2, { typ: "dpop+jwt" })],
  ["reject_typ_missing", "malformed", header(0, { typ: undefined })],
  ["accept_c14n_that_says_something_else", "accept", header(0, { c14n: "none" })],
  ["reject_critical_extension", "malformed", header(0, { crit: ["exp"] })],
  ["reject_key_in_header", "signature_invalid", header(0, { jwk: ROOT.jwk })],
  ["accept_header_without_kid", "accept", header(0, { kid: undefined })],
  ["reject_kid_that_nobody_has", "signature_invalid", header(0, { kid: "nobody" })],
  [
    "reject_alg_none",
    "signature_invalid",
    {
      ...at(0, { header: put({ alg: "none" }), signature: () => "" }),
      trust: trusting(["HS256", "none"], SHARED.jwk),
    },
  ],
  ["reject_alg_of_another_key_type", "signature_invalid", header(1, { alg: "EdDSA" })],
  ["reject_alg_in_other_case", "signature_invalid", header(1, { alg: "hs256" })],
  [
    "reject_public_key_as_secret",
    "signature_invalid",
    { tokens: 1, root: confused(ROOT), trust: trusting(["HS256", "EdDSA"], ROOT.jwk) },
  ],
  ["reject_signature_by_stranger", "signature_invalid", at(2, { signer: stranger })],
  [
    "reject_ed25519_signature_cut_short",
    "malformed",
    {
      ...at(2, {
        signature: (input, by) => by.sign(input).subarray(0, 63).toString("base64url"),
      }),
      root: ROOT,
      trust: trusting(["EdDSA"], ROOT.jwk),
    },
  ],
  [
    "accept_beside_a_trusted_key_of_no_use",
    "accept",
    { trust: trusting(["HS256"], { kty: "RSA", n: "AQAB", e: "AQAB" }, SHARED.jwk) },
  ],
  ["accept_both_names_of_ed25519", "accept", named("Ed25519", "EdDSA", ["EdDSA", "Ed25519"])],
  ["reject_name_not_accepted", "signature_invalid", named("Ed25519", undefined, ["EdDSA"])],
  ["reject_name_not_the_keys", "signature_invalid", named("EdDSA", "Ed25519", ["EdDSA"])],
];

const BYTES: readonly Case<ChainPlan>[] = [
  ["reject_white_space", "non_canonical", at(1, { text: (json) => ` ${json}` })],
  [
    "reject_header_unsorted",
    "non_canonical",
    at(1, { headerText: swap('"alg":"HS256","kid":"shared"', '"kid":"shared","alg":"HS256"') }),
  ],
  ["reject_byte_order_mark", "malformed", at(1, { text: (json) => `\ufeff${json}` })],
  ["reject_text_behind", "malformed", at(1, { text: (json) => `${json}{}` })],
  ["reject_escape_without_need", "non_canonical", text(1, '"agent-1"', '"\\u0061gent-1"')],
  ["reject_integer_with_fraction", "non_canonical", text(1, '"exp":300', '"exp":300.0')],
  ["reject_negative_zero", "non_canonical", text(1, '"iat":0', '"iat":-0')],
  ["reject_member_twice", "duplicate_member", text(1, '"exp":300', '"exp":300,"exp":300')],
  ["reject_member_twice_escaped", "duplicate_member", text(1, '"exp"', '"\\u0065xp":1,"exp"')],
  [
    "reject_header_member_twice",
    "duplicate_member",
    at(1, { headerText: swap('{"alg"', '{"alg":"HS256","alg"') }),
  ],
  ["reject_nan", "non_finite", text(0, '"max":100', '"max":NaN')],
  ["reject_overflow", "non_finite", text(0, '"max":100', '"max":1e400')],
  ["reject_integer_beyond_safe", "malformed", text(0, '"max":100', '"max":9007199254740992')],
  ["accept_largest_safe_integer", "accept", text(0, '"max":100', '"max":9007199254740991')],
  ["reject_lone_surrogate", "malformed", text(1, '"agent-1"', '"\\ud800"')],
  [
    "accept_members_in_utf16_order",
    "accept",
    at(1, { claims: put({ "\ufb33": 1, "\ud83d\ude00": 2, "\u20ac": 3 }) }),
  ],
  [
    "reject_members_in_code_point_order",
    "non_canonical",
    at(1, { text: (json) => `${json.slice(0, -1)},"\ufb33":1,"\ud83d\ude00":2}` }),
  ],
  [
    "reject_nesting",
    "malformed",
    text(1, '"exp"', `"deep":${"[".repeat(200)}${"]".repeat(200)},"exp"`),
  ],
  [
    "reject_non_canonical_before_signature",
    "non_canonical",
    { changes: { 0: { signer: stranger }, 2: { text: (json) => `${json} ` } } },
  ],
  ["reject_padding", "malformed", { present: ([a = "", b = "", c = ""]) => [a, b, `${c}=`] }],
  ["reject_token_that_is_no_text", "malformed", { present: ([a]) => [a, null] }],
  ["reject_no_tokens", "malformed", { present: () => [] }],
];

const CLAIMS: readonly Case<ChainPlan>[] = [
  ...["iss", "exp", "iat", "jti", "aud", "client_id", "cnf", "del_depth"].map(
    (name): Case<ChainPlan> => [
      `reject_${name}_missing`,
      "malformed",
      claims(1, { [name]: undefined }),
    ],
  ),
  ["reject_subject_empty_in_root", "malformed", claims(0, { sub: "" })],
  ["reject_subject_missing_in_child", "principal_altered", claims(1, { sub: undefined })],
  ["reject_subject_empty_in_child", "principal_altered", claims(1, { sub: "" })],
  [
    "reject_subject_in_other_case",
    "principal_altered",
    claims(1, { sub: "acct:Alice@example.com" }),
  ],
  ["reject_audience_of_no_entry", "malformed", claims(1, { aud: [] })],
  ["reject_audience_with_a_number", "malformed", claims(2, { aud: [CRM, 1] })],
  ["accept_audience_of_leaf_alone", "accept", claims(1, { aud: "https://other.example" })],
  [
    "reject_audience_of_parents_alone",
    "audience_mismatch",
    claims(2, { aud: "https://other.example" }),
  ],
  ["reject_audience_with_slash", "audience_mismatch", { audience: `${CRM}/` }],
  ["accept_no_audience_asked", "accept", { audience: undefined }],
  ["reject_confirmation_of_nothing", "malformed", claims(2, { cnf: { kid: "k" } })],
  ["reject_depth_that_is_true", "malformed", claims(1, { del_depth: true })],
  ["reject_second_detail_of_other_type", "malformed", at(1, { claims: secondDetail })],
  ["reject_detail_with_actions", "malformed", at(0, { claims: detail({ actions: ["read"] }) })],
  ["reject_scopes_missing", "malformed", at(1, { claims: detail({ scopes: undefined }) })],
  ["accept_unknown_claims", "accept", claims(1, { scope: 7, tenant: null })],
  ["accept_same_token_id", "accept", claims(1, { jti: "t0" })],
];

function secondDetail(claims: Members): Members {
  const [first] = claims.authorization_details as Members[];
  return { ...claims, authorization_details: [first, { type: "payment" }] };
}

const LINKS: readonly Case<ChainPlan>[] = [
  ["reject_parent_hash_in_root", "malformed", claims(0, { par_hash: digest("x") })],
  ["reject_parent_hash_missing", "par_hash_mismatch", claims(1, { par_hash: undefined })],
  ["reject_parent_hash_of_other_length", "malformed", claims(1, { par_hash: "AAAA" })],
  ["reject_middle_left_out", "par_hash_mismatch", { present: ([a, , c]) => [a, c] }],
  ["reject_leaf_first", "malformed", { present: (tokens) => [...tokens].reverse() }],
  ["reject_leaf_twice", "par_hash_mismatch", { present: (tokens) => [...tokens, tokens.at(-1)] }],
  ["reject_depth_skipped", "depth_invalid", claims(2, { del_depth: 3 })],
  ["accept_length_at_its_maximum", "accept", claims(0, { del_max_depth: 3 })],
  ["reject_length_beyond_its_maximum", "depth_invalid", claims(0, { del_max_depth: 2 })],
  ["reject_maximum_of_nothing", "malformed", claims(0, { del_max_depth: 0 })],
  ["accept_child_with_equal_maximum", "accept", claims(1, { del_max_depth: 4 })],
  ["reject_child_with_larger_maximum", "not_narrower", claims(1, { del_max_depth: 5 })],
  [
    "reject_grandchild_beyond_the_maximum_in_force",
    "not_narrower",
    {
      changes: {
        1: { claims: put({ del_max_depth: 3 }) },
        2: { claims: put({ del_max_depth: 4 }) },
      },
    },
  ],
  [
    "reject_depth_before_subject",
    "depth_invalid",
    { changes: { 1: { claims: put({ sub: "x" }) }, 2: { claims: put({ del_depth: 9 }) } } },
  ],
  [
    "reject_parent_hash_before_depth",
    "par_hash_mismatch",
    {
      changes: {
        1: { claims: put({ del_depth: 9 }) },
        2: { claims: put({ par_hash: digest("x") }) },
      },
    },
  ],
  ["accept_now_at_exp", "accept", { now: 300 }],
  ["reject_now_behind_exp", "expired", { now: 301 }],
  ["accept_now_at_nbf", "accept", { now: 9, ...claims(2, { nbf: 9 }) }],
  ["reject_now_before_nbf_of_root", "expired", { now: 8, ...claims(0, { nbf: 9 }) }],
  ["reject_child_that_outlives_its_parent", "expired", claims(1, { exp: 301 })],
  ["reject_end_before_the_epoch", "expired", claims(2, { exp: -1 })],
  ["accept_times_between_two_seconds", "accept", claims(2, { exp: 299.5, iat: -0.5 })],
  ["accept_made_later_than_now", "accept", claims(1, { iat: 200 })],
  [
    "reject_status_without_a_list",
    "status_unknown",
    claims(1, { status: { status_list: { idx: 0, uri: "https://status.example/1" } } }),
  ],
  ["reject_status_of_no_kind", "malformed", claims(1, { status: {} })],
];

export const AGENT_DELEGATION = [...ENVELOPE, ...BYTES, ...CLAIMS, ...LINKS, ...AUTHORITY];
