/**
 * Random histories of tasks and agents, with processes that die in the middle of what they do, beside a plain list of what
 * somebody was told. DREAMOS_TASK_HISTORIES=2000 tries more of them.
 */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Session } from '../../../src/core/root/root.ts';
import { pauseAgent, resumeAgent } from '../../../src/core/agents/pause.ts';
import { heartbeat } from '../../../src/core/agents/heartbeat.ts';
import { assignTask } from '../../../src/core/tasks/assign.ts';
import { createTask } from '../../../src/core/tasks/create.ts';
import { stateOf } from '../../../src/core/tasks/place/find.ts';
import { tend } from '../../../src/core/tasks/keeper.ts';
import { cancelTask, doneTask, failTask, reportProgress, retryTask } from '../../../src/core/tasks/moves.ts';
import { acceptTask, nextTask } from '../../../src/core/tasks/next.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import type { TaskState } from '../../../src/model/state.ts';
import type { Entry } from '../../../src/storage/port/look.ts';
import { createTaskRig, goneMs, Killed, killedAt, liesWith, type TaskRig } from './rig.ts';

const histories = Number(process.env['DREAMOS_TASK_HISTORIES'] ?? 60);

const crew: Readonly<
  Record<string, { readonly can: readonly string[]; readonly most: number; readonly for?: string }>
> = {
  ann: { can: ['ts'], most: 1 },
  bob: { can: ['docs'], most: 1, for: 'ann' },
  cy: { can: ['ts', 'docs'], most: 2 },
};
const names = Object.keys(crew);
const wishes = [[], ['ts'], ['docs'], ['docs', 'ts']] as const;

const of = <Kind extends string, Fields extends object>(
  kind: Kind,
  fields: { [Key in keyof Fields]: fc.Arbitrary<Fields[Key]> },
): fc.Arbitrary<{ readonly kind: Kind } & Fields> =>
  fc.record({ kind: fc.constant(kind), ...fields }) as unknown as fc.Arbitrary<{ readonly kind: Kind } & Fields>;
const task = fc.nat(30);
const who = fc.constantFrom(...names);
const anyStep = fc.oneof(
  { arbitrary: of('create', { wish: fc.constantFrom(...wishes), after: fc.array(task, { maxLength: 3 }) }), weight: 5 },
  { arbitrary: of('next', { who }), weight: 6 },
  { arbitrary: of('done', { task }), weight: 6 },
  { arbitrary: of('progress', { task }), weight: 1 },
  { arbitrary: of('fail', { task }), weight: 2 },
  { arbitrary: of<'assign', { task: number; to: string | null }>('assign', { task, to: fc.option(who) }), weight: 2 },
  { arbitrary: of('accept', { task, who }), weight: 2 },
  { arbitrary: of('cancel', { task }), weight: 2 },
  { arbitrary: of('retry', { task }), weight: 3 },
  { arbitrary: of('tend', {}), weight: 2 },
  { arbitrary: of('leaves', { who }), weight: 1 },
  { arbitrary: of('comes', { who }), weight: 2 },
  { arbitrary: of('pauses', { who }), weight: 1 },
  { arbitrary: of('resumes', { who }), weight: 1 },
  { arbitrary: of('waits', { minutes: fc.constantFrom(0.1, 1, 20) }), weight: 2 },
);
type Step = typeof anyStep extends fc.Arbitrary<infer One> ? One : never;
/** Whether somebody is killed at it, and in front of which change. */
const history = fc.array(fc.record({ step: anyStep, kill: fc.option(fc.integer({ min: 1, max: 8 }), { freq: 3 }) }), {
  minLength: 5,
  maxLength: 40,
});

interface Known {
  readonly id: string;
  readonly wish: readonly string[];
  readonly after: readonly string[];
  /** What somebody was told last that it is, and is until somebody changes it. */
  told?: 'done' | 'failed' | 'cancelled' | undefined;
}

class World {
  private readonly tasks: Known[] = [];
  private readonly receipts: { readonly id: string; readonly receipt: string }[] = [];
  readonly there = new Set<string>();
  /** Who got back what had ended with it, and may have one too many since that was killed on its way to the queue. */
  private readonly overfull = new Set<string>();
  private readonly rig: TaskRig;

  constructor(rig: TaskRig) {
    this.rig = rig;
  }

