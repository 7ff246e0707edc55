/** Credentials: where they come from, and that they are found in whatever a server says. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { launchOf, type SecretPlaces } from "../../src/mcp/gateway-launch.js";
import { createRedactor, REDACTED } from "../../src/mcp/gateway-redact.js";
import { parseGatewayConfig } from "../../src/wire/gateway-config.js";

const SECRET = 'sk-"4711"\\do/not+show\n';

/** As clients write a variable. */
const put = (inner: string) => `\${${inner}}`;

function places(
  env: Record<string, string> = {},
  files: Record<string, string> = {},
): SecretPlaces {
  return {
    env,
    readFile: (path) => {
      const text = files[path];
      if (text === undefined) throw new Error(`ENOENT ${path}`);
      return text;
    },
  };
}

function launch(server: object, controls: object, from: SecretPlaces) {
  const { servers } = parseGatewayConfig({
    mcpServers: { one: server },
    legate: { servers: { one: controls } },
  });
  const [one] = servers;
  if (one === undefined) throw new Error("no server");
  return launchOf(one, from);
}

describe("a launch", () => {
  test("puts in variables as clients write them, and keeps their values secret", () => {
    const { run, secrets } = launch(
      {
        command: put("RUNNER"),
        args: [`--key=${put("env:API_KEY")}`, put("MISSING:-none")],
        env: { A: "plain-enough", B: "short", C: put("API_KEY") },
      },
      { public: ["A"] },
      places({ RUNNER: "run", API_KEY: "key-of-eight" }),
    );
    expect(run).toEqual({
      kind: "stdio",
      command: "run",
      args: ["--key=key-of-eight", "none"],
      env: { A: "plain-enough", B: "short", C: "key-of-eight" },
      cwd: undefined,
    });
    expect(secrets).toEqual(["key-of-eight"]);
  });

  test("takes a value of env for a secret unless it is said to be public", () => {
    const { secrets } = launch({ command: "x", env: { A: "plain-enough" } }, {}, places());
    expect(secrets).toEqual(["plain-enough"]);
  });

  test("reads credentials from environment and files, without the line break at the end", () => {
    const file = launch(
      { url: "https://a.example", headers: { authorization: "Bearer what-stood-there" } },
      { credential: { headers: { Authorization: { fromFile: "/key", prefix: "Bearer " } } } },
      places({}, { "/key": "secret-of-file\n" }),
    );
    expect(file.run).toMatchObject({ headers: { authorization: "Bearer secret-of-file" } });
    expect(file.secrets).toEqual(["Bearer what-stood-there", "what-stood-there", "secret-of-file"]);
  });

  test.each<[string, string, string[]]>([
    ["a scheme and a token", "Token key-of-eight", ["key-of-eight"]],
    [
      "user and password of a header",
      `Basic ${Buffer.from("ada:password-1").toString("base64")}`,
      [Buffer.from("ada:password-1").toString("base64"), "password-1"],
    ],
    ["the password of a database", "postgres://ada:pass%2Fword-1@db.example/x", ["pass/word-1"]],
    ["a key in a query", "https://a.example/mcp?key=key-of-eight&n=1", ["key-of-eight"]],
    ["a key in a path", "https://a.example/s/0123456789abcdef0123/mcp", ["0123456789abcdef0123"]],
  ])("knows %s by itself", (_what, value, parts) => {
    const { secrets } = launch({ command: "x", env: { A: value } }, {}, places());
    expect(secrets).toEqual([value, ...parts]);
  });

  test("keeps a key that stands in the url of a server", () => {
    const { secrets } = launch({ url: "https://a.example/mcp?key=key-of-eight" }, {}, places());
    expect(secrets).toEqual(["key-of-eight"]);
  });

  const credential = (source: object) => ({ credential: { env: { KEY: source } } });
  test.each<[string, object, object, string]>([
    [
      "a variable that is not set",
      { command: "x", args: [put("NO")] },
      {},
      "mcpServers.one.args.0",
    ],
    [
      "what clients ask people for",
      { command: "x", env: { A: put("input:key") } },
      {},
      "mcpServers.one.env.A",
    ],
    [
      "a credential that is not there",
      { command: "x" },
      credential({ fromEnv: "NO" }),
      "legate.servers.one.credential.env.KEY",
    ],
    [
      "a file that cannot be read",
      { command: "x" },
      credential({ fromFile: "/no" }),
      "legate.servers.one.credential.env.KEY",
    ],
    [
      "a secret that is too short",
      { command: "x" },
      credential({ fromEnv: "SHORT" }),
      "legate.servers.one.credential.env.KEY",
    ],
    ["a url that is none", { url: "files" }, {}, "mcpServers.one.url"],
    ["a url of another kind", { url: "ftp://files.example" }, {}, "mcpServers.one.url"],
    ["the network without encryption", { url: "http://files.example" }, {}, "mcpServers.one.url"],
  ])("refuses %s", (_what, server, controls, rule) => {
    const starting = () => launch(server, controls, places({ SHORT: "1234567" }));
    expect(starting).toThrow(expect.objectContaining({ code: "config_invalid", rule }));
  });

  test("goes to this machine without encryption", () => {
    for (const host of ["localhost", "127.0.0.1", "[::1]"]) {
      expect(launch({ url: `http://${host}:1/mcp` }, {}, places()).run.kind).toBe("http");
    }
  });
});

