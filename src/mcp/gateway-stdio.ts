/** The gateway's face over stdio: one server, one caller, who started us. @module */
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import type { GatewayDoor } from "./gateway.js";
import type { McpTransport } from "./transport.js";

/**
 * Serves the caller at our standard input and output.
 *
 * @returns when it has closed its side, or its authority is cut
 * @throws {DelegationError} `quota_exceeded`
 */
export async function serveGatewayStdio(door: GatewayDoor, interrupt: AbortSignal): Promise<void> {
  const transport = new StdioServerTransport();
  const over = new Promise<void>((resolve) => {
    transport.onclose = resolve;
    // The transport does not look out for it.
    process.stdin.once("end", resolve);
    interrupt.addEventListener("abort", () => resolve(), { once: true });
  });
  const session = await door.serve(transport as McpTransport);
  if (!interrupt.aborted) await over;
  await session.close();
}
