/**
 * Runs a history: some processes, each with a store of its own as a real process has it, on one simulated disk under one
 * clock. One step of one process at a time; what it does next is computed to the end before anybody else moves.
 */
import { DreamosError } from '../../../src/model/errors.ts';
import { createIds, type Ids } from '../../../src/model/id.ts';
import type { Disk } from '../../../src/storage/file/disk.ts';
import { openFileStore } from '../../../src/storage/file/open.ts';
import type { Entry, Outgoing, Sent, Store } from '../../../src/storage/store.ts';
import { check, policy, root, type Look } from './check.ts';
import { settled, survive, type Cut, type Survivor } from './crash.ts';
import { runAtOnce, simulatedDisk, type Call, type Machine } from './disk.ts';
import {
  keyedTo,
  mailboxes,
  newest,
  type Decision,
  type History,
  type MailboxName,
  type Operation,
  type Pick,
  type SendHow,
  type Situation,
} from './history.ts';
import { Ledger, type ClaimRecord, type Violation } from './ledger.ts';
import { keyedMessage, plainMessage } from './messages.ts';
import { seeded, seedOf } from './random.ts';
import { Volume } from './volume.ts';

/** A change of the protocol, made from outside; see mutations.ts. */
export interface Mutation {
  disk?(disk: Disk): Disk;
  ids?(ids: Ids): Ids;
}

export interface Outcome {
  readonly violations: readonly Violation[];
  /** The decisions that were made, so that the history can be run again. */
  readonly decisions: readonly Decision[];
  readonly steps: number;
  readonly states: number;
}

export interface RunOptions {
  readonly mutation?: Mutation | undefined;
  /** Told of everything that happens, for a script that a person reads. */
  readonly tell?: ((line: string) => void) | undefined;
  /** Decides when the history has no more decisions; without it everybody runs to the end, one after the other. */
  readonly decide?: ((now: Situation) => Decision) | undefined;
}

const startedAt = Date.parse('2026-11-20T09:59:40.000Z');
const maxSteps = 6000;

let image: Promise<Volume> | undefined;

export async function runHistory(history: History, options: RunOptions = {}): Promise<Outcome> {
  image ??= makeImage();
  const world = new World(history, options, settled(await image));
  return world.run();
}

/** A root with its mailboxes, made by the store itself. */
async function makeImage(): Promise<Volume> {
  const clock = { now: () => startedAt - 60_000, uptime: () => 0 };
  const volume = Volume.empty(clock.now);
  for (const dir of [root, `${root}/agent_mailboxes`, `${root}/outbox`, `${root}/dedupe`]) volume.makeDir(dir);
  const machine: Machine = { volume, locks: new Map(), besides: 0, uptime: clock.uptime };
  const disk = simulatedDisk(machine, {}, runAtOnce);
  const store = await openFileStore(root, { clock, ids: createIds(seeded(1)), warn: () => undefined, disk });
  const createdAt = new Date(clock.now()).toISOString();
  for (const name of mailboxes) await store.saveAgent(name, () => ({ name, createdAt }));
  return volume;
}

interface Pending {
  readonly call: Call;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface Process {
  readonly p: number;
  readonly store: Promise<Store>;
  readonly ids: Ids;
  /** Claims that it got and may settle. */
  readonly own: ClaimRecord[];
  pending: Pending[];
  running: boolean;
  dead: boolean;
}

class World {
  readonly #history: History;
  readonly #options: RunOptions;
  readonly #ledger = new Ledger();
  readonly #machine: Machine;
  readonly #processes: Process[] = [];
  /** By process: how many of its operations have begun; those do not begin again after a kill. */
  readonly #begun: number[];
  readonly #decisions: Decision[] = [];
  #wall = startedAt;
  #uptime = 1000;
  #starts = 0;
  #steps = 0;
  #states = 0;
  #messages = 0;
  #answered = false;
  #changed = false;

  constructor(history: History, options: RunOptions, volume: Volume) {
    this.#history = history;
    this.#options = options;
    volume.now = () => this.#wall;
    this.#machine = { volume, locks: new Map(), besides: 0, uptime: () => this.#uptime };
    this.#ledger.latest = this.#wall;
    this.#begun = history.operations.map(() => 0);
    for (const p of history.operations.keys()) this.#start(p);
  }

