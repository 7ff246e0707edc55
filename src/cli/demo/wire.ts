/** Questions and answers between the processes of the story, as JSON. What crosses is tokens, proofs and public keys. @module */
import type { ChildProcess } from "node:child_process";
import { CODES, type Code } from "../../base/codes.js";
import { DelegationError, exposed } from "../../base/error.js";

/** What one process is asked for by the other. */
export type Verbs = Readonly<Record<string, (...args: never[]) => unknown>>;

/** The other end of a line. */
export interface Line {
  /** @throws {DelegationError} what the other process refused with; `store_unavailable` when it is gone */
  ask(verb: string, ...args: readonly unknown[]): Promise<unknown>;
}

interface Question {
  readonly id: number;
  readonly verb: string;
  readonly args: readonly unknown[];
}
interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly refused?: {
    readonly code: string;
    readonly message: string;
    readonly hop?: string;
    readonly rule?: string;
    readonly required?: string;
  };
}

/** Talks to a child. @param told What it says without being asked. */
export function lineTo(child: ChildProcess, told: (news: unknown) => void): Line {
  const waiting = new Map<number, (answer: Answer) => void>();
  let asked = 0;
  const gone = { code: "store_unavailable", message: "the process is gone" };
  let isGone = false;
  child.on("message", (message: Answer | { readonly news: unknown }) => {
    if ("news" in message) told(message.news);
    else waiting.get(message.id)?.(message);
  });
  child.once("exit", () => {
    isGone = true;
    for (const [id, settle] of waiting) settle({ id, refused: gone });
  });
  return {
    ask: (verb, ...args) =>
      new Promise((resolve, reject) => {
        const id = asked++;
        const settle = ({ value, refused }: Answer) => {
          waiting.delete(id);
          if (refused === undefined) resolve(value);
          else reject(refusalOf(refused));
        };
        waiting.set(id, settle);
        if (isGone) settle({ id, refused: gone });
        else child.send({ id, verb, args } satisfies Question, () => undefined);
      }),
  };
}

/** Answers the parent, one question beside the other, until it is gone; then ends this process. */
export function answerParent(verbs: Verbs): void {
  process.on("message", ({ id, verb, args }: Question) => {
    void answered(verbs, verb, args).then((answer) => process.send?.({ id, ...answer }));
  });
  process.once("disconnect", () => process.exit());
}

async function answered(
  verbs: Verbs,
  verb: string,
  args: readonly unknown[],
): Promise<Omit<Answer, "id">> {
  try {
    const deed = verbs[verb] as ((...args: readonly unknown[]) => unknown) | undefined;
    if (deed === undefined) throw new DelegationError("invalid_request", "no such verb");
    return { value: await deed(...args) };
  } catch (thrown) {
    const { code, message, hop, rule, required } = exposed(thrown);
    return {
      refused: {
        code,
        message,
        ...(hop === undefined ? {} : { hop }),
        ...(rule === undefined ? {} : { rule }),
        ...(required === undefined ? {} : { required }),
      },
    };
  }
}

function refusalOf({ code, message, ...place }: NonNullable<Answer["refused"]>): DelegationError {
  return new DelegationError(isCode(code) ? code : "server_error", message, place);
}

function isCode(code: string): code is Code {
  return Object.hasOwn(CODES, code);
}
