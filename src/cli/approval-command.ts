/** The commands `approve` and `deny`, their options and their help. @module */
import type { Command } from "commander";
import { type End, examplesFirst, type Session, type State, state, sub } from "./options.js";

interface Told extends State {
  readonly reason?: string;
  readonly by?: string;
  readonly yes?: boolean;
}

export function addApproval(program: Command, session: Session, end: End): void {
  const verdicts = [
    ["approve", "agree to a call or a hop that waits for people"],
    ["deny", "refuse a call or a hop that waits for people"],
  ] as const;
  for (const [verdict, description] of verdicts) {
    const command = state(sub(program, verdict, description))
      .argument("<ticket>", "id of the ticket")
      .option("--by <name>", "who decides; the user that runs this unless told")
      .option("--reason <text>", "why, for the audit")
      .option("-y, --yes", "do not show what is asked for, and do not ask")
      .action(async (ticket: string, options: Told) => {
        const { decide } = await import("./approval.js");
        const terminal = session.terminal(options.json === true);
        end(await decide(terminal, ticket, { ...options, verdict, yes: options.yes === true }));
      });
    examplesFirst(command, [
      `legate ${verdict} TICKET --by olga`,
      `legate ${verdict} TICKET --redis URL --yes --reason 'asked for by phone'`,
    ]);
  }
}
