/** The coordinator's signing keys on disk: a JWKS file that only its owner may read. @module */
import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { DelegationError } from "../base/error.js";
import { parseJson } from "../base/json.js";
import { type KeyRing, keyRing } from "../token/jwks.js";
import { exportSigningKey, generateSigningKey, importSigningKey } from "../token/key.js";

/** Bits of a file's mode that let anyone but its owner in. */
const OTHERS = 0o077;

/**
 * Reads the key ring in `path`, or makes a file with one new Ed25519 key.
 *
 * The first key of the file signs; all of them verify. A new file is written whole or not at all, mode 0600.
 *
 * @param readonly Only looks: where there is no file, the ring is made for this process alone.
 * @throws {DelegationError} `config_invalid` for a file that others may read, that is no JWKS of private keys, or that cannot be
 *   read; the message names the path and never what is in it.
 */
export function openKeyFile(path: string, readonly = false): KeyRing {
  const text = readText(path);
  if (text === undefined) return readonly ? keyRing(generateSigningKey()) : createKeyFile(path);
  const jwks = parseKeys(path, text);
  const [current, ...previous] = jwks.map((jwk) => importSigningKey(jwk));
  if (current === undefined) throw unusable(path, undefined);
  return keyRing(current, new Map(previous.map((key) => [key.kid, key])));
}

function readText(path: string): string | undefined {
  try {
    const { mode } = statSync(path);
    if ((mode & OTHERS) !== 0) {
      throw new DelegationError(
        "config_invalid",
        `others may read the key file: chmod 600 ${path}`,
        {
          rule: "keys",
        },
      );
    }
    return readFileSync(path, "utf8");
  } catch (cause) {
    if (cause instanceof DelegationError) throw cause;
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw unusable(path, cause);
  }
}

function parseKeys(path: string, text: string): readonly unknown[] {
  try {
    const parsed = parseJson(text);
    if (
      parsed !== null &&
      typeof parsed === "object" &&
      !Array.isArray(parsed) &&
      Array.isArray(parsed.keys)
    ) {
      return parsed.keys;
    }
  } catch (cause) {
    throw unusable(path, cause);
  }
  throw unusable(path, undefined);
}

/** Beside the file first, then moved: a process that dies in between leaves no half a key. */
function createKeyFile(path: string): KeyRing {
  const key = generateSigningKey();
  const draft = `${path}.${process.pid}.new`;
  try {
    const file = openSync(draft, "wx", 0o600);
    try {
      writeSync(file, `${JSON.stringify({ keys: [exportSigningKey(key)] })}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, path);
  } catch (cause) {
    rmSync(draft, { force: true });
    throw unusable(path, cause);
  }
  return keyRing(key);
}

function unusable(path: string, cause: unknown): DelegationError {
  return new DelegationError("config_invalid", `not a usable key file: ${path}`, {
    rule: "keys",
    cause,
  });
}
