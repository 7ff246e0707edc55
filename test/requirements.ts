/**
 * The rules that tests prove, by id. A test cites the rules it proves at the start of its title: `A06 refuses a wider range`.
 *
 * S signatures and bytes, C chain, A attenuation, E enforcement, P possession and time, H approvals, R revocation and tree,
 * K keys and leakage, D the design's own rules against attacks and races. The gaps in the numbers are deliberate.
 *
 * @module
 */

/** A rule in one sentence; `notApplicable` tells why no test of this package can cite it. */
export interface Requirement {
  readonly rule: string;
  readonly notApplicable?: string;
}

const SIGNATURES = {
  S01: { rule: "A token whose signature has a flipped bit is refused as signature_invalid." },
  S02: {
    rule: "A signature that is a byte short is refused as malformed, by a DelegationError and nothing else.",
  },
  S04: { rule: "A token with any single byte flipped is refused, whichever byte it is." },
  S05: { rule: "Every proper prefix of a chain's text is refused." },
  S06: { rule: "A token whose algorithm is none, or missing, is refused." },
  S07: {
    rule: "An algorithm that does not fit the verifier's key is refused, a public key used as an HMAC secret included.",
  },
  S09: {
    rule: "A key that the token's own header offers never replaces the key that its parent or its root names.",
  },
  S10: { rule: "A confirmation key that carries private members is refused." },
  S11: {
    rule: "Low-order and non-canonical Ed25519 points, and signatures with a non-canonical scalar, are refused.",
  },
  S12: { rule: "A chain that is valid under another root is refused as signature_invalid." },
  S14: { rule: "A token that verifies only under the key it confirms itself is refused." },
  S15: { rule: "The signature of one token does not carry another token." },
  S16: {
    rule: "A signature over a proof, a checkpoint or a status list does not pass for a token's, nor the other way round.",
  },
  S17: {
    rule: "What is verified is the bytes that arrived, and what is decided comes from exactly those bytes.",
  },
  S19: {
    rule: "An unknown member inside a grant, a detail or a constraint is refused; an unknown top-level claim is ignored.",
  },
  S20: { rule: "An unknown constraint type denies the call, and no child can take it away." },
  S21: {
    rule: "A token of an unknown kind or version, or with a version of the wrong type, is refused.",
  },
  S22: {
    rule: "JSON that is not in canonical form is refused where canonical form is due, and gives one digest everywhere.",
  },
  S24: { rule: "The arguments true and 1 are never equal and never share a digest." },
  S25: { rule: "An argument that is null is judged the same on both sides and never crashes." },
  S26: { rule: "Integers beyond 2^53 - 1, NaN and infinities are refused and never wrap." },
  S27: {
    rule: "A few bytes that declare a huge container cost nothing.",
    notApplicable:
      "tokens are JSON, which declares no lengths; size and nesting are bounded by S29 and S32",
  },
  S29: { rule: "A token or chain over its ceiling is refused before it is decoded." },
  S30: {
    rule: "Garbage, empty text, white space and null as a token give a DelegationError and nothing else.",
  },
  S31: {
    rule: "An object where an array is due is refused by a DelegationError, not a TypeError.",
  },
  S32: { rule: "A field of the wrong type is refused and never coerced." },
  S34: { rule: "A chain with two of its links swapped is refused." },
  S35: { rule: "A chain with a foreign token put inside is refused." },
  S36: {
    rule: "The attenuation secret must fit the last block's next key.",
    notApplicable:
      "no secret travels with a token; C06 proves that only the parent's confirmed key signs a link",
  },
  S37: {
    rule: "A token that allows no further hop is neither extended by the minter nor accepted with a child.",
  },
  S39: {
    rule: "A link that names an unsupported digest is unverifiable, not tampered.",
    notApplicable: "par_hash is always SHA-256 and names no algorithm",
  },
} satisfies Record<string, Requirement>;

