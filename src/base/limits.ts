/** Every ceiling, with its reason. Time is milliseconds unless the name says seconds. @module */

/** Bytes of one compact token; the AAT draft's default. Refused before decoding. */
export const TOKEN_BYTES_MAX = 65_536;
/** Bytes of all tokens of one chain together; the AAT draft's default. */
export const CHAIN_BYTES_MAX = 262_144;
/** Tokens of one chain on the wire: one anchor and 31 links. Bounds signature work per request. */
export const TOKENS_MAX = 32;
/** Hops from the root of a tree to its deepest leaf. Bounds lineage, ancestry walks and charges. */
export const HOPS_MAX = 64;
/** Default for the hops that may still follow a root. */
export const HOPS_DEFAULT = 5;
/** Nesting of JSON that comes from outside; deeper is refused before any recursion. */
export const JSON_DEPTH_MAX = 128;
/** Bytes (UTF-8) of one JSON text, where the caller knows no smaller ceiling. */
export const JSON_BYTES_MAX = 1_048_576;
/** Digits of one amount of money, before and after the point together. */
export const DECIMAL_DIGITS_MAX = 36;
/** Nesting of constraints (`all` in `any` in …); the AAT draft's default. */
export const CONSTRAINT_DEPTH_MAX = 32;
/** Tools of one grant; the AAT draft's default. */
export const TOOLS_MAX = 256;
/** Constrained arguments of one tool; the AAT draft's default. */
export const ARGUMENTS_MAX = 64;
/** Bytes (UTF-8) of a tool's name; the AAT draft's default. */
export const TOOL_NAME_BYTES_MAX = 256;
/** Bytes (UTF-8, JSON) of one constraint's value; the AAT draft's default. */
export const CONSTRAINT_VALUE_BYTES_MAX = 4_096;
/** Scopes of one grant. */
export const SCOPES_MAX = 256;
/** Audiences of one grant. */
export const AUDIENCES_MAX = 16;
/** Characters of an agent's, a subject's or a tenant's name. */
export const NAME_CHARS_MAX = 512;
/** Bytes of the arguments of one invocation in JSON. */
export const ARGUMENTS_BYTES_MAX = 1_048_576;
/** How far ahead of the verifier's clock `iat` may lie; the AAT draft's default. */
export const IAT_SKEW_MS = 30_000;
/** Longest life of any token; the AAT draft's default (90 days). */
export const LIFETIME_MS_MAX = 90 * 86_400_000;
/** Life of a hop when the caller names none: minutes, not hours. */
export const LIFETIME_MS_DEFAULT = 300_000;
/** Longest life of an anchor minted as `bearer`. */
export const BEARER_LIFETIME_MS_MAX = 300_000;
/** Longest life of a self-link. */
export const SELF_LINK_LIFETIME_MS_MAX = 60_000;
/** How far a proof of possession may lie from the verifier's clock, either way. */
export const PROOF_WINDOW_MS = 30_000;
/** How long after it was made a proof is remembered: until no verifier whose clock is behind would take it. */
export const PROOF_KEPT_MS = 2 * PROOF_WINDOW_MS + 1;
/** A proof from further ahead of its time is remembered by a quorum before it counts: it could outlive the owner that knows of it. */
export const PROOF_AHEAD_MS = 1_000;
/** Proofs remembered by one replay store; when full of live ones it refuses. */
export const REPLAYS_MAX = 1_000_000;
/** Session MACs: sequence numbers that may arrive out of order. */
export const SESSION_WINDOW = 1_024;
/** Live possession sessions of one guard. */
export const SESSIONS_MAX = 100_000;
/** Life of a possession session at most; afterwards a signed proof is due again. */
export const SESSION_MS_MAX = 900_000;
/** Verified chains held by one cache, in two generations. */
export const CHAIN_CACHE_MAX = 10_000;
/** Verified chains that one root may occupy; a holder can mint sibling leaves without end. */
export const CHAIN_CACHE_PER_ROOT_MAX = 1_000;
/** Clock tolerance between a caller and the store. */
export const CLOCK_TOLERANCE_MS = 30_000;
/** How old a guard's knowledge may be before it refuses. */
export const STALENESS_MS_MAX = 1_000;
/** Interval of heartbeats. */
export const HEARTBEAT_MS = 250;
/** Life of an approval ticket until a person decides: silence is no. */
export const TICKET_MS_DEFAULT = 900_000;
/** Approvals that one gate may ask for. */
export const APPROVERS_MAX = 16;
/** Tickets that may wait in one tree. */
export const TICKETS_PER_TREE_MAX = 1_000;
/** Nodes of one page of a tree. */
export const PAGE_MAX = 500;
/** Audit events of local allows waiting to be written; a full buffer denies. */
export const AUDIT_BUFFER_MAX = 10_000;
/** Inflated bytes of a status list (8 million two-bit entries): the zip bomb's end. */
export const STATUS_LIST_BYTES_MAX = 2_097_152;
/** Attempts of a verb that lost a race against a newer cut. */
export const POSITION_RETRIES_MAX = 8;
/** Characters of a `pattern` constraint: with the next line, bounds the work of proving one pattern inside another. */
export const PATTERN_CHARS_MAX = 256;
/** Steps that proving one grant inside another may take; beyond, the child is refused as not proved. */
export const SUBSET_STEPS_MAX = 200_000;
/** Values that one constraint may list. */
export const CONSTRAINT_VALUES_MAX = 1_024;
/** Clauses of one `all` or `any`. */
export const CLAUSES_MAX = 64;
/** Ceilings (agent-delegation constraints) of one grant. */
export const CEILINGS_MAX = 256;
/** Currencies of one spend limit. */
export const CURRENCIES_MAX = 16;
/** Characters of a string that `path` and `pattern` look at; longer ones are refused. Bounds the time of a decision. */
export const CHECKED_CHARS_MAX = 8_192;
/** Rules of one static policy; each call looks at all of them. */
export const POLICY_RULES_MAX = 1_000;
/** Bytes of one AAT proof of possession: it restates the arguments, in base64url, beside a few claims. */
export const PROOF_BYTES_MAX = 1_572_864;
/** JWS headers remembered by their exact text, in each of two generations. */
export const HEADER_CACHE_MAX = 256;
/** Characters of a header that is remembered. */
export const HEADER_CACHE_CHARS_MAX = 512;
/** Possession sessions that one holder key may have open at one guard; beyond, calls go on with signed proofs. */
export const SESSIONS_PER_HOLDER_MAX = 64;
/** Longest life of an agent's identity proof: it serves one delegation. */
export const AGENT_PROOF_LIFETIME_MS_MAX = 300_000;
/** Authorization details of one token, others' included. */
export const DETAILS_MAX = 64;
/** Keys that one trust holds; a token without a known `kid` is tried against those without one. */
export const TRUSTED_KEYS_MAX = 16;
/** Bytes of one status list token: a full list that does not compress, in base64url twice. */
export const STATUS_TOKEN_BYTES_MAX = 4_194_304;
/** How long a status list counts that states neither `exp` nor `ttl`. */
export const STATUS_TTL_MS_DEFAULT = 300_000;
/** Keys of one JWKS. */
export const JWKS_KEYS_MAX = 256;
/** Leases and hops that one step of a sweep settles, so that no step blocks the store for long. */
export const SWEEP_MAX = 1_000;
/** Bytes of one audit line. Bounds what one event can make every reader of the log hold. */
export const AUDIT_LINE_BYTES_MAX = 1_048_576;
/** Audit lines that one read of the log gives. */
export const AUDIT_PAGE_MAX = 10_000;
/** Hops that a preview walks before it estimates. */
export const PREVIEW_WALK_MAX = 100_000;
/** Offline links of one tree whose budgets are counted without a record of theirs. */
export const OFFLINE_TALLIES_PER_TREE_MAX = 100_000;
/** How long a guard waits for the answer of a policy; silence denies. */
export const POLICY_MS_MAX = 1_000;
/** Maps of tools that are kept by their text, so that asking for one again costs a look-up. */
export const SHARED_TOOL_MAPS_MAX = 512;
/** Longest text of such a map: V8 hashes texts beyond 16,383 characters by their length alone. */
export const SHARED_TEXT_CHARS_MAX = 4_096;
/** How long one `WAIT` may hold its connection; whoever wants to wait longer waits again. */
export const WAIT_MS_MAX = 500;
/** How long a write may take to reach as many replicas as were asked for. */
export const DURABLE_MS_DEFAULT = 2_000;
/** How long a coordinator counts as running after its last word: so long may one that died hold up heartbeats after a fail-over. */
export const RUNNING_MS = 5_000;
/** How long after a take-over no heartbeat goes out, so that every coordinator that runs has come forward with what it has to repair. */
export const TAKE_OVER_GRACE_MS = 500;
/** How long a guard's report counts; one that is silent for longer has gone. */
export const REPORT_MS = 10_000;
/** Calls in flight that one report tells. */
export const REPORT_CALLS_MAX = 1_000;
/** How long a cut stays in a coordinator's outbox after it was durable, unless told: ten times a Cluster's default node timeout. */
export const OUTBOX_KEEP_MS_DEFAULT = 150_000;
/** Things that an outbox keeps at once: about 100 MB, and a disk's second when its file is written anew. */
export const OUTBOX_THINGS_MAX = 100_000;
/** How far the clocks of one deployment lie apart, unless told. */
export const CLOCK_SKEW_MS_DEFAULT = 500;
/** How often somebody who waits for guards looks at their reports. */
export const REPORTS_LOOK_MS = 20;
/** Logs of cuts that a guard reads at the same time when it starts: each read is pages of entries. */
export const LOGS_READ_AT_ONCE = 16;
/** Characters of one challenge that is sent: proxies commonly take 8 KB of headers. */
export const CHALLENGE_CHARS_MAX = 4_096;
/** Characters of the challenges that are read: what Node takes of headers altogether. */
export const CHALLENGES_CHARS_MAX = 16_384;
/** Servers behind one gateway. */
export const GATEWAY_SERVERS_MAX = 64;
/** Sessions that callers have open at one server behind a gateway; each may stand for a process. */
export const GATEWAY_SESSIONS_MAX = 256;
/** How long a session at a gateway is kept after the last chain that used it has expired. */
export const GATEWAY_LINGER_MS = 300_000;
/** How long a call to a server behind a gateway may take, unless told; and at most. */
export const GATEWAY_CALL_SECONDS_DEFAULT = 300;
export const GATEWAY_CALL_SECONDS_MAX = 86_400;
/** How long a server behind a gateway may take to start. */
export const GATEWAY_START_MS = 30_000;
/** Starts of one server's process within a minute, after crashes; beyond, calls are refused until the minute is over. */
export const GATEWAY_STARTS_MAX = 6;
/** Pause before the second start; it doubles with each further one. */
export const GATEWAY_BACKOFF_MS = 100;
/** What one server behind a gateway has asked its callers and not been told. */
export const GATEWAY_ASKED_MAX = 256;
/** Bytes of one message of a server behind a gateway, and of one line that it writes to its log. */
export const GATEWAY_MESSAGE_BYTES_MAX = 10_485_760;
/** Shortest secret: a shorter one could not be told from other text in what a server answers. */
export const SECRET_CHARS_MIN = 8;
/** Characters of an `Authorization` header that is sent: proxies commonly take 8 KB a line, its name included. */
export const AUTHORIZATION_CHARS_MAX = 8_000;
/** Holder keys that one carrier keeps a session for. */
export const CARRIED_SESSIONS_MAX = 1_000;
/** Chains that one carrier remembers its server to know. */
export const CARRIED_CHAINS_MAX = 1_000;
/** Self-links that one carrier keeps for further calls. */
export const SELF_LINKS_MAX = 256;
/** Requests of one client that wait for their answers. */
export const CARRIED_REQUESTS_MAX = 10_000;
/** Requests of one MCP session that are being decided or run. */
export const MCP_REQUESTS_MAX = 1_024;
/** Hops of one tree that one MCP session keeps watching beyond their calls. */
export const MCP_HOPS_MAX = 256;
/** Tasks of MCP servers whose owners one guard knows; of those beyond, the oldest is forgotten, and nobody's any more. */
export const MCP_TASKS_MAX = 10_000;
/** Hops that made tasks in MCP sessions that are over, and that one server watches on for a cut. */
export const MCP_LEFT_MAX = 1_000;
/** Events of one MCP session's streams that can be taken up again after; of those beyond, the oldest cannot. */
export const MCP_EVENTS_MAX = 256;
/** How long a client may keep a list that was filtered for it, where it is told at all. */
export const MCP_LIST_TTL_MS = 5_000;
/** Bytes of one HTTP body with messages of MCP: what the SDK's own transport takes. */
export const MESSAGE_BYTES_MAX = 4_194_304;
/** Hops that one MCP server of a coordinator holds keys for, each until it is fetched or expires. */
export const HANDLES_MAX = 10_000;
/** Of those, the hops that one hop may have made. */
export const HANDLES_PER_HOP_MAX = 256;
/** How long a dry run of a cut can be confirmed. */
export const CONFIRM_MS = 300_000;
/** Nodes of one page of a tree in MCP, unless told: an agent reads all of them. */
export const MCP_PAGE_DEFAULT = 50;
/** Audit lines that one reading of a resource looks at. */
export const MCP_AUDIT_LINES_MAX = 1_000;
/** Sessions of one MCP server over HTTP; each holds a server of its own. */
export const MCP_HTTP_SESSIONS_MAX = 1_000;
/** Messages of one HTTP body: what the SDK's own transport takes. Each is judged. */
export const BATCH_MAX = 100;
