/** `legate why`: whether a call would pass, hop by hop; without a call, what stopped the hop last. @module */
import { CODES } from "../base/codes.js";
import { parseJson } from "../base/json.js";
import type { JsonObject } from "../base/json-value.js";
import { type Invocation, parseInvocation } from "../wire/invocation.js";
import { type Answer, answerOf, type HopAnswer } from "./answer.js";
import { CommandError, EXIT, type ExitCode } from "./exit.js";
import { type Lineage, lineageOf, type Opened } from "./state.js";
import type { Terminal } from "./terminal.js";
import { type Ending, type HopTrail, readTrail } from "./trail.js";
import { instant, signs, stateWord } from "./wording.js";

/** What the command was told. */
export interface WhyOptions {
  readonly tool?: string;
  /** JSON text of the arguments. */
  readonly args?: string;
  readonly audience?: string;
  /** Shows argument values, too. */
  readonly operator: boolean;
}

/** @throws {CommandError} `usage`, `notFound` */
export async function why(
  terminal: Terminal,
  opened: Opened,
  id: string,
  options: WhyOptions,
): Promise<ExitCode> {
  const lineage = await lineageOf(opened, id);
  const invocation = invocationOf(options, lineage);
  const answer = answerOf(lineage, invocation, options.operator, await readTrail(opened, lineage));
  if (terminal.json) terminal.record(recordOf(lineage, invocation, answer));
  else for (const line of linesOf(terminal, lineage, invocation, answer)) terminal.out(line);
  return answer.verdict === "deny" || answer.verdict === "ask" ? EXIT.denied : EXIT.ok;
}

function invocationOf(
  { tool, args, audience }: WhyOptions,
  { leaf }: Lineage,
): Invocation | undefined {
  if (tool === undefined) {
    if (args === undefined && audience === undefined) return undefined;
    throw new CommandError(EXIT.usage, "--args and --audience belong to a call: name its --tool");
  }
  return parseInvocation({
    tool,
    arguments: argumentsOf(args),
    audience: audience ?? leaf.authority.audience[0] ?? "any",
  });
}

/** What is no JSON is not repeated: it may hold what nobody else should read. */
function argumentsOf(args: string | undefined): JsonObject {
  if (args === undefined) return {};
  try {
    const parsed = parseJson(args);
    if (parsed !== null && typeof parsed === "object" && !Array.isArray(parsed)) return parsed;
  } catch {
    // Falls through to one message for all of it.
  }
  throw new CommandError(
    EXIT.usage,
    "--args is not a JSON object",
    `for example --args '{"path":"/reports/q3.md"}'`,
  );
}

function linesOf(
  terminal: Terminal,
  lineage: Lineage,
  invocation: Invocation | undefined,
  answer: Answer,
): string[] {
  const { tree, leaf } = lineage;
  const who = terminal.tone("strong", leaf.hop.agent);
  const head =
    invocation === undefined
      ? `${who} is ${stateWord(terminal, leaf.effective)}`
      : `${who} ${invocation.tool}: ${verdictWord(terminal, answer)}`;
  return [
    head,
    "",
    `  ${tree.principal.subject} asked: ${tree.trigger}`,
    ...answer.hops.flatMap((hop) => hopLines(terminal, hop)),
    ...neededLines(answer),
    ...endingLines(answer.trail.endings),
    ...refusedLines(invocation, answer.trail),
  ];
}

function verdictWord(terminal: Terminal, { verdict, approvals }: Answer): string {
  if (verdict === "allow") return terminal.tone("good", "would be allowed");
  if (verdict === "deny") return terminal.tone("bad", "would be denied");
  return terminal.tone(
    "warn",
    `would wait for ${approvals === 1 ? "1 approval" : `${approvals} approvals`}`,
  );
}

function hopLines(terminal: Terminal, { hop, agent, refusals }: HopAnswer): string[] {
  const arrow = `  ${signs(terminal).to} ${terminal.tone("strong", agent)}`;
  const id = terminal.tone("faint", hop);
  if (refusals.length === 0) return [`${arrow}  ${terminal.tone("good", "ok")}  ${id}`];
  const rules = refusals.map(({ code, rule }) => `${code} (rule ${rule})`).join(", ");
  return [`${arrow}  ${terminal.tone("bad", "no")}: ${rules}  ${id}`];
}

function neededLines({ explanation }: Answer): string[] {
  if (explanation === undefined) return [];
  return [
    "",
    `asked for    ${explanation.asked}`,
    ...explanation.wouldPass.map((it) => `would pass   ${it}`),
  ];
}

function endingLines(endings: readonly Ending[]): string[] {
  if (endings.length === 0) return [];
  return ["", ...endings.map((ending) => endingLine(ending))];
}

function endingLine({ at, kind, boundary, hop, by, reason }: Ending): string {
  const what =
    kind === "cut" && boundary !== undefined
      ? `cut at ${boundary.kind}`
      : kind.replace(/^hop\./, "");
  const where = hop === undefined ? "" : ` ${hop}`;
  const who = by === undefined ? "" : ` by ${by}`;
  return `${instant(at)}  ${what}${where}${who}${reason === undefined ? "" : `: ${reason}`}`;
}

function refusedLines(invocation: Invocation | undefined, { refused }: HopTrail): string[] {
  if (invocation !== undefined) return [];
  if (refused === undefined)
    return ["", "no call of this hop was refused, as far as the log tells"];
  const { at, tool, outcome, code, rule } = refused;
  const word = { deny: "denied", ask: "held for approval", aborted: "stopped while it ran" }[
    outcome
  ];
  const reason = [
    ...(code === undefined ? [] : [code]),
    ...(rule === undefined ? [] : [`rule ${rule}`]),
  ].join(", ");
  const again = code !== undefined && code in CODES && CODES[code as keyof typeof CODES].retry;
  return [
    "",
    `last refusal ${instant(at)}  ${tool} ${word}${reason === "" ? "" : `: ${reason}`}`,
    ...(again ? ["             the same call may succeed later"] : []),
  ];
}

function recordOf(
  { tree, leaf }: Lineage,
  invocation: Invocation | undefined,
  { verdict, hops, explanation, approvals, trail }: Answer,
): object {
  return {
    hop: leaf.hop.id,
    agent: leaf.hop.agent,
    effective: leaf.effective,
    principal: tree.principal,
    tool: invocation?.tool,
    verdict,
    approvals: verdict === "ask" ? approvals : undefined,
    hops,
    explanation,
    endings: trail.endings.map((ending) => ({ ...ending, at: instant(ending.at) })),
    lastRefusal:
      trail.refused === undefined ? undefined : { ...trail.refused, at: instant(trail.refused.at) },
  };
}
