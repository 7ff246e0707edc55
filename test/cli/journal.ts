/** A journal with something in it for every command to tell. @module */
import { type Embedded, openEmbedded } from "../../src/memory/embedded.js";

/** A value that no output may repeat. */
export const SECRET_ARGUMENT = "/secret-of-the-caller/passwords.txt";
export const AUDIENCE = "https://files.example";

/** Ids of what was made. */
export interface Made {
  readonly tree: string;
  readonly planner: string;
  readonly researcher: string;
  readonly reader: string;
  readonly writer: string;
  readonly readers: readonly string[];
}

/** What the story takes of an engine. */
export type Teller = Pick<Embedded, "guard" | "open" | "close"> & {
  revoke(...asked: Parameters<Embedded["revoke"]>): Promise<unknown>;
};

/** Writes a journal. */
export async function writeJournal(journal: string): Promise<Made> {
  return writeStory(await openEmbedded({ issuer: "https://legate.example", journal }));
}

/** A tree with a refused call, a cut, a budget used up, and siblings that are alike. Closes the engine. */
export async function writeStory(engine: Teller): Promise<Made> {
  const guard = await engine.guard({ name: "files", audience: AUDIENCE });
  const planner = await engine.open({
    principal: { issuer: "https://people.example", subject: "ada" },
    trigger: "read the reports",
    agent: "planner",
    grant: {
      tools: {
        "files.read": { path: { constraint_type: "path", under: "/" } },
        "mail.send": {},
      },
      scopes: ["crm.read", "crm.write"],
      audience: [AUDIENCE],
      limits: {
        calls: 10,
        depth: 4,
        approval: { "mail.send": { approvers: 1 } },
      },
      expiresAt: Math.floor(Date.now() / 1_000) + 86_400,
    },
  });
  const reports = {
    tools: { "files.read": { path: { constraint_type: "path", under: "/reports" } } },
    scopes: ["crm.read"],
  } as const;
  const grant = { tools: { ...reports.tools }, scopes: [...reports.scopes] };
  const researcher = await planner.delegate({ agent: "researcher", grant });
  const reader = await researcher.delegate({ agent: "reader", grant });
  const writer = await planner.delegate({
    agent: "writer",
    grant: { ...grant, limits: { calls: 1 } },
  });
  const readers: string[] = [];
  for (let i = 0; i < 4; i += 1) {
    readers.push((await writer.delegate({ agent: "copier", grant })).id);
  }
  await guard.run(writer.call("files.read", { path: "/reports/a" }), () => "a");
  await guard.authorize(writer.call("files.read", { path: "/reports/b" }));
  await guard.authorize(reader.call("files.read", { path: SECRET_ARGUMENT }));
  const boundary = { kind: "hop", tree: researcher.tree, hop: researcher.id } as const;
  await engine.revoke(boundary, { reason: "acts odd", by: "olga" });
  await engine.close();
  return {
    tree: planner.tree,
    planner: planner.id,
    researcher: researcher.id,
    reader: reader.id,
    writer: writer.id,
    readers,
  };
}
