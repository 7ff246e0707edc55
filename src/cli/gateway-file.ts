/** The file of a gateway, as commands read it. @module */
import { DelegationError } from "../base/error.js";
import { parseJson } from "../base/json.js";
import { type GatewayConfig, parseGatewayConfig } from "../wire/gateway-config.js";
import { CommandError, EXIT } from "./exit.js";
import { textOf } from "./gateway-ground.js";

/** @throws {CommandError} `notFound`; `usage` for one that is not in order */
export function gatewayFile(path: string): GatewayConfig {
  return inOrder(() => parseGatewayConfig(parseJson(textOf(path))));
}

/** Whoever runs the command wrote the file: its faults are theirs to mend. */
export function inOrder<T>(read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    throw told(thrown);
  }
}

/** A fault of a file in the words of whoever wrote it. */
export function told(thrown: unknown): unknown {
  if (!(thrown instanceof DelegationError)) return thrown;
  const { code, message } = thrown;
  const faults = ["config_invalid", "malformed", "duplicate_member", "non_finite", "too_large"];
  if (!faults.includes(code)) return thrown;
  return new CommandError(EXIT.usage, `${code}: ${message}`);
}
