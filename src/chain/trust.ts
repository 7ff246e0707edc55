/** Trust: whose signatures begin a chain. It comes from the verifier's configuration, never with a token. @module */
import { DelegationError } from "../base/error.js";
import { TRUSTED_KEYS_MAX } from "../base/limits.js";
import type { VerificationKey } from "../token/key.js";

/** A key that may sign anchors (and, under the `issuer` rule, children). */
export interface TrustedKey {
  readonly key: VerificationKey;
  /** A header that names a `kid` is verified under keys of that id, or under keys that have none. */
  readonly kid?: string;
}

/** What a verifier trusts. */
export interface TrustSettings {
  /** At most `TRUSTED_KEYS_MAX`. A key that was rotated out stays here while its tokens live. */
  readonly keys: readonly TrustedKey[];
  /** Accepted names of algorithms, exactly these; a list, never one string. All that this package can verify, unless told. */
  readonly algs?: readonly string[];
  /** Issuers (`iss`) that an anchor may have; any that has the key, unless told. */
  readonly issuers?: readonly string[];
  /** Tenants that anchors may speak for; any, unless told. */
  readonly tenants?: readonly string[];
  /** Tenant of chains of the drafts, which name none. */
  readonly draftTenant?: string;
}

/** The algorithms that are accepted where nobody says otherwise. */
const DEFAULT_ALGS: readonly string[] = ["EdDSA", "Ed25519", "ES256"];

/** The keys of a JWKS, or of a ring, as keys to trust: each for headers that name its `kid`. */
export function trustedKeys(keys: ReadonlyMap<string, VerificationKey>): readonly TrustedKey[] {
  return [...keys].map(([kid, key]) => ({ kid, key }));
}

/** Trust that can change: every change starts a new epoch, and what was verified in an older one is verified again. */
export class Trust {
  #settings: Required<Pick<TrustSettings, "keys" | "algs" | "draftTenant">> & TrustSettings;
  #byKid: ReadonlyMap<string | undefined, readonly VerificationKey[]>;
  #all: readonly VerificationKey[];
  #epoch = 0;

  /** @throws {DelegationError} `config_invalid` */
  constructor(settings: TrustSettings) {
    this.#settings = checked(settings);
    this.#byKid = byKid(this.#settings.keys);
    this.#all = this.#settings.keys.map(({ key }) => key);
  }

  /** Counts changes. */
  get epoch(): number {
    return this.#epoch;
  }

  get algs(): readonly string[] {
    return this.#settings.algs;
  }

  get draftTenant(): string {
    return this.#settings.draftTenant;
  }

  /**
   * Replaces the whole trust.
   *
   * @throws {DelegationError} `config_invalid`; then nothing changes.
   */
  change(settings: TrustSettings): void {
    this.#settings = checked(settings);
    this.#byKid = byKid(this.#settings.keys);
    this.#all = this.#settings.keys.map(({ key }) => key);
    this.#epoch += 1;
  }

  /** Keys to try for a header: those of its `kid`, or else those without one; all of them for a header without `kid`. */
  candidates(kid: string | undefined): readonly VerificationKey[] {
    if (kid === undefined) return this.#all;
    return this.#byKid.get(kid) ?? this.#byKid.get(undefined) ?? NONE;
  }

  /** Whether an anchor may name this issuer. */
  acceptsIssuer(issuer: string): boolean {
    return this.#settings.issuers?.includes(issuer) ?? true;
  }

  /** Whether an anchor may speak for this tenant. */
  acceptsTenant(tenant: string): boolean {
    return this.#settings.tenants?.includes(tenant) ?? true;
  }
}

const NONE: readonly VerificationKey[] = [];

function byKid(
  keys: readonly TrustedKey[],
): ReadonlyMap<string | undefined, readonly VerificationKey[]> {
  const found = new Map<string | undefined, VerificationKey[]>();
  for (const { kid, key } of keys) found.set(kid, [...(found.get(kid) ?? []), key]);
  return found;
}

function checked(
  settings: TrustSettings,
): Required<Pick<TrustSettings, "keys" | "algs" | "draftTenant">> & TrustSettings {
  const { keys, algs = DEFAULT_ALGS, issuers, tenants, draftTenant = "default" } = settings;
  if (!Array.isArray(keys) || keys.length > TRUSTED_KEYS_MAX) throw invalid("keys");
  for (const [rule, names] of Object.entries({ algs, issuers, tenants })) {
    if (names !== undefined && !isNames(names)) throw invalid(rule);
  }
  return {
    keys: [...keys],
    algs: [...algs],
    draftTenant,
    ...(issuers === undefined ? {} : { issuers: [...issuers] }),
    ...(tenants === undefined ? {} : { tenants: [...tenants] }),
  };
}

/** A bare string would match letter by letter. */
function isNames(names: unknown): boolean {
  return Array.isArray(names) && names.every((name) => typeof name === "string");
}

function invalid(rule: string): DelegationError {
  return new DelegationError("config_invalid", "trust is not well configured", { rule });
}
