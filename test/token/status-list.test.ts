import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { STATUS_LIST_BYTES_MAX } from "../../src/base/limits.js";
import { type StatusBits, StatusList } from "../../src/token/status-list.js";
import vectors from "../vectors/status-list.json" with { type: "json" };
import { fault } from "./fixtures.js";

const BITS: StatusBits[] = [1, 2, 4, 8];
const zip = (bytes: Uint8Array) => deflateSync(bytes).toString("base64url");

describe("a status list", () => {
  test.each(vectors.vectors)("the vector $name decodes to its values", (vector) => {
    const list = StatusList.decode({ bits: vector.bits as StatusBits, lst: vector.lst });
    expect(vector.values.map((_value, index) => list.get(index))).toEqual(vector.values);
    const written = StatusList.empty(vector.entries, vector.bits as StatusBits);
    for (const [index, value] of vector.values.entries()) written.set(index, value);
    expect(written.encode()).toEqual({ bits: vector.bits, lst: vector.lst });
  });

  test("gives back what was set, whatever lies beside it", () => {
    const entries = fc.array(fc.nat(255), { minLength: 1, maxLength: 100 });
    fc.assert(
      fc.property(fc.constantFrom(...BITS), entries, entries, (bits, first, then) => {
        const cut = (value: number) => value % 2 ** bits;
        const list = StatusList.empty(first.length, bits);
        const model = first.map(cut);
        for (const [index, value] of model.entries()) list.set(index, value);
        for (const [at, value] of then.entries()) {
          const index = at % first.length;
          model[index] = cut(value);
          list.set(index, cut(value));
        }
        const read = StatusList.decode(list.encode());
        expect(model.map((_value, index) => read.get(index))).toEqual(model);
      }),
    );
  });

  test.each([-1, 8, 1e9, 0.5, Number.NaN, Number.POSITIVE_INFINITY])(
    "S26 says nothing about the index %d",
    (index) => {
      const list = StatusList.empty(8, 1);
      expect(list.get(index)).toBeUndefined();
      expect(() => list.set(index, 1)).toThrow(fault("config_invalid"));
    },
  );

  test.each([2, -1, 0.5])("refuses the status %d in one bit", (status) => {
    expect(() => StatusList.empty(8, 1).set(0, status)).toThrow(fault("config_invalid"));
  });

  test("S29 stops at its ceiling, however small the bomb is, and takes a list at the ceiling", () => {
    const bomb = zip(new Uint8Array(STATUS_LIST_BYTES_MAX + 1));
    expect(bomb.length).toBeLessThan(4_096);
    expect(() => StatusList.decode({ bits: 1, lst: bomb })).toThrow(fault("too_large"));
    const full = zip(new Uint8Array(STATUS_LIST_BYTES_MAX));
    expect(StatusList.decode({ bits: 8, lst: full }).length).toBe(STATUS_LIST_BYTES_MAX);
    expect(() => StatusList.empty(STATUS_LIST_BYTES_MAX + 1, 8)).toThrow(fault("too_large"));
    expect(() => StatusList.empty(Number.NaN, 8)).toThrow(fault("too_large"));
  });

  test.each([
    ["nothing", ""],
    ["no zlib", "AAAA"],
    ["half of a list", zip(new Uint8Array(100)).slice(0, 8)],
    ["padding", `${zip(new Uint8Array(4))}=`],
    ["text", "status list"],
  ])("S30 refuses %s", (_what, lst) => {
    expect(() => StatusList.decode({ bits: 1, lst })).toThrow(fault("malformed"));
  });
});
