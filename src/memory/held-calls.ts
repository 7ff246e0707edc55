/** Calls whose lines are not written yet: what differs from call to call, beside the frame that a hop's calls share. @module */
import { textIn } from "../audit/chain.js";
import { CallFrames, type Frame } from "../audit/event-frame.js";
import { DelegationError } from "../base/error.js";
import { NAME_CHARS_MAX } from "../base/limits.js";
import type { AuditDraft } from "../wire/event.js";
import { DIGEST_CHARS, Digests, Numbers } from "./columns.js";

/** A call as most are: by a frame, the digest of its arguments, and of further facts the store's position alone. */
export interface HeldCall {
  readonly frame: Frame;
  readonly digest: string;
  readonly position: number;
  readonly seen: number;
  readonly tool: string;
}

/** A list of calls, at some ninety bytes each. */
export class HeldCalls {
  readonly #known = new CallFrames();
  readonly #frames: Frame[] = [];
  readonly #tools: string[] = [];
  readonly #digests = new Digests();
  readonly #positions = new Numbers();
  readonly #seen = new Numbers();

  /** What there is to hold of a call, if that is all of it. */
  read(event: AuditDraft): HeldCall | undefined {
    const { arguments: digest, data, seen, sequence, tool } = event;
    if (event.kind !== "call" || digest?.length !== DIGEST_CHARS) return undefined;
    if (tool === undefined || tool.length > NAME_CHARS_MAX) return undefined;
    const position = data === undefined ? undefined : positionAlone(data);
    if (position === undefined || sequence !== undefined || !isWhole(seen)) return undefined;
    const frame = this.#known.of(event);
    return frame === undefined ? undefined : { frame, digest, position, seen, tool };
  }

  /** @returns Its number, from 0. */
  push({ frame, digest, position, seen, tool }: HeldCall): number {
    this.#tools.push(tool);
    this.#digests.push(digest);
    this.#positions.push(position);
    this.#seen.push(seen);
    return this.#frames.push(frame) - 1;
  }

  /** Canonical text of its event. @throws {DelegationError} `store_unavailable` when there is none. */
  textAt(index: number): string {
    const frame = this.#frames[index];
    const tool = this.#tools[index];
    if (frame === undefined || tool === undefined) {
      throw new DelegationError("store_unavailable", "no such call");
    }
    return textIn(frame, {
      arguments: this.#digests.at(index),
      data: { position: this.#positions.at(index) },
      seen: this.#seen.at(index),
      tool,
    });
  }
}

/** The position, when it is the only fact. */
function positionAlone(data: NonNullable<AuditDraft["data"]>): number | undefined {
  for (const name in data) if (name !== "position") return undefined;
  const { position } = data;
  return isWhole(position) ? position : undefined;
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
