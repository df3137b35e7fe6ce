/**
 * Runs a history: some processes, each with a store of its own as a real process has it, on one simulated disk under one
 * clock. One step of one process at a time; what it does next is computed to the end before anybody else moves.
 */
import { createIds } from '../../../src/model/id.ts';
import { openFileStore } from '../../../src/storage/file/open.ts';
import { check, root, type Look } from './check.ts';
import { settled, survive, type Cut, type Survivor } from './crash.ts';
import { runAtOnce, simulatedDisk, type Call, type Machine, type Stepped } from './disk.ts';
import type { Situation } from './generate.ts';
import { mailboxes, type Decision, type History, type Operation } from './history.ts';
import { Ledger, type Violation } from './ledger.ts';
import { perform, type Surroundings } from './operations.ts';
import { Process, type Mutation } from './process.ts';
import { seeded, seedOf } from './random.ts';
import { waitingIn } from './scan.ts';
import { Volume } from './volume.ts';
import { changeAgentIn } from '../../storage/contract/ways.ts';

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
  for (const name of mailboxes) await changeAgentIn(store, name, () => ({ name, createdAt }));
  return volume;
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
  readonly #surroundings: Surroundings = {
    ledger: this.#ledger,
    now: () => this.#wall,
    inboxes: new Map(),
    words: () => `words ${this.#messages++}`,
    waiting: (mailbox) => waitingIn(this.#machine.volume, mailbox),
  };
  #answered = false;
  #renamed = false;

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
      await this.#do(
        decide?.({ runnable, steps: this.#steps, answered: this.#answered, renamed: this.#renamed }) ?? {
          do: 'run',
          p: first,
          ms: 0,
        },
      );
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
    this.#renamed = false;
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
        this.#ledger.forgetOrder();
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
    this.#ledger.died(p);
    const random = seeded(seedOf(this.#history.seed, 3, p, this.#starts++));
    const clock = { now: () => this.#wall, uptime: () => this.#uptime };
    this.#processes[p] = new Process(p, this.#machine, clock, random, {
      own: this.#processes[p]?.own ?? [],
      mutation: this.#options.mutation,
      warn: (text) => this.#options.tell?.(`P${p} warns: ${text}`),
    });
  }

  async #run(p: number): Promise<void> {
    const process = this.#processes[p];
    if (!process) return;
    this.#steps++;
    if (process.running) process.step((call, stepped) => this.#stepped(p, call, stepped));
    else {
      const operation = this.#next(p);
      if (!operation) return;
      this.#begun[p] = (this.#begun[p] ?? 0) + 1;
      this.#options.tell?.(`P${p} begins: ${describe(operation)}`);
      void this.#operate(process, operation);
    }
    await quiet();
  }

  #stepped(p: number, { name, args }: Call, stepped: Stepped | { readonly error: unknown }): void {
    this.#renamed = name === 'rename' || name === 'link';
    // For a lock: somebody has to let the time pass.
    if (stepped === 'wait') this.#uptime += 100;
    else this.#options.tell?.(`P${p}   ${name} ${args.join(' ')}${stepped === 'more' ? ' …' : answerText(stepped)}`);
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
    this.#ledger.violations.push(
      ...(await check(volume, this.#ledger, { after, wall: this.#wall, latest: this.#ledger.latest, doctor })),
    );
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
    process.running = true;
    let result: string;
    try {
      result = await perform(process, operation, this.#surroundings);
    } catch (error) {
      result = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#ledger.broken('unexpected error', `${describe(operation)}: ${result}`);
    }
    this.#options.tell?.(`P${process.p} is done: ${result}`);
    process.running = false;
    this.#answered = true;
  }
}

// A callback of process.nextTick runs when no promise has anything left to do.
async function quiet(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

function answerText(stepped: { readonly answer: unknown } | { readonly error: unknown }): string {
  if ('error' in stepped) return ` fails: ${String(stepped.error)}`;
  const { answer } = stepped;
  if (answer === true || answer === undefined) return '';
  if (typeof answer === 'object' && answer !== null && 'bytes' in answer) return ' = (bytes)';
  return ` = ${JSON.stringify(answer)}`;
}

function describe(operation: Operation): string {
  const { does, ...rest } = operation;
  return `${does} ${JSON.stringify(rest)}`;
}