const CHAIN = {
  C01: { rule: "An empty chain is refused." },
  C02: { rule: "A chain with a link left out is refused." },
  C03: { rule: "A chain that is reversed or shuffled is refused." },
  C05: {
    rule: "A link moved under a sibling of its parent that confirms the same key is refused by par_hash alone.",
  },
  C06: { rule: "A link that is not signed by the holder of its parent is refused." },
  C07: {
    rule: "A link signed by a trusted issuer that is not the parent's holder is refused under the delegator rule.",
  },
  C08: {
    rule: "The same token id twice in one chain is refused; the same agent twice with distinct tokens is allowed.",
  },
  C10: { rule: "A depth that is not the parent's plus one is refused." },
  C11: { rule: "A depth beyond the parent's maximum is refused." },
  C12: { rule: "A child that raises the maximum depth is refused." },
  C13: { rule: "A token whose maximum depth is below its own depth is refused." },
  C15: {
    rule: "A chain over the ceiling of tokens or hops is refused before any signature is checked.",
  },
  C16: {
    rule: "The minter refuses what a verifier with the same ceilings would refuse, and every walk is bounded.",
  },
  C17: {
    rule: "A root that arrives with its own trust is worth nothing: roots come from the verifier's configuration.",
  },
  C18: { rule: "A link that names another parent than the one before it is refused." },
  C20: {
    rule: "A chain whose anchor the store has no record of is not extended, exchanged or admitted.",
  },
  C21: { rule: "A hop id that is taken is not defined a second time." },
  C22: { rule: "A later hop that changes the principal is refused." },
  C23: {
    rule: "A delegation without a stated reason is refused where policy demands one.",
    notApplicable: "a hop carries no free text; what it is for stands in its grant",
  },
  C25: { rule: "A root without a subject is refused." },
  C26: { rule: "A parent of another tenant is answered exactly as one that does not exist." },
} satisfies Record<string, Requirement>;

const ATTENUATION = {
  A01: { rule: "A child that adds a tool is refused." },
  A02: { rule: "A child that widens a pattern is refused." },
  A04: { rule: "A child that drops or adds a constrained argument of a closed tool is refused." },
  A05: { rule: "A child may close an open tool and may not open a closed one." },
  A06: { rule: "A child that moves, opens or drops a bound of a range is refused." },
  A07: { rule: "A child that changes an exact value is refused." },
  A09: { rule: "A list of exclusions under a list of values is refused." },
  A10: { rule: "A child that excludes fewer values is refused." },
  A11: {
    rule: "A child that requires fewer members, allows more, or swaps contains and subset is refused.",
  },
  A12: {
    rule: "A child that drops a clause of all, or lets one clause answer for two, is refused.",
  },
  A14: {
    rule: "A child with a narrower inner clause under a negation is refused.",
    notApplicable: "there is no negation; exclusions are a list, which A10 covers",
  },
  A15: {
    rule: "An expression that escapes by operator precedence is refused.",
    notApplicable: "constraints are data; no expression language (CEL) is evaluated",
  },
  A16: {
    rule: "An expression that only starts like its parent is refused.",
    notApplicable: "constraints are data; no expression language (CEL) is evaluated",
  },
  A17: {
    rule: "A constraint of another type is refused unless the subsumption matrix lists the pair.",
  },
  A19: {
    rule: "A wider network, another address family, or a mapped address that escapes its network is refused.",
  },
  A20: { rule: "A path above, beside, or only looking like one below its parent is refused." },
  A21: { rule: "Paths are compared byte by byte, so that no change of case widens them." },
  A22: {
    rule: "A host constraint that adds a host, a scheme or a port, or drops a list, is refused.",
  },
  A24: {
    rule: "A child that adds a program to a command line constraint is refused.",
    notApplicable: "no constraint type reads command lines (Shlex)",
  },
  A25: {
    rule: "A scope or path that only shares its first characters with its parent is refused.",
  },
  A26: { rule: "Equal wildcards are kept, not refused." },
  A27: { rule: "A wildcard under a specific scope is refused." },
  A29: { rule: "A life longer than the ceiling is refused." },
  A30: { rule: "A child that outlives its parent is refused." },
  A31: { rule: "A child is usable only inside the time window of every hop above it." },
  A32: {
    rule: "A child that raises a budget, changes its currency, or keeps the rate but lifts the total is refused.",
  },
  A34: {
    rule: "A child that raises or introduces a clearance is refused.",
    notApplicable:
      "grants have no clearances; agent-delegation's rank constraint is judged by its vectors",
  },
  A35: {
    rule: "An approval gate cannot be dropped, weakened or emptied while its tool stays; it may go with its tool.",
  },
  A36: { rule: "A child that asks for fewer approvers is refused." },
  A37: {
    rule: "A child that widens a data class or a jurisdiction is refused.",
    notApplicable:
      "grants have no data classes or jurisdictions of their own; they are ordinary constraints",
  },
  A39: {
    rule: "An issuing warrant stays within its issuing bounds.",
    notApplicable:
      "there are no issuer warrants; what may be handed on is inside the grant (delegateOnly)",
  },
  A40: {
    rule: "An issuer does not issue an execution warrant to itself.",
    notApplicable:
      "there are no warrant types; delegateOnly tools pass only to a different, proven agent",
  },
  A41: {
    rule: "An execution warrant does not issue, an issuing warrant does not execute.",
    notApplicable: "there are no warrant types; use and delegate are rights of each tool",
  },
  A42: {
    rule: "A later block adds no fact that enlarges authority.",
    notApplicable: "there is no Datalog; a token holds no facts or rules",
  },
  A44: {
    rule: "On small domains, a child accepted under a parent admits no value that the parent refuses, for every pair.",
  },
  A45: { rule: "Random chains to depth 8 never widen." },
  A46: {
    rule: "A second, plain evaluator finds no false grant, and false denies only from a committed list.",
  },
} satisfies Record<string, Requirement>;

