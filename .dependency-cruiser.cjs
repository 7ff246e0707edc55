/**
 * The floors of the house: who may import whom, and which library lives where. `test/floors.test.ts` shows that each rule bites.
 *
 * @module
 */

/** Ground floor first; rooms on one floor never import each other. */
const FLOORS = [
  ["base"],
  ["wire"],
  ["grant", "lifecycle"],
  ["token"],
  ["chain"],
  ["policy", "audit"],
  ["coordinator", "guard"],
  ["memory", "redis", "carry"],
  ["http", "mcp", "agents"],
  ["cli", "console"],
];

/** One library, one room. What is not listed here is not a dependency. */
const LIBRARIES = {
  zod: ["wire"],
  jose: ["token"],
  xstate: ["lifecycle"],
  "@cedar-policy": ["policy"],
  ioredis: ["redis"],
  hono: ["http"],
  "@hono": ["http"],
  "prom-client": ["http"],
  "@modelcontextprotocol": ["mcp"],
  commander: ["cli"],
  pino: ["cli"],
  preact: ["console"],
};

/** Rooms that may touch files, sockets, processes and threads; all below them is pure. */
const ROOMS_WITH_IO = ["memory", "redis", "http", "mcp", "cli", "console"];
const IO_MODULES =
  "fs|net|tls|dgram|dns|http|https|http2|child_process|worker_threads|cluster|readline|repl|inspector";

/** Keys, signatures and digests are made here; elsewhere only their types may be named. */
const ROOMS_WITH_CRYPTO = ["base", "token"];

const inRooms = (rooms) => `^src/(?:${rooms.join("|")})/`;
const builtin = (names) => `^(?:node:)?(?:${names})(?:/|$)`;
const library = (name) => `(?:^|node_modules/)${name}(?:/|$)`;

const floors = FLOORS.flatMap((rooms, floor) =>
  rooms.map((room) => ({
    name: `floor-${room}`,
    comment: `${room} imports only from the floors below it`,
    severity: "error",
    from: { path: inRooms([room]) },
    to: { path: "^src/", pathNot: inRooms([room, ...FLOORS.slice(0, floor).flat()]) },
  })),
);

const libraries = Object.entries(LIBRARIES).map(([name, rooms]) => ({
  name: `library-${name.replace("@", "")}`,
  comment: `${name} is used in ${rooms.join(" and ")} alone`,
  severity: "error",
  from: { path: "^src/", pathNot: inRooms(rooms) },
  to: { path: library(name) },
}));

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    ...floors,
    ...libraries,
    {
      name: "library-unknown",
      comment: "a library needs a room before it is used",
      severity: "error",
      from: { path: "^src/" },
      to: {
        pathNot: ["^src/", "^[.]", ...Object.keys(LIBRARIES).map(library)],
        dependencyTypesNot: ["core"],
      },
    },
    {
      name: "room-unknown",
      comment: "every file lives in a room that has a floor, or is the front door",
      severity: "error",
      from: { path: "^src/", pathNot: [inRooms(FLOORS.flat()), "^src/index[.]ts$"] },
      to: {},
    },
    {
      name: "index-from-inside",
      comment: "index.ts is a door to the outside; inside, import the file that is meant",
      severity: "error",
      from: { path: "^src/" },
      to: { path: "/index[.]ts$", pathNot: "node_modules" },
    },
    {
      name: "circle",
      comment: "no circles, types included",
      severity: "error",
      from: { path: "^src/" },
      to: { circular: true },
    },
    {
      name: "io",
      comment: "files, sockets, processes and threads only at the edges",
      severity: "error",
      from: { path: "^src/", pathNot: inRooms(ROOMS_WITH_IO) },
      to: { path: builtin(IO_MODULES) },
    },
    {
      name: "crypto",
      comment: "keys, signatures and digests are made in base and token",
      severity: "error",
      from: { path: "^src/", pathNot: inRooms(ROOMS_WITH_CRYPTO) },
      to: { path: builtin("crypto"), dependencyTypesNot: ["type-only"] },
    },
    {
      name: "unresolved",
      comment: "what is imported exists",
      severity: "error",
      from: { path: "^src/" },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
      extensions: [".ts", ".d.ts", ".js"],
    },
  },
};
