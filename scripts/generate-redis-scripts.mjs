/**
 * Writes `src/redis/scripts.generated.ts` from `src/redis/lua`: one entry for each script, its text put together from its parts.
 *
 * `node scripts/generate-redis-scripts.mjs` writes; with `--check` it writes nothing and exits 1 when the file has drifted. A folder
 * after that is read instead of the project's own.
 *
 * A line `--- @include lib/x` stands for the part `lib/x.lua` and all that it includes, each once, in front of what needs it.
 * A line `--- @version 2` gives a script another version than 1.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const INCLUDE = /^--- @include (\S+)$/;
const VERSION = /^--- @version ([1-9][0-9]*)$/m;

const check = process.argv.includes("--check");
const [root = fileURLToPath(new URL("..", import.meta.url))] = process.argv
  .slice(2)
  .filter((word) => word !== "--check");
const folder = join(root, "src", "redis", "lua");
const target = join(root, "src", "redis", "scripts.generated.ts");

try {
  const wanted = sourceOf(scripts());
  const found = existsSync(target) ? readFileSync(target, "utf8") : "";
  if (wanted !== found) {
    if (check) process.exitCode = 1;
    else writeFileSync(target, wanted);
    console.log(`${check ? "drifted" : "written"}: src/redis/scripts.generated.ts`);
  }
} catch (thrown) {
  console.error(thrown.message);
  process.exitCode = 2;
}

function scripts() {
  const names = readdirSync(folder)
    .filter((file) => file.endsWith(".lua"))
    .map((file) => file.slice(0, -".lua".length))
    .sort();
  return names.map((name) => {
    const parts = new Map();
    collect(name, [], parts);
    const version = Number(VERSION.exec(textOf(name))?.[1] ?? 1);
    return { name, version, parts };
  });
}

/** Puts the part and all that it needs into `parts`, what is needed first. */
function collect(name, above, parts) {
  if (above.includes(name)) throw new Error(`circle: ${[...above, name].join(" → ")}`);
  if (parts.has(name)) return;
  const lines = textOf(name).split("\n");
  for (const line of lines) {
    const include = INCLUDE.exec(line)?.[1];
    if (include !== undefined) collect(include, [...above, name], parts);
    else if (line.startsWith("--- @include")) throw new Error(`${name}: what is included?`);
  }
  parts.set(name, bare(lines));
}

function textOf(name) {
  const path = join(folder, `${name}.lua`);
  if (!existsSync(path)) throw new Error(`no such part: ${name}`);
  return readFileSync(path, "utf8");
}

/** Without the lines that are only for readers of the source. */
function bare(lines) {
  return lines
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/^--(?!\[)/.test(line))
    .map((line) => `${line}\n`)
    .join("");
}

function sourceOf(list) {
  const used = new Map(list.flatMap(({ parts }) => [...parts]));
  const parts = [...used].map(([name, text]) => `  "${name}": \`${quoted(text)}\`,\n`);
  const entries = list.map(({ name, version, parts }) => {
    const text = head(name, version) + [...parts.values()].join("");
    const sha1 = createHash("sha1").update(text).digest("hex");
    const names = [...parts.keys()].map((part) => `"${part}"`).join(", ");
    return `  ${key(name)}: script("${name}", ${version}, "${sha1}", [${names}]),\n`;
  });
  return `/** Made from \`src/redis/lua\` by \`npm run generate\`; not written by hand. @module */
import type { Script } from "./script.js";

const PARTS = {
${parts.join("")}};

/** Every script of the room, by name. */
export const SCRIPTS = {
${entries.join("")}};

function script(name: string, version: number, sha1: string, parts: readonly (keyof typeof PARTS)[]): Script {
  const text = parts.map((part) => PARTS[part]).join("");
  return { name, version, sha1, text: \`-- legate:\${name}:\${version}\\n\${text}\` };
}
`;
}

function head(name, version) {
  return `-- legate:${name}:${version}\n`;
}

function key(name) {
  return name.replace(/-([a-z])/g, (_, letter) => letter.toUpperCase());
}

function quoted(text) {
  return text
    .replaceAll("\\", "\\\\")
    .replaceAll("`", "\\`")
    .replace(/\$(?=\{)/g, "\\$")
    .replaceAll("\n", "\\n");
}
