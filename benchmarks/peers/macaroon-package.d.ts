/** The part of `macaroon` that the benchmark uses; the package has no types of its own. */
declare module "macaroon" {
  namespace macaroon {
    interface Macaroon {
      addFirstPartyCaveat(caveat: string): void;
      clone(): Macaroon;
      exportJSON(): object;
      verify(
        rootKey: Uint8Array,
        check: (caveat: string) => string | null,
        discharges: readonly Macaroon[],
      ): void;
    }
    function newMacaroon(options: {
      rootKey: Uint8Array;
      identifier: string;
      location: string;
      version: 2;
    }): Macaroon;
    function importMacaroon(json: unknown): Macaroon;
  }
  export = macaroon;
}
