/** One decision: whether a chain of grants allows a call. No token, no store. @module */
import { verify } from "node:crypto";
import { attenuate } from "../src/grant/attenuate.js";
import { evaluate } from "../src/grant/evaluate.js";
import { parseInvocation } from "../src/wire/invocation.js";
import { measure, percentOf, type Run, type Subject, timeOf } from "./harness.js";
import { at, signedMessages, wideCall, wideGrant } from "./material.js";
import type { Line, Section } from "./report.js";

/** Calls of 20 tools, often enough that none repeats its arguments soon. */
const POOL = 640;

/** Measures grants of 20 tools with three constraints each. */
export async function measureSection(run: Run): Promise<Section> {
  const now = Date.now();
  const grants = [wideGrant(now), wideGrant(now), wideGrant(now), wideGrant(now)];
  const calls = Array.from({ length: POOL }, (_, index) => wideCall(index));
  const messages = signedMessages("Ed25519", 64);
  const decide = (name: string, chain: typeof grants): Subject => ({
    name,
    run: (index) => {
      const refusal = evaluate(chain, at(calls, index));
      if (refusal !== undefined) throw new Error(refusal.rule);
    },
  });
  const subjects: Subject[] = [
    {
      name: "verify",
      run: (index) => {
        const { message, publicKey, signature } = at(messages, index);
        return verify(null, message, publicKey, signature);
      },
    },
    decide("one grant", grants.slice(0, 1)),
    decide("four grants", grants),
    { name: "read an invocation", run: (index) => parseInvocation(at(calls, index)) },
    {
      name: "prove a child inside its parent",
      run: (index) => attenuate(at(grants, index), at(grants, index + 1)),
    },
  ];
  const timings = await measure(subjects, run.effort);
  const percent = (name: string, label: string, limit?: number): Line => ({
    name: `${label} ÷ one verify`,
    value: percentOf(timings, name, "verify"),
    unit: "percent",
    ...(limit === undefined ? {} : { limit }),
  });
  return {
    title: "One decision: 20 tools × 3 constraints",
    lines: [
      percent("one grant", "one decision", 1),
      percent("four grants", "one decision by a chain of four"),
      percent("read an invocation", "taking the arguments in"),
      percent("prove a child inside its parent", "proving a child inside its parent"),
      { name: "one decision", value: timeOf(timings, "one grant"), unit: "us" },
    ],
  };
}
