/** Token Status Lists: packed statuses, compressed for the wire. @module */
import { deflateSync, inflateSync } from "node:zlib";
import { decodeBase64url, encodeBase64url } from "../base/base64url.js";
import { DelegationError } from "../base/error.js";
import { STATUS_LIST_BYTES_MAX } from "../base/limits.js";

/** Bits of one status. */
export type StatusBits = 1 | 2 | 4 | 8;

/** Statuses that have a meaning everywhere (Token Status List §7.1); all but VALID deny. */
export const STATUS = { valid: 0, invalid: 1, suspended: 2 } as const;

/** A list as it stands in a token: `status_list`. */
export interface EncodedStatusList {
  readonly bits: StatusBits;
  /** base64url of ZLIB. */
  readonly lst: string;
}

/** A list of statuses, packed from the lowest bit on (§4.1). */
export class StatusList {
  readonly bits: StatusBits;
  readonly #bytes: Uint8Array;

  private constructor(bits: StatusBits, bytes: Uint8Array) {
    this.bits = bits;
    this.#bytes = bytes;
  }

  /**
   * A list of at least `entries` statuses, all VALID.
   *
   * @throws {DelegationError} `too_large`
   */
  static empty(entries: number, bits: StatusBits): StatusList {
    const bytes = Math.ceil((entries * bits) / 8);
    if (!(bytes <= STATUS_LIST_BYTES_MAX)) throw tooLarge();
    return new StatusList(bits, new Uint8Array(bytes));
  }

  /**
   * Reads a list from the wire. Stops inflating at `STATUS_LIST_BYTES_MAX`.
   *
   * @throws {DelegationError} `malformed`, `too_large`
   */
  static decode({ bits, lst }: EncodedStatusList): StatusList {
    return new StatusList(bits, inflate(decodeBase64url(lst)));
  }

  /** Entries that the list has room for. */
  get length(): number {
    return (this.#bytes.length * 8) / this.bits;
  }

  /** The status at `index`, or `undefined` beyond the list. */
  get(index: number): number | undefined {
    const { byte, shift, mask } = this.#place(index);
    const packed = Number.isInteger(index) ? this.#bytes[byte] : undefined;
    return packed === undefined ? undefined : (packed >> shift) & mask;
  }

  /**
   * Sets the status at `index`.
   *
   * @throws {DelegationError} `config_invalid` beyond the list, or for a status that does not fit the bits.
   */
  set(index: number, status: number): void {
    const { byte, shift, mask } = this.#place(index);
    const packed = Number.isInteger(index) ? this.#bytes[byte] : undefined;
    if (packed === undefined || !Number.isInteger(status) || status < 0 || status > mask) {
      throw new DelegationError("config_invalid", "status does not fit the list");
    }
    this.#bytes[byte] = (packed & ~(mask << shift)) | (status << shift);
  }

  /** The list for the wire. */
  encode(): EncodedStatusList {
    return { bits: this.bits, lst: encodeBase64url(deflateSync(this.#bytes, { level: 9 })) };
  }

  #place(index: number): { byte: number; shift: number; mask: number } {
    const perByte = 8 / this.bits;
    const shift = (index % perByte) * this.bits;
    return { byte: Math.floor(index / perByte), shift, mask: (1 << this.bits) - 1 };
  }
}

function inflate(bytes: Uint8Array): Uint8Array {
  try {
    return inflateSync(bytes, { maxOutputLength: STATUS_LIST_BYTES_MAX });
  } catch (cause) {
    if (isNodeError(cause) && cause.code === "ERR_BUFFER_TOO_LARGE") throw tooLarge();
    throw new DelegationError("malformed", "status list is not zlib data", { cause });
  }
}

function isNodeError(thrown: unknown): thrown is NodeJS.ErrnoException {
  return thrown instanceof Error && "code" in thrown;
}

function tooLarge(): DelegationError {
  return new DelegationError("too_large", "status list is larger than its ceiling");
}
