/** Tells the story: short headings and one line per step for people, one JSON value per step for programs. @module */
import { setTimeout as pause } from "node:timers/promises";
import { DelegationError } from "../../base/error.js";
import type { TreeNode } from "../../coordinator/store.js";
import { drawTree } from "../forest.js";
import type { Terminal } from "../terminal.js";
import { signs } from "../wording.js";

/** Something that the story promised did not happen. */
export class BrokenPromise extends Error {
  override readonly name = "BrokenPromise";
}

/** How something has to be refused. */
interface Expected {
  readonly code: string;
  readonly rule?: string;
  /** The agent whose hop refuses. */
  readonly at?: string;
}

const PAUSE_MS = 350;

export class Narrator {
  readonly terminal: Terminal;
  readonly #fast: boolean;
  /** Agent by hop, so that refusals can be told by name. */
  readonly #agents = new Map<string, string>();
  #scene = "";
  #number = 0;
  refusals = 0;

  constructor(terminal: Terminal, fast: boolean) {
    this.terminal = terminal;
    this.#fast = fast;
  }

  async scene(title: string): Promise<void> {
    this.#scene = title;
    this.#number += 1;
    if (this.terminal.json) return;
    if (!this.#fast) await pause(PAUSE_MS);
    this.terminal.out();
    this.terminal.out(this.terminal.tone("heading", `${this.#number}. ${title}`));
  }

  know(hop: string, agent: string): void {
    this.#agents.set(hop, agent);
  }

  /** One thing that somebody did. */
  step(who: string, did: string, facts: Readonly<Record<string, unknown>> = {}): void {
    this.#tell({ who, did, outcome: "done", ...facts }, `  ${who.padEnd(11)}${did}`);
  }

  /** A remark to the reader. */
  remark(text: string): void {
    if (!this.terminal.json) this.terminal.out(`  ${this.terminal.tone("faint", text)}`);
  }

  tree(nodes: readonly TreeNode[], now: number): void {
    if (this.terminal.json) return;
    for (const line of drawTree(nodes, { terminal: this.terminal, now, each: true, brief: true })) {
      this.terminal.out(`  ${line}`);
    }
  }

  /**
   * Something that has to be refused: with this code, by this rule, at this agent's hop.
   *
   * @throws {BrokenPromise} when it is not
   */
  async refused(
    who: string,
    tries: string,
    expected: Expected,
    attempt: () => Promise<unknown>,
  ): Promise<void> {
    const thrown = await attempt().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (!(thrown instanceof DelegationError)) {
      const instead = thrown === undefined ? "it was allowed" : "it failed in another way";
      throw new BrokenPromise(`${who} ${tries}: expected ${expected.code}, but ${instead}`);
    }
    const { code, hop, rule, required } = thrown;
    const at = hop === undefined ? undefined : (this.#agents.get(hop) ?? hop);
    for (const [what, is, due] of [
      ["code", code, expected.code],
      ["rule", rule, expected.rule],
      ["hop", at, expected.at],
    ] as const) {
      if (due === undefined || is === due) continue;
      throw new BrokenPromise(
        `${who} ${tries}: expected ${what} ${due}, but it is ${is ?? "none"}`,
      );
    }
    this.refusals += 1;
    const places = [
      ...(at === undefined ? [] : [`at hop ${at}`]),
      ...(rule === undefined ? [] : [`rule ${rule}`]),
    ];
    const { terminal } = this;
    const verdict = `${terminal.tone("bad", "refused")} ${[code, ...places].join(", ")}`;
    this.#tell(
      { who, did: tries, outcome: "refused", code, hop, agent: at, rule, required },
      `  ${who.padEnd(11)}${tries}\n${" ".repeat(13)}${signs(terminal).to} ${verdict}`,
    );
  }

  #tell(record: object, text: string): void {
    if (this.terminal.json) this.terminal.record({ scene: this.#scene, ...record });
    else for (const line of text.split("\n")) this.terminal.out(line);
  }
}
