/** Money in scripts is as exact as money in the process. @module */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import type { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addDecimal, compareDecimal, formatDecimal, parseDecimal } from "../../src/base/decimal.js";
import { DelegationError } from "../../src/base/error.js";
import { RedisServer } from "./servers.js";

const part = (name: string) =>
  readFileSync(new URL(`../../src/redis/lua/lib/${name}.lua`, import.meta.url), "utf8");
const SCRIPT = `${part("refuse")}${part("decimal")}
local function both()
  return { add_decimal(ARGV[1], ARGV[2]), is_more(ARGV[1], ARGV[2]) and 1 or 0 }
end
return guarded(both)`;

let server: RedisServer;
let redis: Redis;
beforeAll(async () => {
  server = await RedisServer.start();
  redis = server.client();
  await redis.connect();
});
afterAll(() => server.stop());

const inScript = (a: string, b: string) => redis.eval(SCRIPT, 1, "k", a, b);

/** What the script ought to answer. */
function inProcess(a: string, b: string): unknown[] {
  const [left, right] = [parseDecimal(a), parseDecimal(b)];
  try {
    const sum = formatDecimal(addDecimal(left, right));
    return [sum, compareDecimal(left, right) > 0 ? 1 : 0];
  } catch (thrown) {
    if (!(thrown instanceof DelegationError)) throw thrown;
    return ["refused", thrown.code, "", thrown.rule ?? "", thrown.message];
  }
}

const nines = "9".repeat(36);
test.each([
  ["0", "0"],
  ["0.1", "0.2"],
  ["1.00", "1"],
  ["0.000000000000000001", "999999999999999999.999999999999999999"],
  ["99999999999999", "1"],
  ["9999999999999999999999999999", "0.00000001"],
  [nines, "0"],
  [nines, "1"],
  ["999999999999999999.999999999999999999", "1"],
  ["100000000000000000000000000000000000", "0.1"],
])("%s and %s", async (a, b) => {
  expect(await inScript(a, b)).toEqual(inProcess(a, b));
  expect(await inScript(b, a)).toEqual(inProcess(b, a));
});

test("any two amounts come to the same", async () => {
  const digits = (maxLength: number) =>
    fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: 1, maxLength });
  const amount = fc
    .tuple(digits(18), fc.option(digits(18), { nil: undefined }))
    .map(([whole, part]) => {
      const bare = whole.replace(/^0+(?=.)/, "");
      return part === undefined ? bare : `${bare}.${part}`;
    });
  await fc.assert(
    fc.asyncProperty(amount, amount, async (a, b) => {
      expect(await inScript(a, b)).toEqual(inProcess(a, b));
    }),
    { numRuns: 500 },
  );
});
