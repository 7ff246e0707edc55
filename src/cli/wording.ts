/** How numbers, times and states are said. @module */
import type { HopState } from "../lifecycle/state.js";
import type { Terminal, Tone } from "./terminal.js";

/** `1 hop`, `2 hops`, `48,213 hops`. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString("en-US")} ${n === 1 ? one : many}`;
}

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
] as const;

/** The two largest units: `4 min 10 s`. */
export function span(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  const first = UNITS.findIndex(([, unit]) => ms >= unit);
  let rest = ms;
  const parts: string[] = [];
  for (const [name, unit] of UNITS.slice(first, first + 2)) {
    const whole = Math.floor(rest / unit);
    rest -= whole * unit;
    if (whole > 0) parts.push(`${whole} ${name}`);
  }
  return parts.join(" ");
}

/** `expires in 4 min`, `expired 2 s ago`. */
export function expiry(at: number, now: number): string {
  return at > now ? `expires in ${span(at - now)}` : `expired ${span(now - at)} ago`;
}

/** RFC 3339, as every JSON output has it. */
export function instant(ms: number): string {
  return new Date(ms).toISOString();
}

const TONES: Readonly<Record<HopState, Tone>> = {
  requested: "warn",
  pending_approval: "warn",
  active: "good",
  suspended: "warn",
  denied: "bad",
  completed: "faint",
  superseded: "faint",
  revoked: "bad",
  expired: "faint",
};

export function stateWord(terminal: Terminal, state: HopState): string {
  return terminal.tone(TONES[state], state.replaceAll("_", " "));
}

/** Signs for what a grant lost, narrowed and kept. */
export function signs(terminal: Terminal) {
  return terminal.unicode
    ? ({ lost: "−", narrower: "~", kept: "=", dash: "–", more: "…", times: "×", to: "→" } as const)
    : ({
        lost: "-",
        narrower: "~",
        kept: "=",
        dash: "-",
        more: "...",
        times: "x",
        to: "->",
      } as const);
}