  async run(): Promise<Outcome> {
    const { decide } = this.#options;
    for (const decision of this.#history.decisions) {
      if (this.#over()) break;
      await this.#do(decision);
    }
    while (!this.#over()) {
      const runnable = this.#runnable();
      const [first] = runnable;
      if (first === undefined) break;
      await this.#do(decide?.({ runnable, steps: this.#steps, answered: this.#answered, changed: this.#changed }) ?? { do: 'run', p: first, ms: 0 });
    }
    if (this.#steps >= maxSteps) this.#ledger.broken('unexpected error', `not finished after ${maxSteps} steps`);
    // At the end everybody is at rest; then the power is cut.
    const { model, seed } = this.#history;
    await this.#look('rest', 'everybody is at rest', settled(this.#machine.volume));
    if (this.#ledger.violations.length === 0) await this.#lookAfterCut({ model, seed: seedOf(seed, 4), keep: 'least' });
    return {
      violations: this.#ledger.violations,
      decisions: this.#decisions,
      steps: this.#steps,
      states: this.#states,
    };
  }

  #over(): boolean {
    return this.#ledger.violations.length > 0 || this.#steps >= maxSteps;
  }

  #runnable(): number[] {
    return this.#processes.flatMap(({ p, running }) => (running || this.#next(p) ? [p] : []));
  }

  #next(p: number): Operation | undefined {
    return this.#history.operations[p]?.[this.#begun[p] ?? 0];
  }

  async #do(decision: Decision): Promise<void> {
    this.#decisions.push(decision);
    this.#answered = false;
    this.#changed = false;
    this.#ledger.seq++;
    switch (decision.do) {
      case 'run':
        this.#pass(decision.ms);
        return this.#run(decision.p);
      case 'kill':
        this.#options.tell?.(`P${decision.p} is killed`);
        this.#start(decision.p);
        return;
      case 'wait':
        this.#options.tell?.(`nobody runs for ${decision.ms} ms`);
        this.#pass(decision.ms);
        return;
      case 'step-clock':
        this.#options.tell?.(`the clock is set ${decision.ms} ms ${decision.ms < 0 ? 'back' : 'on'}`);
        this.#wall += decision.ms;
        this.#ledger.latest = Math.max(this.#ledger.latest, this.#wall);
        return;
      case 'crash':
        return this.#crash(decision.cut);
      case 'look':
        if (decision.cut === 'kill-all') return this.#look('kill', 'all are killed', settled(this.#machine.volume));
        return this.#lookAfterCut(decision.cut);
    }
  }

