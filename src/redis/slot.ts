/** Which of a Cluster's 16,384 slots a key lies in: CRC-16 (XMODEM) of its hash tag. @module */

/** How many slots a Cluster has. */
export const SLOTS = 16_384;

/** The slot of a key whose tag is what stands between its first braces. */
export function slotOf(key: string): number {
  const open = key.indexOf("{");
  const end = open < 0 ? -1 : key.indexOf("}", open + 1);
  const tag = end > open + 1 ? key.slice(open + 1, end) : key;
  return crc16(Buffer.from(tag)) % SLOTS;
}

function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021;
    }
  }
  return crc & 0xffff;
}
