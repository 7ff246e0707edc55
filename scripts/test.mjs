/** `npm test`: every test once, from a fresh clone on; arguments are passed to vitest. @module */
import { prepare, statusOf } from "./prepare.mjs";
import { prepareServers } from "./servers.mjs";

prepare();
prepareServers();
process.exitCode = statusOf(process.execPath, [
  "node_modules/vitest/vitest.mjs",
  "run",
  ...process.argv.slice(2),
]);
