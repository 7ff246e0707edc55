/**
 * A second store, too plain to be wrong: flat lists, and every answer worked out anew by walking them. Knows one tenant
 * and the moves that the model-based test makes; answers `ok` or the code of the refusal.
 *
 * @module
 */
import type { Boundary } from "../../src/wire/cut.js";

/** Best first. */
const ORDER = [
  "active",
  "suspended",
  "pending_approval",
  "requested",
  "completed",
  "superseded",
  "denied",
  "expired",
  "revoked",
];
const FINAL = ORDER.slice(4);

export interface PlainLimits {
  readonly calls?: number;
  readonly cents?: number;
  readonly children?: number;
  readonly descendants?: number;
}

interface PlainHop {
  readonly id: string;
  readonly tree: string;
  readonly parent: string | undefined;
  readonly depth: number;
  readonly agent: string;
  readonly holder: string;
  readonly limits: PlainLimits;
  readonly expiresAt: number;
  readonly position: number;
  readonly predecessor: string | undefined;
  state: string;
}

interface PlainTree {
  readonly id: string;
  readonly subject: string;
  readonly position: number;
  readonly expiresAt: number;
  lease: { until: number; state: string } | undefined;
}

export interface PlainMake {
  readonly tree: string;
  readonly parent: string;
  readonly id: string;
  readonly agent: string;
  readonly holder: string;
  readonly limits: PlainLimits;
  readonly expiresAt: number;
  readonly waits: boolean;
  readonly lag: number;
  readonly key: string | undefined;
}

interface PlainTicket {
  readonly id: string;
  readonly hop: string;
  readonly tree: string;
  readonly need: number;
  readonly deadline: number;
  state: string;
  readonly approvals: string[];
}

class Refused extends Error {
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

const refuse = (code: string): never => {
  throw new Refused(code);
};

export class PlainStore {
  now: number;
  position = 0;
  readonly hops: PlainHop[] = [];
  readonly trees: PlainTree[] = [];
  readonly tickets: PlainTicket[] = [];
  /** Calls and hops, each once; what they count for is worked out by walking. */
  readonly calls: { readonly chain: readonly string[]; readonly cents: number }[] = [];
  /** Everything in the log of cuts: `revoke` as asked, `end` for what ended by itself. */
  readonly log: { readonly position: number; readonly boundary: Boundary; readonly by: string }[] =
    [];
  /** Cuts that stand, as asked for; hops that are marked, by tree and id. */
  readonly standing: string[] = [];
  readonly cutHops: string[] = [];
  readonly cutBelow: string[] = [];
  readonly suspensions: { readonly id: string; readonly hop: string; lifted: boolean }[] = [];
  readonly slots: { readonly parent: string; readonly key: string; readonly hop: string }[] = [];

  constructor(now: number) {
    this.now = now;
  }

  /** Runs a move: `ok`, or the code of its refusal. */
  try(move: () => void): string {
    try {
      move();
      return "ok";
    } catch (thrown) {
      if (thrown instanceof Refused) return thrown.code;
      throw thrown;
    }
  }

  find(id: string): PlainHop | undefined {
    return this.hops.find((hop) => hop.id === id);
  }

  chain(id: string | undefined): PlainHop[] {
    const hop = id === undefined ? undefined : this.find(id);
    return hop === undefined ? [] : [...this.chain(hop.parent), hop];
  }

  #cuts(kind: Boundary["kind"], matches: (boundary: never) => boolean, by?: string): number[] {
    return this.log
      .filter((one) => one.boundary.kind === kind && (by === undefined || one.by === by))
      .filter((one) => matches(one.boundary as never))
      .map((one) => one.position);
  }

