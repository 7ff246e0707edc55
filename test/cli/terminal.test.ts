import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { openTerminal, printable, type Surroundings } from "../../src/cli/terminal.js";

const ESC = String.fromCharCode(27);

/** Streams that keep what was written. */
function surroundings(
  env: Readonly<Record<string, string>>,
  { tty = true, platform = "linux" } = {},
): Surroundings & { written: () => string } {
  const stream = () => Object.assign(new PassThrough(), { isTTY: tty, columns: 80 });
  const stdout = stream();
  const stderr = stream();
  return {
    stdout: stdout as unknown as NodeJS.WriteStream,
    stderr: stderr as unknown as NodeJS.WriteStream,
    stdin: stream() as unknown as NodeJS.ReadStream,
    env,
    platform,
    written: () => String(stdout.read() ?? ""),
  };
}

describe("openTerminal", () => {
  test.each([
    ["colours a terminal", {}, true, true],
    ["does not colour what is no terminal", {}, false, false],
    ["does not colour a dumb terminal", { TERM: "dumb" }, true, false],
    ["heeds NO_COLOR", { NO_COLOR: "1" }, true, false],
    ["does not heed an empty NO_COLOR", { NO_COLOR: "" }, true, true],
    ["heeds FORCE_COLOR", { FORCE_COLOR: "1" }, false, true],
    ["heeds FORCE_COLOR=0", { FORCE_COLOR: "0" }, true, false],
    ["lets NO_COLOR outrank FORCE_COLOR", { NO_COLOR: "1", FORCE_COLOR: "1" }, true, false],
  ])("%s", (_what, env, tty, coloured) => {
    const terminal = openTerminal(surroundings(env as Record<string, string>, { tty }), false);
    expect(terminal.tone("bad", "x")).toBe(coloured ? `${ESC}[31mx${ESC}[39m` : "x");
  });

  test("never colours JSON", () => {
    expect(openTerminal(surroundings({ FORCE_COLOR: "1" }), true).tone("bad", "x")).toBe("x");
  });

  test.each([
    [{ LANG: "en_GB.UTF-8" }, "linux", true],
    [{ LANG: "en_GB.UTF-8", LC_ALL: "C" }, "linux", false],
    [{ LANG: "C" }, "linux", false],
    [{ LANG: "C.utf8", TERM: "dumb" }, "linux", false],
    [{}, "darwin", true],
    [{ WT_SESSION: "1" }, "win32", true],
    [{}, "win32", false],
  ])("with %o on %s draws boxes: %s", (env, platform, unicode) => {
    const around = surroundings(env as Record<string, string>, { platform });
    expect(openTerminal(around, false).unicode).toBe(unicode);
  });

  test("asks nobody where there is no terminal", () => {
    expect(openTerminal(surroundings({}, { tty: false }), false).interactive).toBe(false);
    expect(openTerminal(surroundings({}), false).interactive).toBe(true);
  });

  test("writes JSON whose every character is harmless, and which still says the same", () => {
    const around = surroundings({});
    const value = { name: `a${ESC}[2J\u009b1A\u202eb` };
    openTerminal(around, true).record(value);
    const written = around.written();
    expect(written).toMatch(/^[\x20-\x7e]*\n$/);
    expect(JSON.parse(written)).toEqual(value);
  });
});

describe("printable", () => {
  test.each([
    ["clears the screen", `a${ESC}[2Jb`],
    ["moves the cursor", `a${ESC}[1Ab`],
    ["sets the window's title", `a${ESC}]0;x\u0007b`],
    ["begins a new line", "a\r\nb"],
    ["uses the one-byte forms of the same", "a\u009b2Jb"],
    ["turns the text around", "a\u202eb"],
    ["hides characters", "a\u200bb"],
    ["hides what follows", `a${ESC}[8mb`],
    ["takes colours that are not asked for", `a${ESC}[31mb`],
  ])("lets no name through that %s", (_what, name) => {
    const shown = printable(name);
    expect(shown).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(shown).toMatch(/^a.*b$/);
  });

  test("lets a coloured line keep our own styles and no other", () => {
    const own = `${ESC}[31mrevoked${ESC}[39m`;
    expect(printable(own, true)).toBe(own);
    expect(printable(`${ESC}[8m${own}${ESC}[30m`, true)).toBe(`\ufffd[8m${own}\ufffd[30m`);
  });

  test("leaves words of any language alone", () => {
    for (const text of ["ada − Ωmega → 東京", "naïve"]) expect(printable(text)).toBe(text);
  });
});
