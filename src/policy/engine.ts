/** The second gate's contract: rules as code, asked after the grant has allowed, able to refuse and never to widen. @module */
import { DelegationError } from "../base/error.js";
import type { Json } from "../base/json-value.js";

/** One invocation that the grant allows, as the engine sees it. All of it comes from verified bytes or from the guard itself. */
export interface PolicyRequest {
  readonly tenant: string;
  readonly principal: { readonly issuer: string; readonly subject: string };
  /** Root first, acting hop last. */
  readonly hops: readonly PolicyHop[];
  readonly tool: string;
  /** As they were judged by the grant; the same object that the handler gets. */
  readonly arguments: Readonly<Record<string, Json>>;
  readonly audience: string;
  /** Epoch ms; one instant for the whole decision. */
  readonly now: number;
  /** What else the guard knows: facts of its own, never the caller's word. */
  readonly context: Readonly<Record<string, Json>>;
}

/** A hop of the chain that calls. */
export interface PolicyHop {
  readonly id: string;
  readonly agent: string;
  readonly identity: "proven" | "asserted";
}

/** What has to happen before an allowed call runs. A guard that does not know an obligation denies. */
export interface ApprovalObligation {
  readonly kind: "require_approval";
  /** How many people have to say yes. */
  readonly approvers: number;
  /** Who may; anyone outside the chain when absent. */
  readonly from?: readonly string[];
}
/** Every kind of obligation there is. */
export type Obligation = ApprovalObligation;

/** An answer. `rules` are the ids of the rules that decided; they may be shown to operators and stand in the audit. */
export type PolicyDecision =
  | {
      readonly effect: "allow";
      readonly rules: readonly string[];
      readonly obligations: readonly Obligation[];
    }
  | {
      readonly effect: "deny";
      readonly rules: readonly string[];
      /** `policy_failed`: the engine could not decide, so it denies. */
      readonly code: "policy_denied" | "policy_failed";
    };

/** Rules as code. A new version is a new `version`: approvals are bound to it. */
export interface PolicyEngine {
  readonly version: string;
  /** Whether it has rules for a server, by its audience: tickets for others are handed out without it. For all unless told. */
  concerns?(audience: string): boolean;
  /** May be asynchronous; the guard waits, and its time-out denies. */
  decide(request: PolicyRequest): PolicyDecision | Promise<PolicyDecision>;
}

/** The rules for one server, for who hands out tickets; undefined where there are none. */
export function policyFor(
  policy: PolicyEngine | undefined,
  audience: string,
): PolicyEngine | undefined {
  return policy?.concerns?.(audience) === false ? undefined : policy;
}

const FAILED: PolicyDecision = { effect: "deny", rules: [], code: "policy_failed" };

/**
 * Asks `engine` and lets nothing but a well-formed answer through: what it throws, rejects with or makes up is a denial
 * with `policy_failed`. Stays synchronous when the engine is.
 */
export function consult(
  engine: PolicyEngine,
  request: PolicyRequest,
): PolicyDecision | Promise<PolicyDecision> {
  try {
    const answer = engine.decide(request);
    return answer instanceof Promise ? answer.then(checked, () => FAILED) : checked(answer);
  } catch {
    return FAILED;
  }
}

/** The refusal that a denial amounts to. */
export function refusalOf(decision: Extract<PolicyDecision, { effect: "deny" }>): DelegationError {
  const [rule] = decision.rules;
  return new DelegationError(
    decision.code,
    decision.code === "policy_denied" ? "policy denies this call" : "policy could not decide",
    rule === undefined ? {} : { rule },
  );
}

function checked(answer: PolicyDecision): PolicyDecision {
  if (typeof answer !== "object" || answer === null || !Array.isArray(answer.rules)) return FAILED;
  if (answer.effect === "allow" && isObligations(answer.obligations)) return answer;
  if (answer.effect !== "deny") return FAILED;
  return answer.code === "policy_denied" || answer.code === "policy_failed" ? answer : FAILED;
}

function isObligations(value: unknown): boolean {
  return Array.isArray(value) && value.every(isObligation);
}

function isObligation(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { kind, approvers, from } = value as Partial<ApprovalObligation>;
  const counts = Number.isSafeInteger(approvers) && Number(approvers) > 0;
  return kind === "require_approval" && counts && (from === undefined || isNames(from));
}

function isNames(value: unknown): boolean {
  return Array.isArray(value) && value.every((name) => typeof name === "string" && name !== "");
}
