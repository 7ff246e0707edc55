/** The terminal: data to stdout, talk to stderr, colour only where it is wanted. @module */
import { styleText } from "node:util";

/** What a text means; colour follows, and never says anything that the words do not. */
export type Tone = "strong" | "faint" | "good" | "bad" | "warn" | "heading";

const STYLES = {
  strong: "bold",
  faint: "dim",
  good: "green",
  bad: "red",
  warn: "yellow",
  heading: "bold",
} as const satisfies Record<Tone, string>;

/** What commands write to and read from. */
export interface Terminal {
  /** Lines for programs instead of people. */
  readonly json: boolean;
  /** Box drawing and dashes, where the terminal can show them. */
  readonly unicode: boolean;
  readonly columns: number;
  /** Whether somebody is there to answer. */
  readonly interactive: boolean;
  /** Data. */
  out(line?: string): void;
  /** Data whose bytes count: as it is, except on a screen. */
  exact(line: string): void;
  /** One JSON value on a line of its own, as data. */
  record(value: unknown): void;
  /** Talk: hints, progress, legends. Left out with `--json`. */
  say(line?: string): void;
  tone(tone: Tone, text: string): string;
  /** Asks a person; undefined when there is none or the input ends. */
  ask(question: string): Promise<string | undefined>;
}

/** Streams and environment that a terminal is made of. */
export interface Surroundings {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly stdin: NodeJS.ReadStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
}

export function openTerminal(around: Surroundings, json: boolean): Terminal {
  const { stdout, stderr, stdin, env } = around;
  const colour = !json && wantsColour(around);
  return {
    json,
    unicode: speaksUnicode(around),
    columns: stdout.columns ?? 100,
    interactive: stdin.isTTY === true && stderr.isTTY === true && env.TERM !== "dumb",
    out: (line = "") => void stdout.write(`${printable(line, colour)}\n`),
    exact: (line) => void stdout.write(`${stdout.isTTY === true ? printable(line) : line}\n`),
    record: (value) => void stdout.write(`${escaped(JSON.stringify(value))}\n`),
    say: (line = "") => {
      if (!json) stderr.write(`${printable(line, colour)}\n`);
    },
    tone: (tone, text) =>
      colour ? styleText(STYLES[tone], text, { validateStream: false }) : text,
    ask: (question) => ask(around, question),
  };
}

/** @see https://no-color.org: set and not empty means no, whatever else is set. */
function wantsColour({ stdout, env }: Surroundings): boolean {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== "") return false;
  const forced = env.FORCE_COLOR;
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  return stdout.isTTY === true && env.TERM !== "dumb";
}

function speaksUnicode({ env, platform }: Surroundings): boolean {
  if (env.TERM === "dumb" || env.TERM === "linux") return false;
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || "";
  if (/utf-?8/i.test(locale)) return true;
  return platform === "darwin" || (platform === "win32" && env.WT_SESSION !== undefined);
}

/** Styles as {@link styleText} writes {@link STYLES}; every other control or direction character is somebody's trick. */
const UNPRINTABLE = new RegExp(
  `(${String.fromCharCode(0x1b)}\\[(?:1|2|22|31|32|33|39)m)|[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]`,
  "gu",
);

/**
 * Names and reasons come from agents. Nothing in them may move the cursor, clear the screen, hide text or turn it around.
 *
 * @param coloured Whether the line may hold our own styles.
 */
export function printable(line: string, coloured = false): string {
  return line.replace(UNPRINTABLE, (_all, style: string | undefined) =>
    coloured && style !== undefined ? style : "\ufffd",
  );
}

/** JSON says the same with escapes. */
function escaped(json: string): string {
  return json.replace(UNPRINTABLE, (all) =>
    [...Array(all.length).keys()]
      .map((i) => `\\u${all.charCodeAt(i).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}

async function ask({ stdin, stderr }: Surroundings, question: string): Promise<string | undefined> {
  const { createInterface } = await import("node:readline/promises");
  const reader = createInterface({ input: stdin, output: stderr });
  const ended = new Promise<undefined>((resolve) => {
    reader.once("close", () => resolve(undefined));
  });
  try {
    return await Promise.race([reader.question(question), ended]);
  } finally {
    reader.close();
  }
}
