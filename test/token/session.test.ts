import { createHmac } from "node:crypto";
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SESSION_MS_MAX, SESSION_WINDOW, SESSIONS_PER_HOLDER_MAX } from "../../src/base/limits.js";
import { seededRandom } from "../../src/base/random.js";
import { SequenceWindow } from "../../src/token/sequence-window.js";
import { offerSession, SessionTable } from "../../src/token/session.js";
import { MacKey } from "../../src/token/session-key.js";
import { fault, keyOf, NOW } from "./fixtures.js";

const parties = { holder: keyOf(1).thumbprint, audience: "https://files.example.com" };
const call = {
  leafDigest: "L".repeat(43),
  tool: "files.read",
  argumentsDigest: "A".repeat(43),
};

function openSession(table = new SessionTable(), at = NOW) {
  const offer = offerSession();
  const answer = table.open(parties, offer.epk, at);
  if (answer === undefined) throw new Error("table is full");
  const client = offer.accept(answer, parties);
  return { table, client, answer, offer };
}

describe("a session", () => {
  test("passes each call that its holder makes, once", () => {
    const { table, client } = openSession();
    for (let i = 0; i < 2_000; i++) table.check(client.prove(call), parties, call, NOW);
  });

  test("P07 refuses a sequence number that was used", () => {
    const { table, client } = openSession();
    const proof = client.prove(call);
    table.check(proof, parties, call, NOW);
    expect(() => table.check(proof, parties, call, NOW)).toThrow(fault("proof_replayed"));
  });

  test("P08 of fifty replays one passes", () => {
    const { table, client } = openSession();
    const proof = client.prove(call);
    let passed = 0;
    for (let i = 0; i < 50; i++) {
      try {
        table.check(proof, parties, call, NOW);
        passed += 1;
      } catch (thrown) {
        expect(thrown).toEqual(fault("proof_replayed"));
      }
    }
    expect(passed).toBe(1);
  });

  test.each([
    ["P13 another leaf", { leafDigest: "M".repeat(43) }],
    ["P13 another tool", { tool: "files.write" }],
    ["P13 other arguments", { argumentsDigest: "B".repeat(43) }],
    ["parts that only join to the same text", { tool: 'files.read","x' }],
  ])("%s needs another mac", (_what, change) => {
    const { table, client } = openSession();
    const proof = client.prove(call);
    expect(() => table.check(proof, parties, { ...call, ...change }, NOW)).toThrow(
      fault("proof_invalid"),
    );
    // A refused proof uses nothing up.
    table.check(proof, parties, call, NOW);
  });

  test("another sequence number needs another mac", () => {
    const { table, client } = openSession();
    const proof = { ...client.prove(call), sequence: 2 };
    expect(() => table.check(proof, parties, call, NOW)).toThrow(fault("proof_invalid"));
  });

  test.each([
    ["empty", ""],
    ["short", "AAAA"],
    ["of other letters", "é".repeat(43)],
    ["not this one", "A".repeat(43)],
  ])("S30 a mac that is %s is refused", (_what, mac) => {
    const { table, client } = openSession();
    const proof = { ...client.prove(call), mac };
    expect(() => table.check(proof, parties, call, NOW)).toThrow(fault("proof_invalid"));
  });

  test.each([
    ["P01 P03 another holder", { ...parties, holder: keyOf(2).thumbprint }],
    ["P10 P11 another audience", { ...parties, audience: "https://files.example.com/" }],
  ])("%s has not this session", (_who, others) => {
    const { table, client } = openSession();
    expect(() => table.check(client.prove(call), others, call, NOW)).toThrow(
      fault("session_unknown"),
    );
  });

  test("is known to one table only, and not to a table that was started again", () => {
    const { client } = openSession();
    expect(() => new SessionTable().check(client.prove(call), parties, call, NOW)).toThrow(
      fault("session_unknown"),
    );
  });

  test.each([
    ["just before its end", SESSION_MS_MAX - 1, true],
    ["at its end", SESSION_MS_MAX, false],
    ["by a clock that shows nothing", Number.NaN, false],
  ])("P17 is judged %s", (_when, offset, passes) => {
    const { table, client } = openSession();
    const run = () => table.check(client.prove(call), parties, call, NOW + offset);
    if (passes) run();
    else expect(run).toThrow(fault("session_unknown"));
  });

  test("has one key for each exchange: what another side derives does not pass", () => {
    const { table, answer } = openSession();
    const stranger = offerSession().accept(answer, parties);
    const mistaken = openSession(table).offer.accept(answer, parties);
    for (const other of [stranger, mistaken]) {
      expect(() => table.check(other.prove(call), parties, call, NOW)).toThrow(
        fault("proof_invalid"),
      );
    }
  });

  test.each([
    ["zero", "00".repeat(32)],
    ["one", `01${"00".repeat(31)}`],
    ["order 8", "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"],
    ["order 8, the other", "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"],
    ["p - 1", `ec${"ff".repeat(30)}7f`],
    ["p", `ed${"ff".repeat(30)}7f`],
    ["p + 1", `ee${"ff".repeat(30)}7f`],
  ])("S11 a key of low order (%s) agrees with neither side", (_name, hex) => {
    const low = Buffer.from(hex, "hex").toString("base64url");
    expect(() => new SessionTable().open(parties, low, NOW)).toThrow(fault("proof_invalid"));
    const answer = { id: "pos_1", serverKey: low };
    expect(() => offerSession().accept(answer, parties)).toThrow(fault("proof_invalid"));
  });

  test.each(["", "AA", "A".repeat(44), `${"A".repeat(42)}=`, `${"A".repeat(42)}B`])(
    "S30 %o is no key",
    (epk) => {
      const table = new SessionTable();
      expect(() => table.open(parties, epk, NOW)).toThrow(fault("proof_invalid"));
      expect(table.size).toBe(0);
    },
  );

  test("K03 shows its key nowhere", () => {
    const { client, table } = openSession();
    const again = { random: seededRandom(1) };
    expect(JSON.parse(JSON.stringify(client))).toEqual({ id: client.id });
    expect(inspect(client, { showHidden: true, depth: 9 })).not.toMatch(/Buffer|[0-9a-f]{64}/);
    expect(JSON.stringify(table)).toBe("{}");
    expect(new SessionTable(again).size).toBe(0);
  });
});