  #isCut(hop: PlainHop): boolean {
    const sofar = [
      ...this.#cuts("agent", (b: { agent: string }) => b.agent === hop.agent),
      ...this.#cuts("epoch", () => true),
    ];
    return (
      this.cutHops.includes(`${hop.tree}/${hop.id}`) ||
      this.cutBelow.includes(`${hop.tree}/${hop.parent}`) ||
      this.#cuts("ban", (b: { agent: string }) => b.agent === hop.agent).length > 0 ||
      this.#cuts("key", (b: { thumbprint: string }) => b.thumbprint === hop.holder).length > 0 ||
      sofar.some((position) => position > hop.position)
    );
  }

  own(hop: PlainHop): string {
    if (FINAL.includes(hop.state)) return hop.state;
    if (this.#isCut(hop)) return "revoked";
    if (hop.expiresAt <= this.now) return "expired";
    const held = this.suspensions.some(({ hop: id, lifted }) => id === hop.id && !lifted);
    return held ? "suspended" : hop.state;
  }

  #judged(hop: PlainHop): string {
    return this.#isCut(hop) ? "revoked" : this.own(hop);
  }

  #treeFault(id: string): [state: string, code: string] | undefined {
    const tree = this.trees.find((one) => one.id === id);
    if (tree === undefined) return undefined;
    const cut = this.#cuts("tree", (b: { tree: string }) => b.tree === id, "revoke").length > 0;
    const theirs = this.#cuts("principal", (b: { subject: string }) => b.subject === tree.subject);
    if (cut || theirs.some((position) => position > tree.position)) {
      return ["revoked", "delegation_revoked"];
    }
    if (this.#lapsed(tree)) return ["revoked", "lease_lapsed"];
    return tree.expiresAt <= this.now ? ["expired", "hop_not_active"] : undefined;
  }

  #lapsed({ lease }: PlainTree): boolean {
    if (lease === undefined) return false;
    return lease.state === "lapsed" || (lease.state === "held" && lease.until <= this.now);
  }

  effective(id: string): string {
    const chain = this.chain(id);
    const states = chain.map((hop) => this.#judged(hop));
    const fault = this.#treeFault(chain[0]?.tree ?? "");
    if (fault !== undefined) states.push(fault[0]);
    return ORDER[Math.max(...states.map((state) => ORDER.indexOf(state)))] ?? "?";
  }

  #active(id: string): void {
    const fault = this.#treeFault(this.find(id)?.tree ?? "");
    if (fault !== undefined) refuse(fault[1]);
    const state = this.effective(id);
    if (state === "active") return;
    if (state === "revoked") refuse("delegation_revoked");
    refuse(state === "suspended" ? "delegation_suspended" : "hop_not_active");
  }

  /** Active but for its own wait. */
  #open(hop: PlainHop): void {
    const waits = this.own(hop) === "pending_approval" && !this.#isCut(hop);
    this.#active(waits ? (hop.parent ?? hop.id) : hop.id);
  }

  /** The hop and all that took its place. */
  #withSuccessors(id: string): string[] {
    const next = this.hops.filter(({ predecessor }) => predecessor === id);
    return [id, ...next.flatMap((one) => this.#withSuccessors(one.id))];
  }

  /** The first of those whose place this hop stands in: they share its counters. */
  #place(id: string): string {
    const before = this.find(id)?.predecessor;
    return before === undefined ? id : this.#place(before);
  }

  /** Counters of a hop, worked out from every call and every hop there is. */
  counters(id: string): { calls: number; cents: number; children: number; descendants: number } {
    const place = this.#place(id);
    const here = (chain: readonly string[]) => chain.some((one) => this.#place(one) === place);
    const calls = this.calls.filter(({ chain }) => here(chain));
    const counted = calls.filter(({ chain }) =>
      chain.some((one) => this.#place(one) === place && this.#budgets(one)),
    );
    const made = this.hops.filter(({ predecessor }) => predecessor === undefined);
    const above = (hop: PlainHop) => this.chain(hop.parent).map((one) => one.id);
    return {
      calls: counted.length,
      cents: counted.reduce((sum, call) => sum + call.cents, 0),
      children: made.filter(({ parent }) => parent !== undefined && this.#place(parent) === place)
        .length,
      descendants: made.filter((hop) => here(above(hop))).length,
    };
  }

  #budgets(id: string): boolean {
    const { calls, cents } = this.find(id)?.limits ?? {};
    return calls !== undefined || cents !== undefined;
  }

  openTree(
    make: Omit<PlainMake, "parent" | "key">,
    subject: string,
    lease: number | undefined,
  ): void {
    if (this.find(make.id) !== undefined) refuse("id_taken");
    this.#checkNew(make, undefined, subject);
    if (this.#cuts("tree", (b: { tree: string }) => b.tree === make.id).length > 0) {
      refuse("delegation_revoked");
    }
    this.trees.push({
      id: make.id,
      subject,
      position: this.position,
      expiresAt: make.expiresAt,
      lease: lease === undefined ? undefined : { until: lease, state: "held" },
    });
    this.#add(make, undefined, undefined);
  }

  create(make: PlainMake): void {
    const parent = this.find(make.parent);
    if (parent === undefined || parent.tree !== make.tree) throw new Refused("hop_not_found");
    this.#active(parent.id);
    const first = this.#slot(make);
    if (first !== undefined) {
      this.#open(first);
      if (first.holder === make.holder) return;
    }
    this.#checkChild(make, parent);
    if (first === undefined) this.#checkRoom(parent);
    this.#add(make, parent, first?.id);
    if (first !== undefined) this.#replace(first, make.id, "revoked");
    this.#note(make);
  }

  /** All or none. */
  register(links: readonly PlainMake[]): void {
    if (links.some(({ tree }) => tree !== links[0]?.tree)) refuse("invalid_request");
    const before = this.hops.length;
    try {
      for (const link of links) this.#registerOne(link);
    } catch (thrown) {
      this.hops.length = before;
      throw thrown;
    }
  }

  #registerOne(link: PlainMake): void {
    const known = this.find(link.id);
    if (known === undefined) {
      this.create({ ...link, key: undefined });
      return;
    }
    const same = known.tree === link.tree && known.parent === link.parent;
    if (!same || known.holder !== link.holder) refuse("id_taken");
    this.#open(known);
  }

  narrow(make: Omit<PlainMake, "parent">, predecessor: string): void {
    const old = this.find(predecessor);
    if (old === undefined || old.tree !== make.tree) throw new Refused("hop_not_found");
    if (this.own(old) !== "active") refuse("illegal_transition");
    this.#active(old.id);
    const parent = old.parent === undefined ? undefined : this.find(old.parent);
    if (parent !== undefined) this.#checkChild(make, parent);
    else this.#checkNew(make, undefined, this.trees.find(({ id }) => id === old.tree)?.subject);
    this.#add(make, parent, old.id);
    this.#replace(old, make.id, "superseded");
  }

  #slot(make: PlainMake): PlainHop | undefined {
    const mine = this.slots.filter((one) => one.parent === make.parent && one.key === make.key);
    const last = mine.at(-1);
    return last === undefined ? undefined : this.find(last.hop);
  }

  #note({ parent, key, id }: PlainMake): void {
    if (key !== undefined) this.slots.push({ parent, key, hop: id });
  }

  #checkChild(make: Omit<PlainMake, "parent">, parent: PlainHop): void {
    if (this.cutBelow.includes(`${parent.tree}/${parent.id}`)) refuse("delegation_revoked");
    this.#checkNew(make, parent, undefined);
  }

  #checkNew(
    make: Omit<PlainMake, "parent" | "key">,
    parent: PlainHop | undefined,
    subject: string | undefined,
  ): void {
    if (this.find(make.id) !== undefined) refuse("id_taken");
    const standing = [
      ...this.#cuts("ban", (b: { agent: string }) => b.agent === make.agent),
      ...this.#cuts("key", (b: { thumbprint: string }) => b.thumbprint === make.holder),
    ];
    if (standing.length > 0 || this.cutHops.includes(`${make.tree}/${make.id}`))
      refuse("delegation_revoked");
    const agents = [make.agent, ...this.chain(parent?.id).map(({ agent }) => agent)];
    const newer = [
      ...this.#cuts("agent", (b: { agent: string }) => agents.includes(b.agent)),
      ...this.#cuts("epoch", () => true),
      ...this.#cuts("principal", (b: { subject: string }) => b.subject === subject),
    ];
    const seen = Math.max(0, this.position - make.lag);
    if (newer.some((position) => position > seen)) refuse("position_behind");
  }

  #checkRoom(parent: PlainHop): void {
    const { children } = parent.limits;
    if (children !== undefined && this.counters(parent.id).children + 1 > children) {
      refuse("children_exhausted");
    }
    for (const hop of this.chain(parent.id)) {
      const { descendants } = hop.limits;
      if (descendants !== undefined && this.counters(hop.id).descendants + 1 > descendants) {
        refuse("descendants_exhausted");
      }
    }
  }

  #add(
    make: Omit<PlainMake, "parent" | "key">,
    parent: PlainHop | undefined,
    predecessor: string | undefined,
  ): void {
    this.hops.push({
      id: make.id,
      tree: make.tree,
      parent: parent?.id,
      depth: parent === undefined ? 0 : parent.depth + 1,
      agent: make.agent,
      holder: make.holder,
      limits: make.limits,
      expiresAt: make.expiresAt,
      position: this.position,
      predecessor,
      state: make.waits ? "pending_approval" : "active",
    });
  }

  #replace(old: PlainHop, by: string, end: "superseded" | "revoked"): void {
    if (end === "revoked") this.#release(old);
    old.state = end;
    if (end === "revoked") this.#mark("hop", old.tree, old.id);
    this.#append({ kind: "hop", tree: old.tree, hop: old.id }, "end");
    if (this.cutBelow.includes(`${old.tree}/${old.id}`)) {
      this.#mark("below", old.tree, by);
      this.#stand({ kind: "below", tree: old.tree, hop: by });
    }
  }

  #append(boundary: Boundary, by: string): void {
    this.position += 1;
    this.log.push({ position: this.position, boundary, by });
  }

  settle(tree: string, id: string, verdict: "approve" | "deny"): void {
    const hop = this.#hopIn(tree, id);
    if (this.own(hop) !== "pending_approval") refuse("illegal_transition");
    if (verdict === "approve" && hop.parent !== undefined) this.#active(hop.parent);
    hop.state = verdict === "approve" ? "active" : "denied";
  }

  suspend(tree: string, id: string, suspension: string): void {
    const hop = this.#hopIn(tree, id);
    if (!["active", "suspended"].includes(this.own(hop))) refuse("illegal_transition");
    const known = this.suspensions.find((one) => one.id === suspension);
    if (known !== undefined && known.hop === id && !known.lifted) return;
    if (known !== undefined) refuse("id_taken");
    this.position += 1;
    this.suspensions.push({ id: suspension, hop: id, lifted: false });
  }

  resume(tree: string, id: string, suspension: string): void {
    const hop = this.#hopIn(tree, id);
    const known = this.suspensions.find((one) => one.id === suspension && one.hop === id);
    if (known === undefined) throw new Refused("illegal_transition");
    if (known.lifted) return;
    if (this.own(hop) !== "suspended") refuse("illegal_transition");
    this.position += 1;
    known.lifted = true;
  }

  complete(tree: string, id: string): void {
    const hop = this.#hopIn(tree, id);
    if (!["active", "suspended"].includes(this.own(hop))) refuse("illegal_transition");
    hop.state = "completed";
    this.#release(hop);
    this.#append({ kind: "hop", tree, hop: id }, "end");
  }

  revoke(boundary: Boundary): void {
    const { kind } = boundary;
    const standing = ["hop", "below", "tree", "key", "ban"].includes(kind);
    if (standing && this.standing.includes(JSON.stringify(boundary))) return;
    if (kind === "hop" || kind === "below") {
      this.#revokeHop(boundary);
      return;
    }
    const tree = this.trees.find(({ id }) => kind === "tree" && id === boundary.tree);
    if (tree?.lease?.state === "held") tree.lease.state = "released";
    this.#stand(boundary);
  }

  #revokeHop(boundary: Extract<Boundary, { kind: "hop" | "below" }>): void {
    const { kind, tree } = boundary;
    const known = this.find(boundary.hop)?.tree === tree;
    const places = known ? this.#withSuccessors(boundary.hop) : [boundary.hop];
    for (const id of places.reverse()) {
      const hop = known ? this.find(id) : undefined;
      const ended = id !== boundary.hop && FINAL.includes(hop?.state ?? "");
      if (kind === "hop" && hop !== undefined) this.#kill(hop);
      this.#mark(kind, tree, id);
      if (!ended) this.#stand({ kind, tree, hop: id });
    }
  }

  #mark(kind: "hop" | "below", tree: string, id: string): void {
    (kind === "hop" ? this.cutHops : this.cutBelow).push(`${tree}/${id}`);
  }

  #stand(boundary: Boundary): void {
    this.standing.push(JSON.stringify(boundary));
    this.#append(boundary, "revoke");
  }

  #kill(hop: PlainHop): void {
    const state = this.own(hop);
    hop.state = FINAL.includes(state) ? state : "revoked";
    this.#release(hop);
  }

  #release(hop: PlainHop): void {
    const tree = this.trees.find(({ id }) => id === hop.tree);
    if (hop.parent === undefined && tree?.lease?.state === "held") tree.lease.state = "released";
  }

  renew(id: string, until: number): void {
    const tree = this.trees.find((one) => one.id === id);
    if (tree === undefined) throw new Refused("hop_not_found");
    if (this.#lapsed(tree)) refuse("lease_lapsed");
    if (tree.lease?.state !== "held") throw new Refused("illegal_transition");
    tree.lease.until = Math.max(tree.lease.until, until);
  }

  sweep(): void {
    for (const tree of this.trees) {
      if (tree.lease?.state !== "held" || tree.lease.until > this.now) continue;
      tree.lease.state = "lapsed";
      this.#append({ kind: "tree", tree: tree.id }, "end");
    }
  }

  admit(tree: string, leaf: string, cents: number, ticket: string | undefined): void {
    const chain = this.chain(leaf);
    if (chain.length === 0 || chain[0]?.tree !== tree) throw new Refused("hop_unregistered");
    this.#active(leaf);
    const used = this.tickets.find(({ id }) => id === ticket);
    if (ticket !== undefined) this.#checkTicket(used, chain);
    for (const hop of chain) {
      const { calls, cents: ceiling } = hop.limits;
      const counters = this.counters(hop.id);
      if (calls !== undefined && counters.calls + 1 > calls) refuse("budget_exhausted");
      if (ceiling !== undefined && counters.cents + cents > ceiling) refuse("budget_exhausted");
    }
    if (used !== undefined) used.state = "used";
    this.calls.push({ chain: chain.map(({ id }) => id), cents });
  }

  #checkTicket(ticket: PlainTicket | undefined, chain: readonly PlainHop[]): void {
    if (ticket === undefined || !chain.some(({ id }) => id === ticket.hop)) {
      throw new Refused("approval_required");
    }
    const state = this.#ticketState(ticket);
    if (state === "asked") refuse("approval_pending");
    if (state !== "granted") refuse(`approval_${state}`);
  }

  #ticketState(ticket: PlainTicket): string {
    const open = ["asked", "granted"].includes(ticket.state);
    return open && ticket.deadline <= this.now ? "lapsed" : ticket.state;
  }

  ask(id: string, tree: string, hop: string, need: number, deadline: number): void {
    this.#hopIn(tree, hop);
    this.#active(hop);
    if (this.tickets.some((one) => one.id === id)) refuse("id_taken");
    this.tickets.push({ id, hop, tree, need, deadline, state: "asked", approvals: [] });
  }

  decide(id: string, approver: string, verdict: "approve" | "deny"): void {
    const ticket = this.tickets.find((one) => one.id === id);
    if (ticket === undefined) throw new Refused("ticket_not_found");
    const state = this.#ticketState(ticket);
    if (state === "lapsed" || state === "used") refuse(`approval_${state}`);
    if (state !== "asked") refuse("illegal_transition");
    if (verdict === "deny") {
      ticket.state = "denied";
      return;
    }
    this.#active(ticket.hop);
    if (!ticket.approvals.includes(approver)) ticket.approvals.push(approver);
    if (ticket.approvals.length >= ticket.need) ticket.state = "granted";
  }

  #hopIn(tree: string, id: string): PlainHop {
    const hop = this.find(id);
    return hop === undefined || hop.tree !== tree ? refuse("hop_not_found") : hop;
  }
}
