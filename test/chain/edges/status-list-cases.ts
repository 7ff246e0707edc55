/** Edges of status lists: every width, long lists, and what is none. @module */
import { deflateRawSync, deflateSync } from "node:zlib";
import { encoded, type Members } from "./maker.js";

/** Statuses, the first in the lowest bits (Token Status List §4.1). */
function packed(bits: number, values: ReadonlyMap<number, number>, entries: number): Buffer {
  const bytes = Buffer.alloc(Math.ceil((entries * bits) / 8));
  for (const [at, value] of values) {
    const place = Math.floor((at * bits) / 8);
    bytes[place] = (bytes[place] ?? 0) | (value << ((at * bits) % 8));
  }
  return bytes;
}

function lists(bits: number): readonly Members[] {
  const values = Array.from({ length: 20 }, (_, at) => (at * 7 + 3) % 2 ** bits);
  const entries = 2 ** 20;
  const nonzero = new Map(
    [0, 1993, 723_232, entries - 1].map((at) => [at, (at % (2 ** bits - 1)) + 1]),
  );
  const long = deflateSync(packed(bits, nonzero, entries), { level: 9 });
  const short = deflateSync(packed(bits, new Map(values.entries()), values.length), { level: 9 });
  return [
    { name: `accept_${bits}_bits`, bits, lst: encoded(short), values, expect: "accept" },
    {
      name: `accept_${bits}_bits_long`,
      bits,
      entries,
      lst: encoded(long),
      nonzero: Object.fromEntries(nonzero),
      expect: "accept",
    },
  ];
}

const BYTE = deflateSync(Buffer.from([1]));

export const STATUS_LISTS: readonly Members[] = [
  ...[1, 2, 4, 8].flatMap(lists),
  {
    name: "accept_entries_short_of_a_byte",
    bits: 1,
    entries: 3,
    lst: encoded(BYTE),
    values: [1, 0, 0],
    expect: "accept",
  },
  { name: "reject_three_bits", bits: 3, lst: encoded(BYTE), values: [1], expect: "malformed" },
  { name: "reject_padding", bits: 1, lst: `${encoded(BYTE)}=`, values: [1], expect: "malformed" },
  {
    name: "reject_without_zlib_header",
    bits: 1,
    lst: encoded(deflateRawSync(Buffer.from([1]))),
    values: [1],
    expect: "malformed",
  },
  {
    name: "reject_cut_short",
    bits: 1,
    lst: encoded(BYTE.subarray(0, -3)),
    values: [1],
    expect: "malformed",
  },
  {
    name: "reject_beyond_two_megabytes",
    bits: 1,
    lst: encoded(deflateSync(Buffer.alloc(4_000_000), { level: 9 })),
    entries: 8,
    nonzero: {},
    expect: "malformed",
  },
];
