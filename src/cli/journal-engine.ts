/** An engine on a journal, for commands that run long: they are its one writer. Loaded only where a command is told of one. @module */
import { existsSync } from "node:fs";
import { type Embedded, type EmbeddedOptions, openEmbedded } from "../memory/embedded.js";
import { CommandError, EXIT } from "./exit.js";
import { locked } from "./state.js";

/** Which one; what is undefined is as the engine has it. */
export interface JournalPlace {
  readonly journal: string;
  readonly tenant: string;
  readonly issuer: string | undefined;
  readonly policy?: NonNullable<EmbeddedOptions["policy"]>;
}

/**
 * Opens it; makes none.
 *
 * @throws {CommandError} `notFound`; `conflict` when another process writes it
 */
export async function openJournalEngine({ issuer, ...place }: JournalPlace): Promise<Embedded> {
  const { journal } = place;
  // Opening for writing would make the file: a slip of the pen must not.
  if (!existsSync(journal)) throw new CommandError(EXIT.notFound, `no such journal: ${journal}`);
  try {
    return await openEmbedded(issuer === undefined ? place : { ...place, issuer });
  } catch (thrown) {
    throw locked(thrown, journal);
  }
}
