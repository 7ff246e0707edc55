/** Confirmations: a cut by an agent comes after a dry run of exactly that cut. @module */
import { encodeBase64url } from "../base/base64url.js";
import type { Clock } from "../base/clock.js";
import { equalConstantTime, hmacSha256 } from "../base/digest.js";
import { DelegationError } from "../base/error.js";
import { CONFIRM_MS } from "../base/limits.js";
import type { RandomBytes } from "../base/random.js";

/** What a confirmation is good for. */
export interface Planned {
  readonly tenant: string;
  readonly tree: string;
  /** The caller's own hop. */
  readonly by: string;
  readonly kind: "hop" | "below";
  readonly hop: string;
}

/** Makes and checks confirmations; nothing is kept. */
export class Confirmations {
  readonly #clock: Clock;
  readonly #key: Uint8Array;

  constructor(clock: Clock, random: RandomBytes) {
    this.#clock = clock;
    this.#key = random(32);
  }

  make(planned: Planned): { readonly confirm: string; readonly expiresAt: number } {
    const expiresAt = this.#clock.now() + CONFIRM_MS;
    return { confirm: `${expiresAt}.${this.#macOf(planned, expiresAt)}`, expiresAt };
  }

  /** @throws {DelegationError} `invalid_request` for one of another cut, another caller, or past its time */
  check(planned: Planned, confirm: string): void {
    const [, time = "", mac = ""] = FORM.exec(confirm) ?? [];
    const expiresAt = Number(time);
    const ours = equalConstantTime(mac, this.#macOf(planned, expiresAt));
    if (ours && this.#clock.now() < expiresAt) return;
    throw new DelegationError("invalid_request", "not the confirmation of a dry run of this cut", {
      rule: "confirm",
    });
  }

  #macOf({ tenant, tree, by, kind, hop }: Planned, expiresAt: number): string {
    const text = JSON.stringify([tenant, tree, by, kind, hop, expiresAt]);
    return encodeBase64url(hmacSha256(this.#key, text));
  }
}

const FORM = /^(\d{1,15})\.([A-Za-z0-9_-]{43})$/;
