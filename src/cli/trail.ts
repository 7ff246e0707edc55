/** What the audit log tells of one hop: its refusals, and what ended it. @module */
import { type Boundary, boundarySchema } from "../wire/cut.js";
import type { AuditDraft, AuditLine } from "../wire/event.js";
import type { Lineage, Opened } from "./state.js";

/** A call that was not let through, or was stopped. */
export interface Refused {
  readonly at: number;
  readonly tool: string;
  readonly outcome: "deny" | "ask" | "aborted";
  readonly code?: string;
  readonly rule?: string;
}

/** Something that ended a hop of the chain, or all of it. */
export interface Ending {
  readonly at: number;
  readonly kind: string;
  readonly by?: string;
  readonly reason?: string;
  readonly hop?: string;
  readonly boundary?: Boundary;
}

/** What {@link readTrail} finds. */
export interface HopTrail {
  /** The newest one. */
  readonly refused: Refused | undefined;
  readonly endings: readonly Ending[];
}

const PAGE = 1_000;
const ENDINGS: ReadonlySet<string> = new Set([
  "cut",
  "hop.completed",
  "hop.superseded",
  "hop.replaced",
  "hop.suspended",
  "hop.denied",
  "lease.lapsed",
]);

/** Reads the log from its beginning: cuts beyond one tree stand outside of it. O(lines). */
export async function readTrail({ store, tenant }: Opened, lineage: Lineage): Promise<HopTrail> {
  const { leaf, tree, nodes } = lineage;
  const chain = new Set(nodes.map(({ hop }) => hop.id));
  let refused: Refused | undefined;
  const endings: Ending[] = [];
  for (let from = 1; ; ) {
    const lines = await store.audit({ tenant, from, limit: PAGE });
    for (const { at, event } of lines) {
      refused = refusalIn(event, at, leaf.hop.id) ?? refused;
      if (!ENDINGS.has(event.kind) || !concerns(event, lineage, chain)) continue;
      endings.push(endingOf(event, at));
    }
    const last: AuditLine | undefined = lines.at(-1);
    if (last === undefined) break;
    from = last.seq + 1;
  }
  return { refused, endings: endings.filter(({ at }) => at >= tree.createdAt) };
}

function refusalIn(event: AuditDraft, at: number, hop: string): Refused | undefined {
  if (event.kind === "calls") {
    const found = callsIn(event).findLast((call) => call.hop === hop && call.decision !== "allow");
    return found?.refused;
  }
  if (event.hop !== hop || event.tool === undefined) return undefined;
  if (event.kind === "call.aborted") return refusedOf(event.tool, "aborted", at, event);
  if (event.kind !== "call" || event.decision === undefined || event.decision === "allow")
    return undefined;
  return refusedOf(event.tool, event.decision, at, event);
}

/** Decisions that a guard wrote down in one batch. */
function callsIn(event: AuditDraft): { hop: string; decision: string; refused: Refused }[] {
  const calls = event.data?.calls;
  if (!Array.isArray(calls)) return [];
  return calls.flatMap((call) => {
    if (call === null || typeof call !== "object" || Array.isArray(call)) return [];
    const { hop, tool, at, decision, code, rule } = call;
    if (typeof hop !== "string" || typeof tool !== "string" || typeof at !== "number") return [];
    if (decision !== "deny" && decision !== "ask" && decision !== "allow") return [];
    const why = {
      ...(typeof code === "string" ? { code } : {}),
      ...(typeof rule === "string" ? { rule } : {}),
    };
    const outcome = decision === "ask" ? "ask" : "deny";
    return [{ hop, decision, refused: refusedOf(tool, outcome, at, why) }];
  });
}

function refusedOf(
  tool: string,
  outcome: Refused["outcome"],
  at: number,
  { code, rule }: { code?: string | undefined; rule?: string | undefined },
): Refused {
  return {
    at,
    tool,
    outcome,
    ...(code === undefined ? {} : { code }),
    ...(rule === undefined ? {} : { rule }),
  };
}

function endingOf(event: AuditDraft, at: number): Ending {
  const boundary = boundaryIn(event);
  return {
    at,
    kind: event.kind,
    ...(event.by === undefined ? {} : { by: event.by }),
    ...(event.reason === undefined ? {} : { reason: event.reason }),
    ...(event.hop === undefined ? {} : { hop: event.hop }),
    ...(boundary === undefined ? {} : { boundary }),
  };
}

function boundaryIn(event: AuditDraft): Boundary | undefined {
  const parsed = boundarySchema.safeParse(event.data?.boundary);
  return parsed.success ? parsed.data : undefined;
}

/** Whether the event touches a hop of the chain. */
function concerns(
  event: AuditDraft,
  { tree, nodes, leaf }: Lineage,
  chain: ReadonlySet<string>,
): boolean {
  const boundary = boundaryIn(event);
  switch (boundary?.kind) {
    case undefined:
      return event.hop === undefined ? event.tree === tree.id : chain.has(event.hop);
    case "hop":
      return chain.has(boundary.hop);
    case "below":
      return chain.has(boundary.hop) && boundary.hop !== leaf.hop.id;
    case "tree":
      return boundary.tree === tree.id;
    case "agent":
    case "ban":
      return nodes.some(({ hop }) => hop.agent === boundary.agent);
    case "key":
      return nodes.some(({ hop }) => hop.holder === boundary.thumbprint);
    case "principal":
      return (
        boundary.issuer === tree.principal.issuer && boundary.subject === tree.principal.subject
      );
    case "epoch":
      return true;
  }
}
