/** The live hop that a run carries: said outright with a call, or found in the run's asynchronous context. @module */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Holder } from "../chain/holder.js";

/** A hop in the hands of its holder. It is read anew for each request, so that a renewed token serves from then on. */
export interface CarriedHop {
  readonly holder: Holder;
}

const ambient = new AsyncLocalStorage<CarriedHop>();

/** Runs `run`, and whatever it starts, under `hop`. */
export function withHop<T>(hop: CarriedHop, run: () => T): T {
  return ambient.run(hop, run);
}

/** The hop that this run is under, if it is under one. */
export function currentHop(): CarriedHop | undefined {
  return ambient.getStore();
}

/** What a caller says outright about one call. */
export interface Said {
  readonly hop: CarriedHop;
  /** Tickets of granted approvals, in the order in which they were asked for. */
  readonly tickets?: readonly string[];
}

/** A symbol: JSON does not know it, so that it cannot leave the process by a transport that does not take it off. */
const SAID = Symbol("legate.carried");

/**
 * Parameters of one call that says who makes it: `client.callTool(carriedBy(hop, { name, arguments }))`.
 *
 * @returns A copy of `params`, to be sent through a transport that carries.
 */
export function carriedBy<P extends object>(
  hop: CarriedHop,
  params: P,
  { tickets }: Pick<Said, "tickets"> = {},
): P {
  const said: Said = { hop, ...(tickets === undefined ? {} : { tickets }) };
  return { ...params, [SAID]: said };
}

/** What {@link carriedBy} put on these parameters. */
export function saidWith(params: object | undefined): Said | undefined {
  return (params as { readonly [SAID]?: Said } | undefined)?.[SAID];
}

/** The parameters without it: in one process they are handed over as they are. */
export function withoutSaid<P extends object>(params: P): P {
  if (!(SAID in params)) return params;
  const { [SAID]: said, ...rest } = params as P & { [SAID]?: Said };
  void said;
  return rest as unknown as P;
}