describe("a redactor", () => {
  const { message, text } = createRedactor([SECRET]);
  test.each<[string, string]>([
    ["as it is", SECRET],
    ["as JSON writes it", JSON.stringify({ key: SECRET })],
    ["as JSON in JSON writes it", JSON.stringify(JSON.stringify({ key: SECRET }))],
    ["as a URL writes it", `https://a.example/?key=${encodeURIComponent(SECRET)}`],
    ["in hexadecimal", Buffer.from(SECRET).toString("hex")],
    [
      "as user and password of a header",
      `Basic ${Buffer.from(`user:${SECRET}`).toString("base64")}`,
    ],
    ["in base64 for URLs", Buffer.from(`a${SECRET}b`).toString("base64url")],
  ])("finds a secret %s", (_form, shown) => {
    expect(text(shown)).toContain(REDACTED);
    const core = SECRET.trim().slice(4, 12);
    expect(Buffer.from(text(shown), "base64").toString()).not.toContain(core);
    expect(text(shown)).not.toContain(core);
  });

  test("finds it at any depth and in names, and leaves the rest as it was", () => {
    const heard = { id: 1, result: { [SECRET]: [null, true, 1.5, { text: `a ${SECRET} b` }] } };
    expect(message(heard)).toEqual({
      id: 1,
      result: { [REDACTED]: [null, true, 1.5, { text: `a ${REDACTED} b` }] },
    });
    const clean = { id: 1, result: { a: ["b"] } };
    expect(message(clean)).toBe(clean);
  });

  test("finds each line of a key that has several", () => {
    const line = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC";
    const pem = createRedactor([`-----BEGIN-----\n${line}\n-----END-----`]);
    expect(pem.text(`x ${line} y`)).toBe(`x ${REDACTED} y`);
  });

  test("leaves nothing of any secret, wherever it stands in what was encoded", () => {
    const words = fc
      .string({ minLength: 8, maxLength: 40 })
      .filter((word) => word.trim().length > 7);
    fc.assert(
      fc.property(
        words,
        fc.string({ maxLength: 5 }),
        fc.string({ maxLength: 5 }),
        (secret, a, b) => {
          const { text: clean } = createRedactor([secret]);
          const whole = `${a}${secret}${b}`;
          for (const form of [
            whole,
            JSON.stringify(whole),
            Buffer.from(whole).toString("base64"),
          ]) {
            expect(clean(form)).toContain(REDACTED);
          }
        },
      ),
    );
  });
});
