/**
 * Names of audit lines that have no number in the whole log yet.
 *
 * With one partition, its order is the log's. With several, lines get their number in the whole log when it is read; until then a line is
 * named by its partition and its number there, far above any number in the log. Reading takes both.
 *
 * @module
 */
const NAMES = 2 ** 52;
const ORDER = 2 ** 42;

export function lineName(partitions: number, partition: number, seq: number): number {
  return partitions === 1 ? seq : NAMES + partition * ORDER + seq;
}

/** What a name stands for; undefined for a number in the whole log. */
export function namedLine(name: number): { partition: number; seq: number } | undefined {
  if (name < NAMES) return undefined;
  const rest = name - NAMES;
  return { partition: Math.floor(rest / ORDER), seq: rest % ORDER };
}
