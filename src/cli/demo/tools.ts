/** The tools of the story. They are real: they read this package's files, and write to a scratch folder. @module */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/** Arguments as the guard handed them on. */
export type Arguments = Readonly<Record<string, unknown>>;

/** What a tool found or did. */
export interface Found {
  readonly files?: readonly string[];
  readonly text?: string;
  readonly matches?: number;
}

/** A running search tells how far it is, so that a cut can be seen to stop it. */
export interface Progress {
  looked: number;
  total: number;
}

const SKIPPED: ReadonlySet<string> = new Set(["node_modules", "scratch", "coverage", "reports"]);
/** What looking into one file takes a slow disk. */
const SEARCH_STEP_MS = 15;

/** Folders as agents name them, and where they are. */
export interface Places {
  /** `/repo`: this package. */
  readonly repo: string;
  /** `/scratch`: what the story may write to. */
  readonly scratch: string;
}

export type Tool = (args: Arguments, signal: AbortSignal) => Promise<Found>;

/** @param progress Told by `files.search`. */
export function makeTools(places: Places, progress: Progress): Readonly<Record<string, Tool>> {
  const at = (args: Arguments) => realPath(places, String(args.path));
  return {
    "files.list": async (args) => ({ files: await listed(at(args), String(args.path)) }),
    "files.read": async (args) => ({ text: await readFile(at(args), "utf8") }),
    "files.search": async (args, signal) => {
      const files = await listed(at(args), String(args.path));
      progress.total = files.length;
      let matches = 0;
      for (const file of files) {
        await pause(SEARCH_STEP_MS, undefined, { signal });
        const text = await readFile(realPath(places, file), "utf8");
        signal.throwIfAborted();
        matches += text.split(String(args.text)).length - 1;
        progress.looked += 1;
      }
      return { matches };
    },
    "inbox.read": async (args) => ({
      text: await readFile(join(places.scratch, "inbox", String(args.name)), "utf8"),
    }),
    "notes.write": async (args) => {
      await mkdir(dirname(at(args)), { recursive: true });
      await writeFile(at(args), String(args.text));
      return {};
    },
    "mail.send": async (args) => {
      await writeFile(join(places.scratch, "outbox.txt"), String(args.text));
      return {};
    },
  };
}

/** All files below, in order, by the names that agents use. */
async function listed(folder: string, name: string): Promise<string[]> {
  const files: string[] = [];
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (SKIPPED.has(entry.name) || entry.name.startsWith(".")) continue;
    const path = `${name}/${entry.name}`;
    if (entry.isDirectory()) files.push(...(await listed(join(folder, entry.name), path)));
    else if (entry.isFile()) files.push(path);
  }
  return files;
}

/** The guard has checked the path; whatever is in neither folder is nothing that these tools know. */
function realPath({ repo, scratch }: Places, path: string): string {
  for (const [name, folder] of [
    ["/repo", repo],
    ["/scratch", scratch],
  ] as const) {
    if (path === name) return folder;
    if (path.startsWith(`${name}/`)) return join(folder, path.slice(name.length + 1));
  }
  throw new Error("no such place");
}
