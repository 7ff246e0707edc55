/** Packs what would be published and has publint and attw look at exactly that. @module */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run, statusOf } from "./prepare.mjs";

const folder = mkdtempSync(join(tmpdir(), "legate-package-"));
try {
  run(process.execPath, ["scripts/build.mjs"]);
  run("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder]);
  const tarball = join(folder, readdirSync(folder)[0]);
  const statuses = [
    statusOf(process.execPath, ["node_modules/publint/src/cli.js", "run", tarball, "--strict"]),
    statusOf(process.execPath, [
      "node_modules/@arethetypeswrong/cli/dist/index.js",
      tarball,
      "--profile",
      "esm-only",
    ]),
  ];
  process.exitCode = Math.max(...statuses);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
