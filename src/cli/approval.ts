/** `legate approve` and `legate deny`: shows what is asked for, asks, and gives one person's word on it. @module */
import type { TicketRecord } from "../wire/record.js";
import { CommandError, EXIT, type ExitCode } from "./exit.js";
import { coordinatorOver, operatorName } from "./operator.js";
import { type Opened, type StateOptions, withState } from "./state.js";
import type { Terminal } from "./terminal.js";
import { count, instant } from "./wording.js";

/** What the command was told. */
export interface ApprovalOptions extends StateOptions {
  readonly verdict: "approve" | "deny";
  readonly reason?: string;
  /** Who the approver is: whoever may run this is believed. */
  readonly by?: string;
  readonly yes: boolean;
}

/** @throws {CommandError} `usage` when nobody is there to ask and `--yes` was not said; `notFound` */
export async function decide(
  terminal: Terminal,
  id: string,
  options: ApprovalOptions,
): Promise<ExitCode> {
  if (!options.yes) {
    const ticket = await withState(options, "read", (opened) => ticketIn(opened, id));
    for (const line of linesOf(terminal, ticket)) terminal.say(line);
    await confirm(terminal, options);
  }
  const decided = await withState(options, "write", (opened) => give(opened, id, options));
  const { state, approvals, need } = decided;
  if (terminal.json) terminal.record({ ticket: id, state, approvals, need });
  else
    terminal.out(
      `${state}  ticket ${id}  ${approvals.length} of ${count(need, "person", "people")}`,
    );
  return EXIT.ok;
}

async function ticketIn({ store, tenant }: Opened, id: string): Promise<TicketRecord> {
  const ticket = await store.ticket(tenant, id);
  if (ticket !== undefined) return ticket;
  throw new CommandError(EXIT.notFound, `ticket_not_found: no such ticket: ${id}`);
}

/** The exact arguments stand in the ticket until it is decided, for this alone. */
function linesOf(terminal: Terminal, ticket: TicketRecord): string[] {
  const { kind, hop, tree, tool, shown, state, approvals, need, from, deadline } = ticket;
  const what = kind === "hop" ? "a hop" : `a call of ${tool ?? "a tool"}`;
  return [
    `${terminal.tone("strong", what)} waits for ${count(need, "person", "people")}`,
    `  hop         ${hop} of tree ${tree}`,
    ...(shown === undefined ? [] : [`  arguments   ${shown}`]),
    `  state       ${state}${approvals.length === 0 ? "" : `, agreed by ${approvals.join(", ")}`}`,
    ...(from === undefined ? [] : [`  may agree   ${from.join(", ")}`]),
    `  until       ${instant(deadline)}`,
  ];
}

async function confirm(terminal: Terminal, { verdict }: ApprovalOptions): Promise<void> {
  if (!terminal.interactive || terminal.json) {
    throw new CommandError(
      EXIT.usage,
      "nothing was decided: there is nobody to ask",
      "--yes says it without a question",
    );
  }
  const answer = (await terminal.ask(`${verdict}? [y/N] `))?.trim();
  if (/^y(es)?$/i.test(answer ?? "")) return;
  throw new CommandError(EXIT.interrupted, "nothing was decided");
}

async function give(
  opened: Opened,
  ticket: string,
  { verdict, reason, by }: ApprovalOptions,
): Promise<TicketRecord> {
  const coordinator = await coordinatorOver(opened);
  const who = { approver: by ?? operatorName(), tenant: opened.tenant };
  return coordinator[verdict](who, { ticket, ...(reason === undefined ? {} : { reason }) });
}
