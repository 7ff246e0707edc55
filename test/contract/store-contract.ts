/** The contract of every store, as one suite: each fault alone, each refusal by its code. @module */
import { describe } from "vitest";
import { admissionContract } from "./admission.js";
import { cutContract } from "./cuts.js";
import { lifeContract } from "./lives.js";
import { looksContract } from "./looks.js";
import { makingContract } from "./making.js";
import type { MakeStore } from "./stage.js";
import { ticketContract } from "./tickets.js";

/** Runs the whole contract on stores that `make` gives, each empty and of its own. */
export function storeContract(name: string, make: MakeStore): void {
  describe(name, () => {
    makingContract(make);
    lifeContract(make);
    cutContract(make);
    admissionContract(make);
    ticketContract(make);
    looksContract(make);
  });
}
