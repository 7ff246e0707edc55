/** Builds `dist` from nothing. @module */
import { chmodSync, rmSync } from "node:fs";
import { ROOT, run } from "./prepare.mjs";

rmSync(`${ROOT}dist`, { recursive: true, force: true });
run(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"]);
chmodSync(`${ROOT}dist/cli/main.js`, 0o755);
