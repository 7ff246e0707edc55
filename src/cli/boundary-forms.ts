/** Boundaries as a person types them, for help and for refusals. @module */

export const BOUNDARY_FORMS = [
  "hop:ID             the hop and everything below it; TREE/ID for one that the store has not seen",
  "below:ID           everything below the hop; the hop itself lives",
  "tree:ID            a whole tree",
  "agent:NAME         every hop made so far where this agent acts, and all below",
  "principal:ISS#SUB  every tree of this person opened so far",
  "epoch              everything made so far in the tenant",
  "key:THUMBPRINT     standing: what is signed by or confirmed to this key, past and future",
  "ban:NAME           standing: this agent, past and future",
] as const;
