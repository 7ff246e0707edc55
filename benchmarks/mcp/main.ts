/** The benchmark of MCP: guarded calls against unguarded ones, in one process and over HTTP. @module */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { writePart } from "../results.js";
import { runSuite } from "../suite.js";

await runSuite({
  command: "npm run bench:mcp",
  program: fileURLToPath(import.meta.url),
  sections: {
    memory: () => import("./memory.js"),
    http: () => import("./http.js"),
    cold: () => import("./cold.js"),
  },
  others: () => [`@modelcontextprotocol/sdk ${sdkVersion()}`],
  head: [
    "# Results for MCP",
    "",
    "Written by `npm run bench:mcp -- --write`, never by hand. The SDK's own client and server, with one tool that does nothing.",
  ],
  keep: (text) => writePart("bench-mcp", text),
});

function sdkVersion(): string {
  const entry = createRequire(import.meta.url).resolve("@modelcontextprotocol/sdk/client");
  const [folder = ""] = entry.split("/dist/");
  const { version } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  return String(version);
}