  #pass(ms: number): void {
    this.#wall += ms;
    this.#uptime += ms;
    this.#ledger.latest = Math.max(this.#ledger.latest, this.#wall);
  }

  #start(p: number): void {
    const before = this.#processes[p];
    if (before) before.dead = true;
    const { mutation } = this.#options;
    const plain = createIds(seeded(seedOf(this.#history.seed, 3, p, this.#starts++)));
    const ids = mutation?.ids?.(plain) ?? plain;
    const process: Omit<Process, 'store'> = { p, ids, own: before?.own.slice() ?? [], pending: [], running: false, dead: false };
    const disk = simulatedDisk(this.#machine, process, async (call) => {
      return new Promise((resolve, reject) => process.pending.push({ call, resolve, reject }));
    });
    const clock = { now: () => this.#wall, uptime: () => this.#uptime };
    const warn = (text: string): void => this.#options.tell?.(`P${p} warns: ${text}`);
    const store = openFileStore(root, { clock, ids, warn, disk: mutation?.disk?.(disk) ?? disk });
    this.#processes[p] = Object.assign(process, { store });
  }

  async #run(p: number): Promise<void> {
    const process = this.#processes[p];
    if (!process) return;
    this.#steps++;
    if (!process.running) {
      const operation = this.#next(p);
      if (!operation) return;
      this.#begun[p] = (this.#begun[p] ?? 0) + 1;
      process.running = true;
      this.#options.tell?.(`P${p} begins: ${describe(operation)}`);
      void this.#operate(process, operation);
      await quiet();
      return;
    }
    const pending = process.pending.shift();
    // Between two calls there is nothing to wait for but the process itself.
    if (!pending) return quiet();
    const { name, args } = pending.call;
    try {
      const changes = this.#machine.volume.changes.length;
      const stepped = pending.call.step();
      this.#changed = this.#machine.volume.changes.length > changes;
      if (stepped === 'wait') this.#uptime += 100;
      if (stepped === 'wait' || stepped === 'more') process.pending.unshift(pending);
      else pending.resolve(stepped.answer);
      if (this.#options.tell && stepped !== 'wait') {
        this.#options.tell(`P${p}   ${name} ${args.join(' ')}${stepped === 'more' ? ' …' : answerText(stepped.answer)}`);
      }
    } catch (error) {
      this.#options.tell?.(`P${p}   ${name} ${args.join(' ')} fails: ${String(error)}`);
      pending.reject(error);
    }
    await quiet();
  }

  async #crash(cut: Cut): Promise<void> {
    const survivor = survive(this.#machine.volume, cut);
    this.#tellCut('the power is cut', survivor);
    this.#ledger.powerCut();
    this.#machine.volume = survivor.volume;
    this.#machine.locks.clear();
    for (const process of this.#processes.slice()) {
      process.own.length = 0;
      this.#start(process.p);
    }
    return Promise.resolve();
  }

  async #lookAfterCut(cut: Cut): Promise<void> {
    const survivor = survive(this.#machine.volume, cut);
    this.#tellCut('what if now the power were cut?', survivor);
    return this.#look('power cut', undefined, survivor.volume);
  }

  async #look(after: Look['after'], text: string | undefined, volume: Volume): Promise<void> {
    if (text !== undefined) this.#options.tell?.(`what is there when ${text}?`);
    this.#states++;
    const doctor = (this.#history.seed + this.#states) % 8 === 0;
    this.#ledger.violations.push(...(await check(volume, this.#ledger, { after, wall: this.#wall, latest: this.#ledger.latest, doctor })));
  }

  #tellCut(what: string, { lost }: Survivor): void {
    const { tell } = this.#options;
    if (!tell) return;
    tell(`${what} lost are ${lost.length} of ${this.#machine.volume.changes.length} changes of names:`);
    for (const i of lost) {
      const does = this.#machine.volume.changes[i]?.does;
      if (does?.what === 'add') tell(`      + ${does.name}`);
      else if (does?.what === 'drop') tell(`      - ${does.name}`);
      else if (does?.what === 'move') tell(`      ${does.name} -> ${does.as}`);
    }
  }

  /** Runs to its end unless its process dies: then it stands still for ever in the middle of a call. */
  async #operate(process: Process, operation: Operation): Promise<void> {
    const ledger = this.#ledger;
    let result: string;
    try {
      result = await this.#perform(process, operation, await process.store);
    } catch (error) {
      if (error instanceof DreamosError && error.code === 'STATE_CHANGED') result = error.code;
      else {
        result = error instanceof Error ? (error.stack ?? error.message) : String(error);
        ledger.broken('unexpected error', `${describe(operation)}: ${result}`);
      }
    }
    this.#options.tell?.(`P${process.p} is done: ${result}`);
    process.running = false;
    this.#answered = true;
  }

  async #perform(process: Process, operation: Operation, store: Store): Promise<string> {
    switch (operation.does) {
      case 'send':
        return this.#send(process, store, [{ to: operation.to, how: operation.how }]);
      case 'batch':
        return this.#send(process, store, operation.items.map(({ to, how }) => ({ to: [to], how })));
      case 'keyed': {
        const to = keyedTo[operation.key] ?? [];
        return this.#send(process, store, [{ to, how: { rank: 2, relaxed: operation.relaxed }, key: operation.key }]);
      }
      case 'claim': {
        const started = this.#ledger.seq;
        const delivery = await store.claim(operation.from, { leaseMs: operation.leaseMs, policy });
        if (!delivery) return 'nothing there';
        process.own.push(this.#ledger.claimed(delivery, started));
        return delivery.receipt;
      }
      case 'ack':
      case 'nack':
      case 'renew':
        return this.#settle(process, store, operation);
      case 'recover':
        return JSON.stringify(await store.recover(operation.mailbox, policy));
      case 'cancel':
      case 'restore':
      case 'retry':
        return this.#change(store, operation);
      case 'open-bucket': {
        const parent = `${root}/agent_mailboxes/${operation.mailbox}/ready/p${operation.rank}/${operation.lane}`;
        return this.#openBucket(process, parent);
      }
      case 'save-card':
        await store.saveAgent(operation.mailbox, (card) => ({ ...card, name: operation.mailbox, createdAt: card?.createdAt ?? '' }));
        return 'saved';
    }
  }

  async #send(
    process: Process,
    store: Store,
    drafts: readonly { to: readonly MailboxName[]; how: SendHow; key?: number }[],
  ): Promise<string> {
    const relaxed = drafts[0]?.how.relaxed === true;
    const outgoing = drafts.map(({ to, how, key }): Outgoing => {
      const id = process.ids.next(this.#wall);
      const message =
        key === undefined
          ? plainMessage(id, `words ${this.#messages++}`, to, how, this.#wall)
          : keyedMessage(id, key, to, this.#wall);
      this.#ledger.sending({ id: message.id, mailboxes: to, body: message.body, key, relaxed: relaxed && key === undefined, expires: how.ttlMs !== undefined });
      return { message, mailboxes: to, ...(how.delayMs !== undefined && { dueAt: this.#wall + how.delayMs }) };
    });
    const results = await store.send(outgoing, { durability: relaxed ? 'relaxed' : 'full' });
    return results.map((result, i) => this.#sent(result, drafts[i]?.key)).join(', ');
  }

  #sent(result: Sent | DreamosError, key: number | undefined): string {
    if (result instanceof DreamosError) throw result;
    this.#ledger.sent(result.id, result.durability, key);
    return `${result.id}${result.duplicate ? ' (a duplicate)' : ''}`;
  }

  async #settle(process: Process, store: Store, operation: Extract<Operation, { pick: Pick }>): Promise<string> {
    const claim = picked(operation.pick.of === 'own' ? process.own : this.#ledger.claims, operation.pick.number);
    if (!claim) return 'no receipt to use';
    const ledger = this.#ledger;
    const started = ledger.seq;
    const wasLive = ledger.live(claim);
    const doing = operation.does === 'renew' ? 'renewing' : 'settling';
    claim[doing]++;
    try {
      const result = await perform(store, claim.receipt, operation);
      ledger.settled(claim, operation.does, result, started);
      claim[doing]--;
      return `${result.state} ${claim.place}`;
    } catch (error) {
      if (!(error instanceof DreamosError) || error.kind !== 'conflict') throw error;
      claim[doing]--;
      // Somebody else who used it meanwhile is reason enough.
      ledger.refused(claim, operation.does, wasLive && ledger.live(claim), error.code);
      return error.code;
    }
  }

  async #change(store: Store, { does, mailbox, pick }: Extract<Operation, { does: 'cancel' | 'restore' | 'retry' }>): Promise<string> {
    const entries: Entry[] = [];
    for (const state of does === 'cancel' ? (['ready', 'delayed'] as const) : does === 'retry' ? (['dead'] as const) : (['archived'] as const)) {
      for await (const entry of store.list(mailbox, state)) entries.push(entry);
    }
    const entry = picked(entries, pick);
    if (!entry) return 'nothing there';
    const place = this.#ledger.place(mailbox, entry.id);
    if (does !== 'cancel') place.mayReturn = true;
    const changed = await store[does](entry, {});
    if (does === 'cancel') place.finished = 'archived';
    return `${entry.id} is ${changed.state}`;
  }

  /** As buckets.ts does it for a producer whose look found the newest bucket full. */
  async #openBucket(process: Process, lane: string): Promise<string> {
    const disk = simulatedDisk(this.#machine, process, async (call) => {
      return new Promise((resolve, reject) => process.pending.push({ call, resolve, reject }));
    });
    const parents = ((await disk.list(lane)) ?? []).sort();
    const parent = parents.at(-1);
    if (parent === undefined) return 'there is no bucket yet';
    const siblings = ((await disk.list(`${lane}/${parent}`)) ?? []).sort();
    const time = Math.max(this.#wall, Number(parent.slice(0, 13)) + 1, Number(siblings.at(-1)?.slice(0, 13) ?? 0) + 1);
    const name = `${time}-${process.ids.token()}`;
    await disk.makeDir(`${lane}/${parent}/${name}`);
    return name;
  }
}

async function perform(store: Store, receipt: string, operation: Extract<Operation, { pick: Pick }>) {
  if (operation.does === 'ack') return store.ack(receipt, {});
  if (operation.does === 'renew') return store.renew(receipt, { leaseMs: operation.leaseMs });
  const { delayMs, dead } = operation;
  return store.nack(receipt, { policy, dead, ...(delayMs !== undefined && { delayMs }) });
}

function picked<T>(items: readonly T[], number: number): T | undefined {
  return number === newest ? items.at(-1) : items[number % items.length];
}

// A callback of process.nextTick runs when no promise has anything left to do.
async function quiet(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

function answerText(answer: unknown): string {
  if (answer === true || answer === undefined) return '';
  if (typeof answer === 'object' && answer !== null && 'bytes' in answer) return ' = (bytes)';
  return ` = ${JSON.stringify(answer)}`;
}

function describe(operation: Operation): string {
  const { does, ...rest } = operation;
  return `${does} ${JSON.stringify(rest)}`;
}

