/** Macaroons: HMAC all the way, so whoever verifies could mint. @module */
import { randomBytes } from "node:crypto";
import macaroon from "macaroon";
import type { Held, Peer, Presented } from "./peer.js";

interface HeldMacaroon extends Held {
  readonly token: macaroon.Macaroon;
}

interface PresentedMacaroon extends Presented {
  readonly text: string;
}

/** The root secret is 32 random bytes. JSON, since the binary export fails on long macaroons. */
export function macaroonPeer(): Peer<HeldMacaroon, PresentedMacaroon> {
  const rootKey = randomBytes(32);
  const mint = (index: number): HeldMacaroon => {
    const identifier = `root-${index}`;
    const token = macaroon.newMacaroon({ rootKey, identifier, location: "", version: 2 });
    return narrow(token, 1, index);
  };
  const attenuate = ({ token, depth }: HeldMacaroon, index: number): HeldMacaroon =>
    narrow(token.clone(), depth + 1, index);
  return {
    name: "macaroon",
    mint,
    attenuate,
    root: mint,
    deepen: attenuate,
    present({ token }) {
      const text = JSON.stringify(token.exportJSON());
      return { text, bytes: text.length };
    },
    verify({ text }, index) {
      const token = macaroon.importMacaroon(JSON.parse(text));
      token.verify(rootKey, checker(`/reports/${index}.csv`), []);
    },
  };
}

function narrow(token: macaroon.Macaroon, depth: number, index: number): HeldMacaroon {
  token.addFirstPartyCaveat("tool = files.read");
  token.addFirstPartyCaveat("path under /reports/");
  token.addFirstPartyCaveat(`time < ${Date.now() + 3_600_000 + index}`);
  token.exportJSON();
  return { token, depth };
}

function checker(path: string): (caveat: string) => string | null {
  return (caveat) => {
    if (caveat === "tool = files.read") return null;
    if (caveat.startsWith("path under ")) return path.startsWith(caveat.slice(11)) ? null : "path";
    if (caveat.startsWith("time < ")) return Date.now() < Number(caveat.slice(7)) ? null : "time";
    return "an unknown caveat";
  };
}
