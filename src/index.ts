/**
 * The front door: verify a chain, evaluate a grant, attenuate offline, and hold a chain. Loads jose and zod and nothing else;
 * reads no file, looks at no clock, and opens no socket but to fetch an issuer's keys when told to.
 *
 * @module
 */
export type { Clock } from "./base/clock.js";
export { CODES, type Code, type CodeRow, type Outcome } from "./base/codes.js";
export { DelegationError, type Refusal } from "./base/error.js";
export type { Json, JsonObject } from "./base/json-value.js";
export { type RandomBytes, systemRandom } from "./base/random.js";
export {
  type Attributes,
  type LabelsOf,
  METRICS,
  type Metric,
  type MetricKind,
  type MetricName,
  type Span,
  type Telemetry,
} from "./base/telemetry.js";
export { type CacheLimits, ChainCache } from "./chain/cache.js";
export {
  formatChain,
  type Holder,
  handOn,
  holdChain,
  narrowToCall,
  parseChainText,
} from "./chain/holder.js";
export { type LinkDraft, mintLink, mintSelfLink, type SelfLinkDraft } from "./chain/mint.js";
export { type AnchorDraft, mintAnchor, mintRoot, type RootDraft } from "./chain/mint-anchor.js";
export type { ChildSigner } from "./chain/profile.js";
export { Trust, type TrustedKey, type TrustSettings, trustedKeys } from "./chain/trust.js";
export type {
  ChainHop,
  Principal,
  ProfileName,
  StatusReference,
  VerifiedChain,
} from "./chain/verified-chain.js";
export { type VerifyOptions, verifyChain, verifyLeaf } from "./chain/verify.js";
export { attenuate, escapesOf, type Handing } from "./grant/attenuate.js";
export type { CeilingOptions, Totals } from "./grant/ceiling.js";
export {
  evaluate,
  evaluateScope,
  type GrantRefusal,
  gatesOf,
  type ScopeRequest,
  type TriggeredGate,
} from "./grant/evaluate.js";
export { type AatProofDraft, makeAatProof } from "./token/aat-proof.js";
export { type AgentKeys, type AgentProofDraft, makeAgentProof } from "./token/agent-proof.js";
export { type DpopDraft, makeDpopProof, type ProofBinding } from "./token/dpop.js";
export {
  type Alg,
  exportSigningKey,
  generateSigningKey,
  importPublicKey,
  importSigningKey,
  type PublicKey,
  type SigningKey,
  type VerificationKey,
} from "./token/key.js";
export { importPublicPem, importSigningPem } from "./token/pem.js";
export { type RemoteJwks, type RemoteJwksOptions, remoteJwks } from "./token/remote-jwks.js";
export type { ReplayStore } from "./token/replay.js";
export { CEILING_TYPES, type CeilingType } from "./wire/ceiling.js";
export type { AllConstraint, AnyConstraint, SimpleConstraint } from "./wire/constraint.js";
export {
  type Authority,
  type Ceiling,
  type Constraint,
  type Gate,
  type Grant,
  type GrantDefaults,
  type GrantInput,
  type Limits,
  parseGrant,
  type ToolMap,
} from "./wire/grant.js";
export { type Invocation, parseInvocation } from "./wire/invocation.js";
export type { PrivateJwk, PublicJwk } from "./wire/jose.js";
