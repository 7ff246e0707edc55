/** The coordinator's tools that change a tree: each acts for its caller, within what the caller's chain may do. @module */
import { DelegationError } from "../base/error.js";
import { explain } from "../grant/explain.js";
import { generateSigningKey, type SigningKey } from "../token/key.js";
import { parseInvocation } from "../wire/invocation.js";
import { TICKETS_META, type ToolInput, type ToolOutput } from "../wire/mcp-tools.js";
import type { Planned } from "./coordinator-confirm.js";
import { type Desk, hopNamed } from "./coordinator-desk.js";
import type { Caller } from "./coordinator-engine.js";

/** Delegates; the key of an agent that brings none is made here, and stays here until the hop is taken by its handle. */
export async function delegate(
  { engine, handles }: Desk,
  caller: Caller,
  { holderKey, agentProof, idempotencyKey, approval, agent, grant }: ToolInput<"delegation_create">,
): Promise<ToolOutput<"delegation_create">> {
  const owner = caller.owner;
  const known = idempotencyKey === undefined ? undefined : handles.inSlot(owner, idempotencyKey);
  let key: SigningKey | undefined;
  if (holderKey === undefined) {
    key = known?.[1].key ?? generateSigningKey("EdDSA", engine.random);
    if (known === undefined) handles.checkRoom(owner);
  }
  const made = await engine.coordinator.delegate(caller.vouched, {
    agent,
    grant,
    holderKey: holderKey ?? key?.jwk,
    ...(agentProof === undefined ? {} : { agentProof }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(approval === undefined ? {} : { approval }),
  });
  const { id, tree, expiresAt } = made.hop;
  const keep = { hop: id, expiresAt, slot: idempotencyKey };
  const kept = known?.[1].hop === id ? known[0] : undefined;
  const handle = key === undefined ? undefined : (kept ?? handles.keep(owner, { ...keep, key }));
  return {
    status: made.status,
    hop: id,
    tree,
    agent: made.hop.agent,
    expiresAt: seconds(expiresAt),
    ...(handle === undefined ? {} : { handle }),
    ...(made.status === "pending" ? { ticket: made.ticket } : {}),
  };
}

/** Cuts, once the same cut has been looked at. */
export async function revoke(
  desk: Desk,
  caller: Caller,
  { hop: named, below = false, reason, confirm }: ToolInput<"delegation_revoke">,
): Promise<ToolOutput<"delegation_revoke">> {
  const { engine, confirmations } = desk;
  const { tenant, tree } = caller.chain;
  const hop = hopNamed(desk, caller, named);
  if (hop !== caller.own) await caller.reach(hop);
  const kind = below ? "below" : "hop";
  const planned: Planned = { tenant, tree, by: caller.own, kind, hop };
  const boundary = { kind, tree, hop } as const;
  if (confirm === undefined) {
    const found = await engine.coordinator.preview(caller.asOperator, { boundary });
    const { hops, agents, tools, estimate, callsInFlight } = found;
    const running = callsInFlight === undefined ? {} : { callsInFlight };
    const { expiresAt, ...confirmation } = confirmations.make(planned);
    return {
      done: false,
      boundary: kind,
      hop,
      stops: { hops, agents: [...agents], tools: [...tools], estimate, ...running },
      ...confirmation,
      expiresAt: seconds(expiresAt),
    };
  }
  confirmations.check(planned, confirm);
  const why = reason === undefined ? {} : { reason };
  const { entry } = await engine.coordinator.revoke(caller.vouched, { boundary, ...why });
  return { done: true, boundary: kind, hop, cut: entry.id };
}

/** The task is over. */
export async function complete(
  desk: Desk,
  caller: Caller,
  { hop: named, reason }: ToolInput<"delegation_complete_task">,
): Promise<ToolOutput<"delegation_complete_task">> {
  const hop = hopNamed(desk, caller, named);
  const why = reason === undefined ? {} : { reason };
  const { entry } = await desk.engine.coordinator.complete(caller.vouched, { hop, ...why });
  return { done: true, hop, cut: entry.id };
}

/** What asking people gives: how it stands, and for the carrier the tickets to show with the call. */
export interface Elevated {
  readonly output: ToolOutput<"delegation_request_elevation">;
  readonly meta?: { readonly [TICKETS_META]: readonly string[] };
}

/** Asks people for what the caller's own call needs, or tells how a ticket stands. Nobody decides here. */
export async function elevate(
  desk: Desk,
  caller: Caller,
  input: ToolInput<"delegation_request_elevation">,
): Promise<Elevated> {
  const { tool, ticket, arguments: args = {} } = input;
  if ((tool === undefined) === (ticket === undefined)) {
    throw new DelegationError("invalid_request", "either a call or a ticket", { rule: "tool" });
  }
  if (ticket !== undefined) return { output: { tickets: [await standing(desk, caller, ticket)] } };
  const audience = input.audience ?? caller.chain.grant.audience[0] ?? "";
  const call = { tool: tool ?? "", arguments: args, audience };
  const { tickets } = await asked(desk, caller, call);
  const told = tickets.map(({ id, approvers, deadline }) => ({
    id,
    state: "asked" as const,
    approvers,
    deadline: seconds(deadline),
  }));
  return {
    output: { tickets: told },
    meta: { [TICKETS_META]: tickets.map((one) => one.ticket) },
  };
}

/** People cannot agree to what the grant refuses: then what it would take is told. */
async function asked(
  { engine }: Desk,
  caller: Caller,
  call: { readonly tool: string; readonly arguments: object; readonly audience: string },
) {
  try {
    return await engine.coordinator.ask(caller.vouched, call);
  } catch (thrown) {
    if (!(thrown instanceof DelegationError)) throw thrown;
    const [wanted] =
      explain([caller.chain.grant], [caller.own], parseInvocation(call))?.wouldPass ?? [];
    if (wanted === undefined) throw thrown;
    throw new DelegationError(thrown.code, thrown.message, {
      hop: caller.own,
      ...(thrown.rule === undefined ? {} : { rule: thrown.rule }),
      required: wanted,
    });
  }
}

async function standing({ engine }: Desk, caller: Caller, id: string) {
  const { tenant, tree } = caller.chain;
  const ticket = await engine.store.ticket(tenant, id, tree);
  if (ticket === undefined || !(await caller.sees(ticket.hop))) {
    throw new DelegationError("ticket_not_found", "no such ticket", { rule: "ticket" });
  }
  const { state, need, deadline } = ticket;
  return { id, state, approvers: need, deadline: seconds(deadline) };
}

function seconds(ms: number): number {
  return Math.floor(ms / 1_000);
}
