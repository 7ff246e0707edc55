/**
 * Opening a tree, and the slots of idempotency keys of roots.
 *
 * A key's slot is in the partition of the key, its tree in that of the tree, so it takes several steps. Each is safe to stop after: whoever
 * comes next finds what there is, and a tree that was promised and never came is kept from coming late.
 *
 * @module
 */
import { DelegationError } from "../base/error.js";
import { POSITION_RETRIES_MAX } from "../base/limits.js";
import type { CreateMove, CreateResult } from "../coordinator/store.js";
import type { AuditDraft } from "../wire/event.js";
import type { TreeRecord } from "../wire/record.js";
import { draftArguments, eventText } from "./draft.js";
import type { Ground } from "./ground.js";
import { madeOf } from "./making.js";
import { type Reply, unavailable } from "./script.js";
import { SCRIPTS } from "./scripts.generated.js";
import { readHop, textAt } from "./shown.js";

/** One attempt to open a tree. */
interface Opening {
  readonly ground: Ground;
  readonly tree: TreeRecord;
  readonly move: CreateMove;
}

/** A root whose place is taken, and the texts of what its successor counts on from. */
interface Ended {
  readonly root: string;
  readonly counted: readonly string[];
}

const NOBODY: Ended = { root: "", counted: ["0", "0", "0", "", ""] };

export async function open(
  ground: Ground,
  tree: TreeRecord,
  move: CreateMove,
): Promise<CreateResult> {
  const { hop, idempotency } = move;
  const same = tree.tenant === hop.tenant && tree.id === hop.id && hop.tree === hop.id;
  if (!same || hop.parent !== undefined || hop.depth !== 0) {
    throw new DelegationError("invalid_request", "a tree has the id of its root hop");
  }
  const opening = { ground, tree, move };
  return idempotency === undefined ? openTree(opening, NOBODY) : openByKey(opening, idempotency);
}

type Key = NonNullable<CreateMove["idempotency"]>;

async function openByKey(opening: Opening, key: Key): Promise<CreateResult> {
  for (let tries = 0; tries < POSITION_RETRIES_MAX; tries++) {
    const [claimed, request, holder] = await claim(opening, key, "");
    if (claimed === "claimed") return openTree(opening, NOBODY);
    const result = await follow(opening, key, String(request), String(holder));
    if (result !== undefined) return result;
  }
  throw unavailable("CONTENDED");
}

/** From the tree in the slot to the last that took its place. Undefined: somebody else was faster, so all begins anew. */
async function follow(
  opening: Opening,
  key: Key,
  request: string,
  first: string,
): Promise<CreateResult | undefined> {
  let before: string | undefined;
  for (let place = first; ; ) {
    const reply = await find(opening, place, request === key.request);
    switch (reply[0]) {
      case "same": {
        const { tenant } = opening.tree;
        return { hop: readHop(tenant, textAt(reply, 1), reply, 1), outcome: "existing" };
      }
      case "heir":
        before = place;
        place = textAt(reply, 1);
        break;
      case "other":
        return replace(opening, key, first, place, "");
      default:
        if (before !== undefined) return replace(opening, key, first, before, place);
        if ((await claim(opening, key, first))[0] !== "claimed") return undefined;
        return openTree(opening, NOBODY);
    }
  }
}

/** Ends the root of `old`, which `missing` was to take the place of, if any, and opens the new one in its stead. */
async function replace(
  opening: Opening,
  key: Key,
  slot: string,
  old: string,
  missing: string,
): Promise<CreateResult | undefined> {
  const ended = await end(opening, old, missing);
  if (ended === undefined) return undefined;
  const result = await openTree(opening, ended);
  await claim(opening, key, slot);
  return result;
}

function claim({ ground, tree, move }: Opening, { key, request }: Key, from: string) {
  const { tenant, id, expiresAt } = tree;
  const partition = ground.partitionOf(`${tenant.length}:${tenant}:${key}`);
  const args = [tenant, key, request, id, from, expiresAt];
  return ground.move(partition, SCRIPTS.claimRoot, move.now, args);
}

function find({ ground, tree, move }: Opening, place: string, served: boolean) {
  const fence = place === tree.id ? "" : "1";
  const args = [tree.tenant, place, move.hop.holder, served ? "1" : "", fence];
  return ground.move(ground.partitionOf(place), SCRIPTS.findRoot, move.now, args);
}

async function end(
  { ground, tree, move }: Opening,
  old: string,
  missing: string,
): Promise<Ended | undefined> {
  const { tenant } = tree;
  const event: AuditDraft = { kind: "cut", tenant, by: "system", data: { successor: tree.id } };
  const told = eventText(event, { tenant, tree: old, hop: old });
  const args = [tenant, old, old, told, tree.id, missing];
  try {
    const reply = await ground.move(ground.partitionOf(old), SCRIPTS.endRoot, move.now, args);
    return { root: old, counted: [0, 1, 2, 3, 4].map((at) => textAt(reply, at)) };
  } catch (thrown) {
    const faster = thrown instanceof DelegationError && thrown.code === "position_behind";
    if (faster) return undefined;
    throw thrown;
  }
}

async function openTree(
  { ground, tree, move }: Opening,
  { root, counted }: Ended,
): Promise<CreateResult> {
  const { principal, lease } = tree;
  const args = [
    ...draftArguments(move),
    principal.issuer,
    principal.subject,
    tree.trigger,
    tree.createdAt,
    tree.expiresAt,
    lease?.until ?? "",
    lease?.state ?? "",
    root,
    ...counted,
  ];
  const partition = ground.partitionOf(tree.id);
  const reply: readonly Reply[] = await ground.move(partition, SCRIPTS.open, move.now, args);
  return madeOf(move, reply);
}
