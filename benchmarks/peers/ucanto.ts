/** UCANs: one delegation per hop in IPLD blocks, and an invocation, which is one more signature. @module */
import { Delegation, delegate, fail, invoke, ok } from "@ucanto/core";
import { ed25519, Verifier } from "@ucanto/principal";
import { access, capability, Schema } from "@ucanto/validator";
import type { Held, Peer, Presented } from "./peer.js";

type Agent = Awaited<ReturnType<typeof ed25519.generate>>;
type Proof = Awaited<ReturnType<typeof delegate>>;

type Derives = ReturnType<Parameters<typeof capability>[0]["derives"] & {}>;

interface HeldUcan extends Held {
  readonly delegation: Proof;
  readonly holder: Agent;
  readonly bytes: Uint8Array;
}

interface PresentedUcan extends Presented {
  readonly archive: Uint8Array;
}

const read = capability({
  can: "files/read",
  with: Schema.did(),
  nb: Schema.struct({ path: Schema.string() }),
  derives: (child, parent): Derives => {
    if (child.with !== parent.with) return fail("another space") as Derives;
    const inside = child.nb.path.startsWith(parent.nb.path);
    return (inside ? ok({}) : fail("another folder")) as Derives;
  },
});

/** A space delegates to an agent, that one to the next; the last invokes a service, as UCANs have it. */
export async function ucantoPeer(): Promise<Peer<HeldUcan, PresentedUcan>> {
  const space = await ed25519.generate();
  const service = await ed25519.generate();
  const agents = await Promise.all(Array.from({ length: 32 }, () => ed25519.generate()));
  const agentFor = (index: number): Agent => agents[index % agents.length] ?? service;

  const handOn = async (issuer: Agent, index: number, parent?: HeldUcan): Promise<HeldUcan> => {
    const holder = agentFor(index);
    const delegation = await delegate({
      issuer,
      audience: holder,
      capabilities: [{ can: "files/read", with: space.did(), nb: { path: "/reports/" } }],
      expiration: Math.floor(Date.now() / 1_000) + 3_600 + (index % 1_000),
      ...(parent === undefined ? {} : { proofs: [parent.delegation] }),
    });
    return { depth: (parent?.depth ?? 0) + 1, delegation, holder, bytes: await packed(delegation) };
  };

  const root = (index: number): Promise<HeldUcan> => handOn(space, index);
  const deepen = (parent: HeldUcan, index: number): Promise<HeldUcan> =>
    handOn(parent.holder, index + parent.depth, parent);
  return {
    name: "ucanto",
    root,
    deepen,
    mint: root,
    attenuate: deepen,
    async present({ delegation, holder }) {
      const invocation = await invoke({
        issuer: holder,
        audience: service,
        capability: { can: "files/read", with: space.did(), nb: { path: "/reports/1.csv" } },
        proofs: [delegation],
        // Half a minute unless told: less than the measurement takes.
        expiration: Math.floor(Date.now() / 1_000) + 3_600,
      }).delegate();
      const archive = await packed(invocation as unknown as Proof);
      return { archive, bytes: archive.length };
    },
    async verify({ archive }) {
      const extracted = await Delegation.extract(archive);
      if (extracted.error !== undefined) throw extracted.error;
      const result = await access(extracted.ok as never, {
        capability: read,
        authority: service.verifier,
        principal: Verifier,
        validateAuthorization: () => ({ ok: {} }),
      });
      if (result.error !== undefined) throw result.error;
    },
  };
}

async function packed(delegation: Proof): Promise<Uint8Array> {
  const { ok: bytes, error } = await delegation.archive();
  if (bytes === undefined) throw error;
  return bytes;
}
