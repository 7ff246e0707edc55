/** The benchmark on Redis: quotients of our scripts and of bare ones, of our calls and of round trips, on servers of its own. @module */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { binaries } from "../../test/redis/servers.js";
import { writePart } from "../results.js";
import { runSuite } from "../suite.js";

await runSuite({
  command: "npm run bench:redis",
  program: fileURLToPath(import.meta.url),
  sections: {
    delegation: () => import("./delegation.js"),
    trees: () => import("./trees.js"),
    revocation: () => import("./revocation.js"),
    admission: () => import("./admission.js"),
    bootstrap: () => import("./bootstrap.js"),
    scale: () => import("./scale.js"),
  },
  others: () => [versionOf(binaries()[0]?.path ?? "redis-server")],
  head: [
    "# Results on Redis",
    "",
    "Written by `npm run bench:redis -- --write`, never by hand. Real servers on the loopback of the same machine, without an append-only file: what a disk costs is the disk's.",
  ],
  keep: (text) => writePart("bench-redis", text),
});

/** The first words of what it says: the build's number says nothing. */
function versionOf(binary: string): string {
  const { stdout } = spawnSync(binary, ["--version"], { encoding: "utf8" });
  return /^.*?v=\S+/.exec(stdout ?? "")?.[0] ?? binary;
}