describe("the table", () => {
  test("opens no session beyond its capacity, drops no live one, and makes room when they end", () => {
    const table = new SessionTable({ sessionsMax: 2 });
    const first = openSession(table);
    openSession(table, NOW + 1);
    expect(table.open(parties, offerSession().epk, NOW + 2)).toBeUndefined();
    table.check(first.client.prove(call), parties, call, NOW + 2);
    expect(table.open(parties, offerSession().epk, NOW + SESSION_MS_MAX)).toBeDefined();
    expect(table.size).toBe(2);
  });

  test("leaves room beside a holder who opens without end", () => {
    const table = new SessionTable();
    for (let i = 0; i < SESSIONS_PER_HOLDER_MAX; i++) openSession(table);
    expect(table.open(parties, offerSession().epk, NOW)).toBeUndefined();
    const other = { ...parties, holder: keyOf(2).thumbprint };
    expect(table.open(other, offerSession().epk, NOW)).toBeDefined();
    expect(table.open(parties, offerSession().epk, NOW + SESSION_MS_MAX)).toBeDefined();
    expect(table.size).toBe(1);
  });
});

describe("SequenceWindow", () => {
  test("claims what a set of all that was seen would claim", () => {
    const step = fc.oneof(
      fc.nat(SESSION_WINDOW * 3),
      fc.constantFrom(1, SESSION_WINDOW, SESSION_WINDOW + 1),
      fc.integer({ min: -2, max: 2 }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (sequences) => {
        const window = new SequenceWindow();
        const seen = new Set<number>();
        let highest = 0;
        for (const sequence of sequences) {
          const fresh = sequence >= 1 && sequence > highest - SESSION_WINDOW && !seen.has(sequence);
          expect(window.claim(sequence)).toBe(fresh);
          if (fresh) seen.add(sequence);
          highest = Math.max(highest, fresh ? sequence : 0);
        }
      }),
    );
  });

  test("P17 takes the oldest number of the window, and not the one before", () => {
    const window = new SequenceWindow();
    expect(window.claim(SESSION_WINDOW + 5)).toBe(true);
    expect(window.claim(6)).toBe(true);
    expect(window.claim(5)).toBe(false);
  });

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])(
    "S26 %d is no sequence number",
    (sequence) => {
      expect(new SequenceWindow().claim(sequence)).toBe(false);
    },
  );
});

test("the mac is HMAC-SHA-256", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 0, maxLength: 64 }),
      fc.string({ unit: "grapheme" }),
      (key, text) => {
        const native = createHmac("sha256", key).update(text).digest("base64url");
        expect(new MacKey(key).hmac(text)).toBe(native);
      },
    ),
  );
  expect(() => new MacKey(new Uint8Array(65))).toThrow(RangeError);
});

test("the mac of a text is the same whatever came before it, and however long it is", () => {
  const secret = new Uint8Array(32).fill(7);
  const key = new MacKey(secret);
  for (const length of [0, 700, 1, 256, 255, 257, 768, 769, 10_000, 3]) {
    for (const letter of ["a", "é", "\u2028", "😀"]) {
      const text = letter.repeat(length);
      expect(key.hmac(text)).toBe(createHmac("sha256", secret).update(text).digest("base64url"));
    }
  }
});

test("a mac of another length or with other characters is none, whatever was compared before", () => {
  const key = new MacKey(new Uint8Array(32).fill(7));
  const input = { ...call, session: "s", sequence: 1, audience: parties.audience };
  const mac = key.mac(input);
  const others = [
    "",
    mac.slice(0, -1),
    `${mac}A`,
    `${mac.slice(0, -1)}\u20ac`,
    `${mac.slice(0, -1)}\u00e9`,
    `${mac.slice(0, -2)}\u00e9`,
    `${mac.slice(0, -1)}${String.fromCharCode(0x100 + mac.charCodeAt(42))}`,
    `${mac.slice(0, -1)}\ud800`,
  ];
  for (const other of others) {
    expect(key.verify(input, mac)).toBe(true);
    expect(key.verify(input, other)).toBe(false);
  }
});