const ENFORCEMENT = {
  E01: { rule: "An argument that a closed tool does not name is refused." },
  E03: { rule: "A numeric string does not satisfy a range." },
  E04: { rule: "NaN does not satisfy a range." },
  E05: {
    rule: "Dot segments, encodings, backslashes and null bytes do not pass a path constraint.",
  },
  E06: { rule: "A look-alike or another case of a tool's or a host's name is another name." },
  E08: {
    rule: "Addresses in odd spellings, mapped addresses and user information do not pass a host constraint.",
  },
  E09: {
    rule: "Shell metacharacters do not pass a command line constraint.",
    notApplicable: "no constraint type reads command lines (Shlex)",
  },
  E10: {
    rule: "The arguments that a handler gets are the ones that were judged, whatever the caller changes meanwhile.",
  },
  E11: {
    rule: "A tool's name with a separator, a null byte or a prefix of another agent is just another, ungranted name.",
  },
  E13: {
    rule: "A denial cannot be taken for an allow: it is its own kind, and the handler does not run.",
  },
  E14: {
    rule: "Arguments that arrive as a stream are judged whole.",
    notApplicable: "the guard takes whole arguments; no adapter here reads streams",
  },
  E15: {
    rule: "Claims are used only of tokens that were verified; a forged token reaches no handler.",
  },
  E16: {
    rule: "A permissive mode is explicit, loud and off by default.",
    notApplicable: "there is no permissive mode",
  },
  E18: { rule: "An evaluation that throws denies." },
  E19: {
    rule: "Every adapter gives the same verdict for the same input.",
    notApplicable: "this package has one guard and no adapters",
  },
  E20: {
    rule: "A run's hop does not leak into a concurrent run.",
    notApplicable: "no ambient context carries a hop here; every call names its chain",
  },
  E21: { rule: "A call passes only when both the grant and the local policy allow it." },
  E23: {
    rule: "An agent may use its own broader token until it expires or is cut, and no longer.",
  },
} satisfies Record<string, Requirement>;

const POSSESSION = {
  P01: { rule: "A token without proof of its key is refused." },
  P02: { rule: "A key without its token is refused." },
  P03: { rule: "A delegator that presents its child's token is refused." },
  P05: { rule: "A proof by an ancestor's key is refused: only the leaf's key counts." },
  P06: { rule: "A proof from the future or too old is refused." },
  P07: { rule: "A proof that was seen before is refused inside its window." },
  P08: { rule: "Of fifty parallel replays of one proof exactly one passes." },
  P10: { rule: "A proof for one enforcement point is refused at another." },
  P11: { rule: "An audience that differs in scheme, port, subdomain or case is another audience." },
  P12: {
    rule: "A proof made while attesting does not pass without the offer, nor the other way round.",
    notApplicable: "proofs carry no attestation offer",
  },
  P13: {
    rule: "A proof is bound to the digest of its leaf and to the arguments, and passes for no other.",
  },
  P15: { rule: "One verification uses one instant." },
  P16: { rule: "A clock that jumps brings nothing revoked or expired back." },
  P17: { rule: "Every tolerance holds exactly at its edge and fails one past it." },
  P18: { rule: "A call that waited for its approval is retried with a fresh proof and passes." },
  P20: {
    rule: "After a rotation the previous key still verifies what it signed and signs nothing new.",
  },
} satisfies Record<string, Requirement>;

const APPROVALS = {
  H01: {
    rule: "Without approval, or with fewer approvers than asked for, the call is not allowed.",
  },
  H02: { rule: "An approver counts once, however often they approve." },
  H03: {
    rule: "An approval by someone not entitled, late, for other arguments, or forged is refused.",
  },
  H05: { rule: "Tickets that wait are bounded." },
  H06: { rule: "A malformed approval is refused, not taken for none." },
  H07: { rule: "An approval after the hop's revocation does not bring it to life." },
  H08: {
    rule: "An approval after the parent was narrowed or suspended does not let the call pass.",
  },
} satisfies Record<string, Requirement>;

