/** A self-signed certificate for the loopback, written in DER by hand: Node makes keys but no certificates. @module */
import { generateKeyPairSync, sign } from "node:crypto";

/** PEM texts. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

const OID = {
  commonName: [0x55, 0x04, 0x03],
  subjectAltName: [0x55, 0x1d, 0x11],
  basicConstraints: [0x55, 0x1d, 0x13],
  ecdsaWithSha256: [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],
};

/** Makes a key and a certificate for `localhost` and 127.0.0.1 that is good from yesterday until next year. */
export function selfSigned(nowMs: number): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const algorithm = der(0x30, der(0x06, OID.ecdsaWithSha256));
  const name = der(
    0x30,
    der(0x31, der(0x30, der(0x06, OID.commonName), der(0x0c, Buffer.from("localhost")))),
  );
  const day = 86_400_000;
  const body = der(
    0x30,
    der(0xa0, der(0x02, [2])),
    der(0x02, [1]),
    algorithm,
    name,
    der(0x30, utc(nowMs - day), utc(nowMs + 365 * day)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(
      0xa3,
      der(0x30, extension(OID.subjectAltName, names()), extension(OID.basicConstraints, ca())),
    ),
  );
  const signature = sign("sha256", body, privateKey);
  const whole = der(0x30, body, algorithm, der(0x03, [0], signature));
  const text = whole.toString("base64").replace(/.{64}/g, "$&\n");
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

type Bytes = Uint8Array | readonly number[];

function der(tag: number, ...parts: readonly Bytes[]): Buffer {
  const content = Buffer.concat(parts.map((part) => Uint8Array.from(part)));
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Uint8Array.from([tag, ...size]), content]);
}

const names = () => der(0x30, der(0x82, Buffer.from("localhost")), der(0x87, [127, 0, 0, 1]));
const ca = () => der(0x30, der(0x01, [0xff]));
const extension = (id: Bytes, value: Buffer) => der(0x30, der(0x06, id), der(0x04, value));

function utc(ms: number): Buffer {
  const text = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, "");
  return der(0x17, Buffer.from(text.slice(2)));
}
