/** The scripts' look into the transition tables, cell by cell against the machines themselves. @module */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { transition } from "xstate";
import { encodeTable } from "../../src/lifecycle/table.js";
import { baseKey, metaKey } from "../../src/redis/layout.js";
import { CELLS, PAIRS } from "../lifecycle/machines.js";
import { binaries, RedisServer } from "./servers.js";

const BASE = baseKey("matrix", 0);
/** The machines that live in the store; a feed lives in each guard. */
const KEPT = ["hop", "approval", "lease"];
const ROWS = PAIRS.filter(({ name }) => KEPT.includes(name))
  .map(({ table }) => encodeTable(table))
  .join("")
  .replaceAll(";;", ";");

/** The parts that every move looks transitions up with, and nothing else around them. */
const PROBE = `${["keys", "refuse", "table"].map(partOf).join("\n")}
return guarded(function() return { 'ok', next_state(ARGV[1], ARGV[2], ARGV[3]) } end)`;

function partOf(name: string): string {
  const url = new URL(`../../src/redis/lua/lib/${name}.lua`, import.meta.url);
  return readFileSync(url, "utf8").replace(/^--- @include .*$/gm, "");
}

describe.each(binaries())("R31 every cell in a script on $name", ({ path: binary }) => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start({ binary });
    await server.ask("HSET", metaKey(BASE), "table", ROWS);
  });
  afterAll(() => server.stop());

  test.each(KEPT.map((name) => ({ name, cells: CELLS.filter((cell) => cell.name === name) })))(
    "agrees with the machine of the $name",
    async ({ name, cells }) => {
      const client = server.client();
      expect(cells.length).toBeGreaterThan(20);
      for (const { machine, state, event } of cells) {
        const before = machine.resolveState({ value: state, context: {} });
        const [after] = transition(machine, before, { type: event });
        const told = await client.eval(PROBE, 1, BASE, name, state, event);
        const refused = [
          "refused",
          "illegal_transition",
          "",
          `${state}>${event}`,
          `the ${name} does not permit this event`,
        ];
        const expected = before.can({ type: event }) ? ["ok", after.value] : refused;
        expect(told, `${state} > ${event}`).toEqual(expected);
      }
    },
  );
});
