/** Runs every example and fails when one does. @module */
import { readdirSync } from "node:fs";
import { ROOT, statusOf } from "./prepare.mjs";

const examples = readdirSync(`${ROOT}examples`)
  .filter((name) => name.endsWith(".ts"))
  .sort();
const failed = examples.filter((name) => {
  console.log(`\n# examples/${name}`);
  return statusOf(process.execPath, ["--import", "tsx", `examples/${name}`]) !== 0;
});
console.log(`\n${examples.length - failed.length} of ${examples.length} examples ran`);
if (examples.length === 0 || failed.length > 0) {
  console.error(`failed: ${failed.join(", ") || "there are none"}`);
  process.exitCode = 1;
}
