/** Boundaries as a person types them: `hop:ID`, `agent:NAME`, `principal:ISSUER#SUBJECT`. @module */
import type { DelegationStore } from "../coordinator/store.js";
import type { Boundary } from "../wire/cut.js";
import { BOUNDARY_FORMS } from "./boundary-forms.js";
import { CommandError, EXIT } from "./exit.js";

/**
 * Reads a boundary. A hop's tree is looked up; one that the store has never seen needs it said.
 *
 * @throws {CommandError} `usage`, `notFound`
 */
export async function readBoundary(
  text: string,
  store: Pick<DelegationStore, "hop">,
  tenant: string,
): Promise<Boundary> {
  const colon = text.indexOf(":");
  const kind = colon < 0 ? text : text.slice(0, colon);
  const name = colon < 0 ? "" : text.slice(colon + 1);
  if (kind === "epoch" && colon < 0) return { kind };
  if (name === "") throw unreadable(text);
  switch (kind) {
    case "hop":
    case "below":
      return { kind, ...(await placeOf(name, store, tenant)) };
    case "tree":
      return { kind, tree: name };
    case "agent":
    case "ban":
      return { kind, agent: name };
    case "key":
      return { kind, thumbprint: name };
    case "principal": {
      const [issuer, subject] = principalIn(name);
      return { kind, issuer, subject };
    }
    default:
      throw unreadable(text);
  }
}

/** Issuer and subject of `ISSUER#SUBJECT`. @throws {CommandError} `usage` */
export function principalIn(name: string): [issuer: string, subject: string] {
  const hash = name.lastIndexOf("#");
  if (hash <= 0 || hash === name.length - 1) throw unreadable(`principal:${name}`);
  return [name.slice(0, hash), name.slice(hash + 1)];
}

async function placeOf(
  name: string,
  store: Pick<DelegationStore, "hop">,
  tenant: string,
): Promise<{ tree: string; hop: string }> {
  const slash = name.indexOf("/");
  if (slash > 0) return { tree: name.slice(0, slash), hop: name.slice(slash + 1) };
  const hop = await store.hop(tenant, name);
  if (hop !== undefined) return { tree: hop.tree, hop: hop.id };
  throw new CommandError(
    EXIT.notFound,
    `hop_not_found: no such hop: ${name}`,
    "to cut a hop that the store has not seen yet, name its tree: hop:TREE/ID",
  );
}

/** The boundary as it is typed. */
export function writeBoundary(boundary: Boundary): string {
  switch (boundary.kind) {
    case "hop":
    case "below":
      return `${boundary.kind}:${boundary.hop}`;
    case "tree":
      return `tree:${boundary.tree}`;
    case "agent":
    case "ban":
      return `${boundary.kind}:${boundary.agent}`;
    case "key":
      return `key:${boundary.thumbprint}`;
    case "principal":
      return `principal:${boundary.issuer}#${boundary.subject}`;
    case "epoch":
      return "epoch";
  }
}

function unreadable(text: string): CommandError {
  return new CommandError(
    EXIT.usage,
    `not a boundary: ${text}`,
    `one of:\n${BOUNDARY_FORMS.map((form) => `  ${form}`).join("\n")}`,
  );
}
