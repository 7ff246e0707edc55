/**
 * `npm run bench` and `npm run bench:redis`: compiles, then measures what was compiled; a runner that compiles on the way would be
 * measured too. The first argument names the program; the others are passed on: `--quick`, `--json`, `--write`, `--only <section>`.
 * @module
 */
import { ROOT, statusOf } from "./prepare.mjs";

const [program, ...rest] = process.argv.slice(2);
const compiled = statusOf(process.execPath, [
  "node_modules/typescript/bin/tsc",
  "-p",
  "tsconfig.bench.json",
]);
if (compiled !== 0) console.error("the compiler complained; what it could compile is measured");
process.exitCode = statusOf(process.execPath, [
  "--expose-gc",
  "--experimental-wasm-modules",
  "--disable-warning=ExperimentalWarning",
  `${ROOT}scratch/bench/benchmarks/${program}.js`,
  ...rest,
]);
