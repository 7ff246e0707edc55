/** Digests that are found out when somebody asks for them. @module */
import { sha256OfAscii } from "../base/digest.js";

/**
 * SHA-256 (base64url) of a text that is ASCII once it is believed. Who verifies a token without a cache asks neither for its
 * name nor, when it has no child, for what a child would carry.
 */
export class LateDigest {
  #text: string;
  #value: string | undefined;

  /** @param value The digest, where it is known. */
  constructor(text: string, value?: string) {
    this.#text = text;
    this.#value = value;
  }

  /** Asked for only after the text was found to be three parts in base64url. */
  get value(): string {
    if (this.#value === undefined) {
      this.#value = sha256OfAscii(this.#text);
      this.#text = "";
    }
    return this.#value;
  }
}