const TREE = {
  R01: { rule: "When the root is revoked, a call by a leaf is refused." },
  R02: {
    rule: "When a middle hop is revoked, its branch stops, its siblings and its parent live.",
  },
  R03: { rule: "When a leaf is revoked, its parent lives." },
  R04: { rule: "A cut above ten thousand descendants is one write and stops them all." },
  R06: { rule: "A holder may give up its own hop." },
  R07: {
    rule: "A cut repeated changes nothing; an unknown id and another tenant's id are answered alike.",
  },
  R08: {
    rule: "Cuts by those not entitled are refused, and repeated cuts do not make the store grow.",
  },
  R09: { rule: "A hop that was cut before it was seen is dead when it appears." },
  R11: { rule: "A link minted offline below a revoked hop is refused." },
  R12: {
    rule: "A call in flight when the cut arrives is aborted, and what had happened is on record.",
  },
  R13: { rule: "Approve, complete and revoke that race end in one legal state." },
  R14: { rule: "A cut of the root reaches living hops below an expired one, at any depth." },
  R16: { rule: "An older list of revocations never replaces a newer one." },
  R17: { rule: "Knowledge older than its bound refuses." },
  R18: {
    rule: "A store that is down or failed over allows nothing revoked.",
    notApplicable:
      "the embedded store is in this process; R17 and D-lapsed-lease cover silence, D-empty-restart a restart",
  },
  R19: { rule: "A store that restarts empty refuses every token of before." },
  R21: { rule: "Nothing is un-revoked." },
  R22: { rule: "A suspended hop resumes with what it had, and never past a cut or its expiry." },
  R23: { rule: "A banned agent gets no further hop." },
  R26: { rule: "A cut with an empty or wildcard selector is refused." },
  R27: { rule: "Cuts are delivered in order, each applied once, also after the reader restarts." },
  R28: {
    rule: "A record that allows or delegates after the cut, or before the hop exists, does not verify.",
  },
  R29: {
    rule: "A forged, removed, repeated, reordered or mistyped audit entry is found and named.",
  },
  R31: { rule: "A transition that the table does not know is refused and changes nothing." },
  R32: { rule: "Children that drain a shared budget at once never exceed it." },
  R33: { rule: "A hundred parallel delegations at a limit of ten give exactly ten hops." },
  R34: { rule: "A tree is shown in bounded pages and only to its own tenant." },
} satisfies Record<string, Requirement>;

const LEAKAGE = {
  K02: { rule: "No token and no key reaches the audit log." },
  K03: { rule: "A holder's private key does not leave by serialisation." },
  K04: { rule: "A refusal tells the caller hop and rule, and only the operator the values." },
  K05: {
    rule: "An id that does not exist and one of another tenant take the same path and give the same answer.",
  },
} satisfies Record<string, Requirement>;

const DESIGN = {
  "D-stripped-link": {
    rule: "A chain stripped of its last link is worth nothing without the key of what is left.",
  },
  "D-stolen-chain": {
    rule: "A stolen chain cannot be exchanged, delegated from or used without its leaf's key.",
  },
  "D-chosen-id": { rule: "Nobody chooses the id of a hop." },
  "D-empty-restart": { rule: "A store that started empty cannot bring the revoked back." },
  "D-narrow-escape": { rule: "A successor does not escape a cut of its predecessor." },
  "D-narrow-budget": { rule: "A successor keeps its predecessor's counters." },
  "D-suspend-resume": {
    rule: "A hop is suspended while any one of its suspensions is not lifted, whatever the order.",
  },
  "D-ticket-twice": { rule: "An approval is used once, however many calls race for it." },
  "D-cut-pending": { rule: "A cut of a pending hop holds when its approval comes later." },
  "D-cut-unseen": { rule: "A cut of a hop that was never seen holds when it is seen." },
  "D-lapsed-lease": { rule: "A lapsed lease cuts its tree and cannot be renewed." },
  "D-second-writer": { rule: "A journal that has a writer refuses a second one." },
  "D-new-key-retry": {
    rule: "The same delegation with another holder key cuts the first hop and takes its slot in one step.",
  },
} satisfies Record<string, Requirement>;

/** Every rule by its id. */
export const REQUIREMENTS: Readonly<Record<string, Requirement>> = {
  ...SIGNATURES,
  ...CHAIN,
  ...ATTENUATION,
  ...ENFORCEMENT,
  ...POSSESSION,
  ...APPROVALS,
  ...TREE,
  ...LEAKAGE,
  ...DESIGN,
};
