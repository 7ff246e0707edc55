/** `npm start`: the demonstration, from a fresh clone on; arguments are passed to `legate demo`. @module */
import { prepare, ROOT, run, statusOf } from "./prepare.mjs";

prepare();
run(process.execPath, ["scripts/build.mjs"]);
process.exitCode = statusOf(process.execPath, [
  `${ROOT}dist/cli/main.js`,
  "demo",
  ...process.argv.slice(2),
]);
