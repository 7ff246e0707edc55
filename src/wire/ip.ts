/** IP addresses and networks in text: strict dotted decimal, RFC 4291 §2.2 for IPv6, nothing else. @module */

/** An address or network as 16-bit groups: two for IPv4, eight for IPv6. An IPv4-mapped IPv6 address is IPv4. */
export type Groups = readonly number[];

/** An aligned block of addresses. */
export interface Network {
  readonly groups: Groups;
  /** Leading bits that are fixed: 0 to 32, or 0 to 128. */
  readonly bits: number;
}

const OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
const IPV4 = new RegExp(`^${OCTET}\\.${OCTET}\\.${OCTET}\\.${OCTET}$`);
const GROUP = /^[0-9A-Fa-f]{1,4}$/;
const PREFIX = /^(0|[1-9][0-9]{0,2})$/;

/**
 * Reads an address; undefined when it is not one. No zone ids, no leading zeros, no octal, hexadecimal or short forms.
 * `::ffff:a.b.c.d` reads as the IPv4 address that it stands for.
 */
export function parseAddress(text: string): Groups | undefined {
  if (text.length > 45) return undefined;
  const four = parseIpv4(text);
  if (four !== undefined) return four;
  const six = parseIpv6(text);
  return six === undefined || !isMapped(six) ? six : six.slice(6);
}

/** Reads `address/bits`; undefined when it is not that, or when a bit behind the prefix is set. */
export function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf("/");
  const address = text.slice(0, slash);
  const prefix = text.slice(slash + 1);
  if (slash < 0 || !PREFIX.test(prefix) || address.length > 45) return undefined;
  const network = networkOf(parseIpv4(address) ?? parseIpv6(address), Number(prefix));
  if (network === undefined) return undefined;
  const mapped = network.groups.length === 8 && network.bits >= 96 && isMapped(network.groups);
  return mapped ? { groups: network.groups.slice(6), bits: network.bits - 96 } : network;
}

/** Whether `address` lies in `network`. Families never mix. */
export function inNetwork(address: Groups, network: Network): boolean {
  if (address.length !== network.groups.length) return false;
  for (let i = 0; i < address.length; i += 1) {
    const mask = maskAt(network.bits, i);
    if (((address[i] ?? 0) & mask) !== ((network.groups[i] ?? 0) & mask)) return false;
  }
  return true;
}

function networkOf(groups: Groups | undefined, bits: number): Network | undefined {
  if (groups === undefined || bits > groups.length * 16) return undefined;
  const aligned = groups.every((group, i) => (group & ~maskAt(bits, i) & 0xffff) === 0);
  return aligned ? { groups, bits } : undefined;
}

function parseIpv4(text: string): Groups | undefined {
  const octets = IPV4.exec(text);
  if (octets === null) return undefined;
  const [, a = "", b = "", c = "", d = ""] = octets;
  return [Number(a) * 256 + Number(b), Number(c) * 256 + Number(d)];
}

function parseIpv6(text: string): Groups | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = groupsOf(halves[0] ?? "", halves.length === 1);
  const tail = halves.length === 1 ? [] : groupsOf(halves[1] ?? "", true);
  if (head === undefined || tail === undefined) return undefined;
  const given = head.length + tail.length;
  if (halves.length === 1) return given === 8 ? head : undefined;
  // "::" stands for at least one group.
  return given > 7 ? undefined : [...head, ...new Array<number>(8 - given).fill(0), ...tail];
}

/** The groups between colons; the last may be dotted decimal when it ends the whole address. */
function groupsOf(text: string, endsAddress: boolean): number[] | undefined {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [i, part] of parts.entries()) {
    const dotted = endsAddress && i === parts.length - 1 ? parseIpv4(part) : undefined;
    if (dotted !== undefined) groups.push(...dotted);
    else if (GROUP.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}

function isMapped(groups: Groups): boolean {
  return groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0);
}

function maskAt(bits: number, index: number): number {
  const left = Math.min(16, Math.max(0, bits - index * 16));
  return (0xffff << (16 - left)) & 0xffff;
}
