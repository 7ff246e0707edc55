/** One audit line as an event of the Open Cybersecurity Schema Framework (OCSF 1.9), for whoever collects those. Pure. @module */
import type { Json, JsonObject } from "../base/json-value.js";
import type { AuditLine } from "../wire/event.js";

const VERSION = "1.9.0";
const PRODUCT: JsonObject = { name: "Legate", vendor_name: "Legate" };

/** Entity Management (3004): what happens to a hop. Activity ids of OCSF, `Other` where it has no word. */
const ACTIVITIES: Readonly<Record<string, readonly [id: number, name: string]>> = {
  "hop.opened": [1, "Create"],
  "hop.created": [1, "Create"],
  "hop.registered": [1, "Create"],
  "hop.replaced": [1, "Create"],
  "hop.superseded": [3, "Update"],
  "hop.approved": [8, "Activate"],
  "hop.denied": [9, "Deactivate"],
  "hop.suspended": [10, "Suspend"],
  "hop.resumed": [11, "Resume"],
  "hop.completed": [9, "Deactivate"],
  "lease.renewed": [3, "Update"],
  "lease.lapsed": [4, "Delete"],
  cut: [4, "Delete"],
};
const OTHER = [99, "Other"] as const;

/**
 * Encodes a line: API Activity (6003) for calls, Entity Management (3004) for everything else.
 *
 * Tells who asked (`actor.user`), which agent (`ai_agent`), which tool (`api.operation`), which decision and rule
 * (`authorizations`), and where the line stands in the log (`attestation_list`). An event holds no secret, so nothing is left out.
 */
export function toOcsf(line: AuditLine): JsonObject {
  const { event } = line;
  const isCall = event.kind.startsWith("call");
  const [activity, activityName] = isCall ? OTHER : (ACTIVITIES[event.kind] ?? OTHER);
  const classUid = isCall ? 6003 : 3004;
  const denied = event.decision === "deny" || event.decision === "ask";
  return present({
    activity_id: activity,
    activity_name: isCall ? event.kind : activityName,
    category_uid: isCall ? 6 : 3,
    class_uid: classUid,
    type_uid: classUid * 100 + activity,
    severity_id: denied ? 3 : 1,
    status_id: denied ? 2 : 1,
    status_code: event.code,
    time: line.at,
    metadata: present({
      version: VERSION,
      product: PRODUCT,
      uid: String(line.seq),
      sequence: line.seq,
      correlation_uid: event.tree,
      tenant_uid: event.tenant,
      event_code: event.kind,
      profiles: ["security_control", "ai_operation"],
    }),
    actor: present({
      user: event.requester === undefined ? undefined : { uid: event.requester },
      app_uid: event.by,
    }),
    ai_agent: event.agent === undefined ? undefined : { uid: event.agent, name: event.agent },
    delegation: delegationOf(line),
    action_id: event.decision === undefined ? undefined : denied ? 2 : 1,
    authorizations: authorizationsOf(line),
    api: event.tool === undefined ? undefined : { operation: event.tool },
    comment: event.reason,
    attestation_list: [
      { chain_uid: "audit", fingerprint: line.hash, prev_event: line.prev, sequence: line.seq },
    ],
    unmapped: unmappedOf(line),
  });
}

function delegationOf({ event }: AuditLine): Json | undefined {
  if (event.hop === undefined) return undefined;
  const parent = event.data?.parent;
  return present({
    uid: event.hop,
    parent_uid: typeof parent === "string" ? parent : undefined,
    root_uid: event.tree,
  });
}

function authorizationsOf({ event }: AuditLine): Json | undefined {
  if (event.decision === undefined) return undefined;
  const policy =
    event.rule === undefined && event.policy === undefined
      ? undefined
      : present({ uid: event.rule, version: event.policy });
  return [present({ decision: event.decision, policy })];
}

function unmappedOf({ event, n }: AuditLine): Json {
  const { arguments: digest, data, guard, identity, seen, sequence, ticket } = event;
  return present({ arguments: digest, data, guard, identity, n, seen, sequence, ticket });
}

/** Without the members that are not there. */
function present(members: Readonly<Record<string, Json | undefined>>): JsonObject {
  const found: JsonObject = {};
  for (const [name, value] of Object.entries(members)) if (value !== undefined) found[name] = value;
  return found;
}
