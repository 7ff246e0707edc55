/** The tracing and metrics contract, free of any library; who has one adapts it. @module */

/**
 * Every metric, with its labels. Labels have few values: a reason, a result, a policy. Never the id of an agent, a hop,
 * a tree or a person; those go into spans. Durations are seconds, as Prometheus asks.
 */
export const METRICS = {
  legate_hops_issued_total: counter("hops issued", []),
  legate_hops_denied_total: counter("delegations refused", ["reason"]),
  legate_hops_expired_total: counter("hops that ran out", []),
  legate_hops_revoked_total: counter("cuts applied", ["reason"]),
  legate_hops_active: gauge("hops that are active", []),
  legate_check_duration_seconds: histogram("time of one decision of a guard", ["result"]),
  legate_revocation_propagation_seconds: histogram("from a cut to the guard that knows it", []),
  legate_staleness_seconds: gauge("age of a guard's knowledge of cuts", []),
  legate_staleness_bound_seconds: gauge("age at which a guard starts to refuse", []),
  legate_calls_in_flight: gauge("calls that a guard has let in and that still run", []),
  legate_calls_aborted_total: counter("running calls aborted by a cut", []),
  legate_approvals_pending: gauge("approvals that wait for a person", []),
  legate_approval_wait_seconds: histogram("from asking to the person's answer", ["result"]),
  legate_policy_decisions_total: counter("decisions of the policy gate", ["policy", "decision"]),
  legate_chain_cache_total: counter("look-ups of verified chains", ["result"]),
  legate_store_up: gauge("1 while the store answers, else 0", []),
  legate_feed_lag: gauge("entries of the feed that a guard has not read yet", []),
  legate_audit_append_total: counter("audit lines written", []),
  legate_audit_buffer: gauge("audit lines waiting to be written", []),
  legate_audit_export_lag: gauge("audit lines not yet exported", []),
} as const;

/** How a metric is kept. */
export interface Metric<Kind extends MetricKind = MetricKind, Label extends string = string> {
  readonly kind: Kind;
  readonly help: string;
  readonly labels: readonly Label[];
}
/** A sum that only grows, a level, or a distribution. */
export type MetricKind = "counter" | "gauge" | "histogram";

/** Names of the metrics of one kind. */
export type MetricName<Kind extends MetricKind = MetricKind> = {
  [Name in keyof typeof METRICS]: (typeof METRICS)[Name]["kind"] extends Kind ? Name : never;
}[keyof typeof METRICS];

/** Exactly the labels that a metric has. */
export type LabelsOf<Name extends MetricName> = Readonly<
  Record<(typeof METRICS)[Name]["labels"][number], string>
>;

/** Attributes of a span; ids are welcome here, tokens, keys and argument values are not. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** A span that is open. */
export interface Span {
  /** Adds attributes that became known on the way. */
  set(attributes: Attributes): void;
}

/** Where the engine reports what it does. No method may throw, and none is awaited. */
export interface Telemetry {
  /** Runs `run` inside a span, which ends when `run` has returned or its promise is settled; what it throws passes on. */
  span<T>(name: string, attributes: Attributes, run: (span: Span) => T): T;
  /** Adds `n` (1 unless told) to a counter. */
  count<Name extends MetricName<"counter">>(name: Name, labels: LabelsOf<Name>, n?: number): void;
  /** Puts a gauge to `value`. */
  gauge<Name extends MetricName<"gauge">>(name: Name, labels: LabelsOf<Name>, value: number): void;
  /** Notes one value of a histogram, in the unit that its name ends in. */
  observe<Name extends MetricName<"histogram">>(
    name: Name,
    labels: LabelsOf<Name>,
    value: number,
  ): void;
}

const SILENT_SPAN: Span = { set: () => undefined };

/** Reports to nobody. */
export const silent: Telemetry = {
  span: (_name, _attributes, run) => run(SILENT_SPAN),
  count: () => undefined,
  gauge: () => undefined,
  observe: () => undefined,
};

function counter<const Label extends string>(
  help: string,
  labels: readonly Label[],
): Metric<"counter", Label> {
  return { kind: "counter", help, labels };
}

function gauge<const Label extends string>(
  help: string,
  labels: readonly Label[],
): Metric<"gauge", Label> {
  return { kind: "gauge", help, labels };
}

function histogram<const Label extends string>(
  help: string,
  labels: readonly Label[],
): Metric<"histogram", Label> {
  return { kind: "histogram", help, labels };
}
