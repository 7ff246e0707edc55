/** Biscuits: Ed25519 per block, Datalog for the rest, in WebAssembly. @module */
import {
  Authorizer,
  Biscuit,
  BlockBuilder,
  KeyPair,
  type PublicKey,
} from "@biscuit-auth/biscuit-wasm";
import type { Held, Peer, Presented } from "./peer.js";

interface HeldBiscuit extends Held {
  readonly token: Biscuit;
  readonly text: string;
}

interface PresentedBiscuit extends Presented {
  readonly text: string;
}

/** The default of one millisecond is too short for code that is not warm yet. */
const LIMITS = { max_facts: 1_000, max_iterations: 100, max_time_micro: 1_000_000 };

/** Tokens are text in base64, as they travel in headers. What the library allocates outside the heap is freed. */
export function biscuitPeer(): Peer<HeldBiscuit, PresentedBiscuit> {
  const keys = new KeyPair();
  const rootKey: PublicKey = keys.getPublicKey();
  const privateKey = keys.getPrivateKey();
  const root = (index: number): HeldBiscuit => {
    const builder = Biscuit.builder();
    builder.addCode(`right("files.read"); trace(${index}); ${checks(index)}`);
    const token = builder.build(privateKey);
    return { depth: 1, token, text: token.toBase64() };
  };
  const deepen = ({ token, depth }: HeldBiscuit, index: number): HeldBiscuit => {
    const block = new BlockBuilder();
    block.addCode(checks(index));
    const child = token.appendBlock(block);
    block.free();
    return { depth: depth + 1, token: child, text: child.toBase64() };
  };
  return {
    name: "biscuit-wasm",
    root,
    deepen,
    mint: (index) => root(index).token.free(),
    attenuate: (parent, index) => deepen(parent, index).token.free(),
    present: ({ text }) => ({ text, bytes: text.length }),
    verify({ text }, index) {
      const token = Biscuit.fromBase64(text, rootKey);
      const authorizer = new Authorizer();
      authorizer.addToken(token);
      authorizer.addCode(
        `time(${new Date().toISOString()}); tool("files.read"); path("/reports/${index}.csv"); allow if right("files.read");`,
      );
      authorizer.authorizeWithLimits(LIMITS);
      authorizer.free();
      token.free();
    },
  };
}

function checks(index: number): string {
  const until = new Date(Date.now() + 3_600_000 + 1_000 * (index % 1_000)).toISOString();
  return `check if tool("files.read"); check if path($p), $p.starts_with("/reports/"); check if time($t), $t < ${until};`;
}
