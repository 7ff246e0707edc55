/** Points in time as RFC 3339 text, exact to the microsecond. @module */

const DATE_TIME =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,6}))?(?:Z|([+-])([0-9]{2}):([0-9]{2}))$/;

/**
 * Microseconds since the epoch of an RFC 3339 date-time (§5.6), or undefined.
 *
 * Upper-case `T` and `Z` only; at most six digits of fraction, and years to 2255, so that nothing is rounded; no leap
 * seconds.
 */
export function parseInstant(text: string): number | undefined {
  if (text.length > 32) return undefined;
  const match = DATE_TIME.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = "", sign, offsetHour, offsetMinute] =
    match;
  const fields = [year, month, day, hour, minute, second].map(Number);
  const [y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0] = fields;
  const oh = Number(offsetHour ?? 0);
  const om = Number(offsetMinute ?? 0);
  if (h > 23 || mi > 59 || s > 59 || oh > 23 || om > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(y, mo - 1, d);
  // A day that the month does not have rolls over into another one.
  if (date.getUTCMonth() !== mo - 1 || date.getUTCDate() !== d) return undefined;
  date.setUTCHours(h, mi, s);
  const offsetMs = (oh * 60 + om) * 60_000 * (sign === "-" ? -1 : 1);
  const microseconds = (date.getTime() - offsetMs) * 1_000 + Number(fraction.padEnd(6, "0"));
  return Number.isSafeInteger(microseconds) ? microseconds : undefined;
}