  async run({ step, kill }: { step: Step; kill: number | null }): Promise<void> {
    const as = (name: string): Session => {
      const session = this.rig.as(name);
      return kill === null ? session : killedAt(session, kill).session;
    };
    try {
      await this.act(step, as);
    } catch (error) {
      if (error instanceof DreamosError) expect(error.kind, error.message).toMatch(/^(conflict|not-found|usage)$/);
      else if (!(error instanceof Killed)) throw error;
    }
    await this.check();
  }

  private async act(step: Step, as: (name: string) => Session): Promise<void> {
    const { root } = this.rig;
    const known = 'task' in step ? this.tasks[step.task % Math.max(1, this.tasks.length)] : undefined;
    if ('task' in step && !known) return;
    const id = known?.id ?? '';
    const before = known && (await this.places()).get(id);
    /** From here on nobody knows, until it is told. */
    const unless = async (told: Known['told'], work: () => Promise<unknown>): Promise<void> => {
      const old = known?.told;
      if (known) known.told = undefined;
      try {
        await work();
        if (known) known.told = told;
      } catch (error) {
        if (known && error instanceof DreamosError) known.told = old;
        throw error;
      }
    };
    const holder = before?.mailbox ?? 'planner';
    switch (step.kind) {
      case 'create': {
        const after = [...new Set(step.after.flatMap((n) => (this.tasks[n] ? [this.tasks[n].id] : [])))];
        const session = as('planner');
        const ids = { ...session.ids, next: (now: number) => (this.expected = session.ids.next(now)) };
        this.expected = undefined;
        try {
          await createTask({ ...session, ids }, { title: 'work', requires: step.wish, dependsOn: after });
        } finally {
          if (this.expected !== undefined) this.tasks.push({ id: this.expected, wish: step.wish, after });
        }
        return;
      }
      case 'next': {
        const taken = await nextTask(as(step.who));
        if (taken) this.receipts.push(taken);
        else await this.nothingIsLeftFor(step.who);
        return;
      }
      case 'accept': {
        const taken = await acceptTask(as(step.who), id);
        this.receipts.push(taken);
        return;
      }
      case 'done':
        return unless('done', () => doneTask(as(holder), id, { result: 'it is' }));
      case 'fail':
        return unless('failed', () => failTask(as(holder), id, 'cannot'));
      case 'cancel':
        return unless('cancelled', () => cancelTask(as('planner'), id));
      case 'retry':
        try {
          return await unless(undefined, () => retryTask(as('planner'), id));
        } catch (error) {
          if (error instanceof Killed) this.overfull.add(holder);
          throw error;
        }
      case 'progress':
        return void (await reportProgress(as(holder), id, { percent: 50 }));
      case 'assign':
        return void (await assignTask(as('planner'), id, step.to ?? undefined));
      case 'tend':
        return void (await tend(as('planner')));
      case 'comes':
        this.there.add(step.who);
        return void (await heartbeat(root, step.who, { status: 'idle' }));
      case 'leaves':
        this.there.delete(step.who);
        return this.pass(goneMs);
      case 'pauses':
        return void (await pauseAgent(root, step.who));
      case 'resumes':
        return void (await resumeAgent(root, step.who));
      case 'waits':
        return this.pass(step.minutes * 60_000);
    }
  }

  private expected: string | undefined;

  /** Who is there says so meanwhile. */
  private async pass(ms: number): Promise<void> {
    const { root, clock } = this.rig;
    clock.advance(ms);
    for (const name of this.there) await heartbeat(root, name);
  }

  private async places(): Promise<Map<string, Entry>> {
    return new Map((await this.rig.census()).map((entry) => [entry.id, entry]));
  }

  async states(): Promise<Map<string, TaskState>> {
    const now = this.rig.clock.now();
    return new Map([...(await this.places())].map(([id, entry]) => [id, stateOf(entry, now)]));
  }

  private async nothingIsLeftFor(name: string): Promise<void> {
    const card = await this.rig.root.store.documents.getAgent(name);
    const all = await this.rig.census();
    const { can = [], most = 1 } = crew[name] ?? {};
    if (card?.pausedAt || liesWith(all, name).length >= most) return;
    const states = await this.states();
    const left = this.tasks.filter(({ id, wish, after }) => {
      const isMine = wish.every((one) => can.includes(one)) && after.every((one) => states.get(one) === 'done');
      return isMine && states.get(id) === 'ready';
    });
    expect(left, `what ${name} could have got`).toEqual([]);
  }

