/** The short form of `npm run chaos`: two of its scenarios, each under load, with nothing lost and nobody let in who was cut. @module */
import { expect, test } from "vitest";
import { runScenario } from "./chaos/run.js";
import { SCENARIOS } from "./chaos/scenarios.js";

test.each(SCENARIOS.filter(({ isShort }) => isShort === true))(
  "loses nothing that was acknowledged: $name",
  async (scenario) => {
    const { violations, acked, lost, decisions } = await runScenario(scenario);
    expect(violations).toEqual([]);
    expect(lost).toBe(0);
    expect(acked).toBeGreaterThan(100);
    expect(decisions).toBeGreaterThan(100);
  },
);
