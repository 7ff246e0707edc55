/** The benchmark: quotients of our work and of bare signatures, measured in one run. @module */
import { fileURLToPath } from "node:url";
import { writeMain } from "./results.js";
import { runSuite } from "./suite.js";

await runSuite({
  command: "npm run bench",
  program: fileURLToPath(import.meta.url),
  sections: {
    signatures: () => import("./signatures.js"),
    decision: () => import("./decision.js"),
    chains: () => import("./chains.js"),
    calls: () => import("./calls.js"),
    delegation: () => import("./delegation.js"),
    trees: () => import("./trees.js"),
    peers: () => import("./peers.js"),
  },
  head: [
    "# Results",
    "",
    "Written by `npm run bench -- --write`, never by hand. Quotients of one run; what they are made of is in the section titles.",
    "A value is the median over blocks of interleaved samples, with the smallest and the largest block beside it; within a block the lower quartile counts. CPU time unless it says wall.",
  ],
  keep: writeMain,
});