  private async check(): Promise<void> {
    const all = await this.rig.census();
    const ids = all.map(({ id }) => id);
    expect(ids.length, 'each is in one place').toBe(new Set(ids).size);
    const states = await this.states();
    for (const { id, after, told } of this.tasks) {
      const state = states.get(id);
      if (told !== undefined) expect(state, `${id} was ${told}`).toBe(told);
      const isFree = after.every((one) => states.get(one) === 'done');
      if (state === 'done' || state === 'active' || state === 'assigned') {
        const isBeingBlocked = all.some((one) => one.id === id && one.mailbox.startsWith('task-pool'));
        if (!isBeingBlocked) expect(isFree, `${id} is ${state}, and what it depends on is done`).toBe(true);
      }
      if (state === 'blocked' && isFree) this.late.add(id);
      else this.late.delete(id);
    }
    await this.claims();
    for (const name of names) {
      const most = crew[name]?.most ?? 1;
      const held = all.filter(({ mailbox, state }) => mailbox === name && state === 'inflight').length;
      expect(held, `what ${name} holds`).toBeLessThanOrEqual(most);
      if (!this.overfull.has(name)) expect(liesWith(all, name).length, `what ${name} has`).toBeLessThanOrEqual(most);
    }
  }

  /** Blocked, and waiting for nothing: only as long as nobody has looked. */
  private readonly late = new Set<string>();

  async looks(): Promise<void> {
    await tend(this.rig.root);
    await this.check();
    expect([...this.late], 'blocked for nothing').toEqual([]);
  }

  private async claims(): Promise<void> {
    const valid = new Map<string, number>();
    for (const { id, receipt } of this.receipts) {
      try {
        await this.rig.root.store.mail.checkClaim(receipt);
        valid.set(id, (valid.get(id) ?? 0) + 1);
      } catch (error) {
        if (!(error instanceof DreamosError)) throw error;
      }
    }
    for (const [id, count] of valid) expect(count, `claims of ${id}`).toBe(1);
  }

  /** Everybody comes, and works as long as there is something to do. */
  async drain(): Promise<void> {
    const { root, as } = this.rig;
    for (const name of names) {
      await resumeAgent(root, name);
      this.there.add(name);
    }
    let quiet = 0;
    for (let round = 0; quiet < 3; round++) {
      expect(round, 'it comes to its end').toBeLessThan(300);
      await this.pass(21 * 60_000);
      await tend(as('planner'));
      let did = 0;
      for (const name of names) {
        for (let taken = await this.nextOf(name); taken; taken = await this.nextOf(name)) {
          await doneTask(as(name), taken);
          did++;
        }
      }
      quiet = did === 0 ? quiet + 1 : 0;
    }
    const states = await this.states();
    const ended = new Set<string>();
    for (const { id, after } of this.tasks) {
      const state = states.get(id);
      // Killed before it was sent.
      if (state === undefined) ended.add(id);
      if (state === undefined || state === 'done') continue;
      const isExcused = state === 'failed' || state === 'cancelled' || after.some((one) => ended.has(one));
      expect(isExcused, `${id} is ${state} at the end`).toBe(true);
      ended.add(id);
    }
    expect(await root.store.documents.list('pending')).toEqual([]);
  }

  private async nextOf(name: string): Promise<string | undefined> {
    try {
      return (await nextTask(this.rig.as(name)))?.id;
    } catch (error) {
      if (error instanceof DreamosError && error.code === 'LIMITED') return undefined;
      throw error;
    }
  }
}

async function begin(): Promise<World> {
  const rig = await createTaskRig();
  const world = new World(rig);
  for (const [name, { can, most, for: other }] of Object.entries(crew)) {
    await rig.comes(name, {
      capabilities: [...can],
      maxTasks: most,
      ...(other !== undefined && { standbyFor: [other] }),
    });
    world.there.add(name);
  }
  return world;
}

test(
  'whatever happens, and whoever dies, each task is in one state, nobody has too many, and none is lost or stuck',
  { timeout: 10_000 + histories * 1000 },
  () =>
    expect(
      fc.assert(
        fc.asyncProperty(history, async (steps) => {
          const world = await begin();
          for (const one of steps) await world.run(one);
          await world.looks();
          await world.drain();
        }),
        { numRuns: histories },
      ),
    ).resolves.toBeUndefined(),
);
