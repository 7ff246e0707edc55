/** An engine on Redis with the holder's side in the same process, as a story is told on the embedded one. @module */
import { systemClock } from "../../src/base/clock.js";
import { systemRandom } from "../../src/base/random.js";
import { ChainCache } from "../../src/chain/cache.js";
import { EmbeddedHop } from "../../src/memory/embedded-hop.js";
import { openRedisEngine, type RedisEngineOptions } from "../../src/redis/engine.js";
import { keyRing } from "../../src/token/jwks.js";
import { generateSigningKey } from "../../src/token/key.js";
import type { Teller } from "../cli/journal.js";

const ISSUER = "https://legate.example";

export async function openTeller(
  options: Omit<RedisEngineOptions, "issuer" | "keys">,
): Promise<Teller> {
  const keys = keyRing(generateSigningKey());
  const engine = await openRedisEngine({ ...options, issuer: ISSUER, keys });
  const { coordinator, trust, tenant } = engine;
  const kit = {
    coordinator,
    issuer: ISSUER,
    trust,
    cache: new ChainCache(),
    agentKeys: () => [],
    clock: systemClock,
    random: systemRandom,
  };
  return {
    guard: ({ name = "guard", ...rest }) => engine.guard({ name, ...rest }),
    open: async ({ identity: _, key = generateSigningKey(), ...request }) => {
      const { token } = await coordinator.open({ ...request, holderKey: key.jwk });
      return EmbeddedHop.hold(kit, key, [token]);
    },
    revoke: (boundary, { by = "operator", ...how } = {}) =>
      coordinator.revoke({ operator: by, tenant }, { boundary, ...how }),
    close: () => engine.close(),
  };
}
