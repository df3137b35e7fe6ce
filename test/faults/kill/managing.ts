import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pauseAgent, resumeAgent } from '../../../src/core/agents/pause.ts';
import { backup } from '../../../src/core/keep/backup.ts';
import { deleteAgent } from '../../../src/core/keep/delete-agent.ts';
import { deliver } from '../../../src/core/keep/deliver.ts';
import { initRoot, openRoot, restoreRoot } from '../../../src/core/open-root.ts';
import type { Session } from '../../../src/core/root/root.ts';
import { addSchedule, listSchedules } from '../../../src/core/schedules/schedules.ts';
import { ack, nack } from '../../../src/core/take/settle.ts';
import { loadSubscriptions } from '../../../src/core/topics/subscriptions.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import { states } from '../../../src/model/state.ts';
import { newToken } from '../../storage/contract/ways.ts';
import { hourMs, Setting } from './setting.ts';
import {
  archived,
  delayed,
  none,
  ready,
  type Fate,
  type Place,
  type Scenario,
  type Story,
  type Told,
} from './story.ts';

const file = 'mail.tar.gz';

/** What a person does with mailboxes, and with a whole root. */
export const managingScenarios: readonly Scenario[] = [
  {
    name: 'deliver, now',
    always: true,
    prepare: async (setting) => {
      const id = await setting.sent('sooner', { delayMs: 48 * hourMs });
      return {
        argv: ['deliver', id, 'now'],
        fates: [{ body: 'sooner', mailbox: 'b', before: ['delayed', 'ready'], after: ready, failed: delayed }],
        repeat: (root) => doneOrDone(() => deliver(root, id)),
      };
    },
  },
  {
    name: 'deliver, now, of an ordering key that rests',
    prepare: async (setting) => {
      for (const body of ['first', 'second']) await setting.sent(body, { orderingKey: 'k' });
      const { receipt, message } = await setting.claimedOf('first');
      await nack(setting.root, receipt, { delayMs: 48 * hourMs });
      return {
        argv: ['deliver', message.id, 'now'],
        fates: [
          { body: 'first', mailbox: 'b', before: ['delayed', 'ready'], after: ready, failed: delayed },
          { body: 'second', mailbox: 'b', before: ready, after: ready },
        ],
        repeat: (root) => doneOrDone(() => deliver(root, message.id)),
      };
    },
  },
  {
    name: 'deliver, at another time',
    prepare: async (setting) => {
      const id = await setting.sent('another day', { delayMs: 48 * hourMs });
      const at = Math.floor(Date.now() / 1000) * 1000 + 72 * hourMs;
      return {
        argv: ['deliver', id, '--at', new Date(at).toISOString()],
        fates: [{ body: 'another day', mailbox: 'b', before: delayed, after: delayed, failed: delayed }],
        repeat: async (root, told) => {
          const [entry] = await root.store.look.find(id);
          if (told.length > 0 && entry?.dueAt !== at) return `it was put off to ${at} and is due at ${entry?.dueAt}`;
          const [moved] = await deliver(root, id, { at });
          return moved?.dueAt === at ? undefined : `put off once more it is due at ${moved?.dueAt}`;
        },
      };
    },
  },
  {
    name: 'hand-over',
    always: true,
    prepare: async (setting) => handing(await setting.sent('goes on'), 'ready'),
  },
  {
    name: 'hand-over, of what is held and of an ordering key',
    prepare: async (setting) => {
      for (const body of ['goes on', 'second']) await setting.sent(body, { orderingKey: 'k' });
      const { message } = await setting.claimedOf('goes on');
      const story = handing(message.id, 'inflight');
      return { ...story, fates: [...story.fates, { body: 'second', mailbox: 'b', before: ready, after: ready }] };
    },
  },
  {
    name: 'agent delete',
    prepare: async (setting) => {
      const fates = await lived(setting, 'b', []);
      return { argv: ['agent', 'delete', 'b'], fates, repeat: (root, told) => deletedAgain(root, told, {}) };
    },
  },
  {
    name: 'agent delete --archive',
    prepare: async (setting) => {
      await setting.sent('new');
      await setting.sent('later', { delayMs: 48 * hourMs });
      await setting.sent('of a key', { orderingKey: 'k' });
      await setting.claimedOf('of a key');
      const { receipt } = await setting.claimed('rests');
      await nack(setting.root, receipt, { delayMs: 48 * hourMs });
      const left = { new: 'ready', later: 'delayed', 'of a key': 'inflight', rests: 'delayed' } as const;
      const fates = await lived(setting, 'b', Object.entries(left));
      return {
        argv: ['agent', 'delete', 'b', '--archive'],
        fates,
        repeat: (root, told) => deletedAgain(root, told, { archive: true }),
      };
    },
  },
  {
    name: 'pause',
    prepare: async (setting) => {
      await setting.sent('waits');
      return {
        argv: ['pause', 'b', '--as', 'a'],
        fates: [{ body: 'waits', mailbox: 'b', before: ready, after: ready }],
        repeat: async (root, told) => {
          const wrong = told.length > 0 ? await isPaused(root, true) : undefined;
          await pauseAgent(root, 'b');
          const later = await isPaused(root, true);
          await resumeAgent(root, 'b');
          return wrong ?? later;
        },
      };
    },
  },
  {
    name: 'resume',
    prepare: async (setting) => {
      await setting.sent('waits');
      await pauseAgent(setting.root, 'b');
      return {
        argv: ['resume', 'b', '--as', 'a'],
        fates: [{ body: 'waits', mailbox: 'b', before: ready, after: ready }],
        repeat: async (root, told) => {
          const wrong = told.length > 0 ? await isPaused(root, false) : undefined;
          await resumeAgent(root, 'b');
          return wrong;
        },
      };
    },
  },
  {
    name: 'backup',
    prepare: async (setting) => {
      const fates = await everyState(setting);
      return {
        argv: ['backup', file],
        fates: fates.map(({ body, mailbox, state }) => ({ body, mailbox, before: [state], after: [state] })),
        // Done or not begun: under its name there is a whole one or none, and one can be made.
        repeat: async (root, told) => {
          const path = join(dirname(root.path), file);
          if (told.length > 0 && !existsSync(path)) return 'the backup was said to be made, and is not there';
          if (!existsSync(path)) await backup(root, path);
          return holds(path, fates);
        },
      };
    },
  },
  {
    name: 'restore',
    bare: true,
    prepare: async (setting) => {
      const fates = await everyState(setting);
      await backup(setting.root, join(setting.dir, file));
      return restoring(fates);
    },
  },
  {
    name: 'restore, in place of a root without mail',
    prepare: async (setting) => {
      const other = await Setting.make(join(setting.dir, 'other'));
      const fates = await everyState(other);
      await backup(other.root, join(setting.dir, file));
      await other.root.close();
      return { ...restoring(fates), first: notSplit };
    },
  },
];

/** From b to c. */
function handing(id: string, was: 'ready' | 'inflight'): Story & { readonly fates: readonly Fate[] } {
  return {
    argv: ['hand-over', id, 'c'],
    program: 'hand-over.ts',
    fates: [
      { body: 'goes on', mailbox: 'b', before: [was, 'none'], after: none },
      { body: 'goes on', mailbox: 'c', before: [...none, ...ready], after: ready },
    ],
    // In one of them, with one answer to who tries again.
    repeat: async (root) => {
      const [entry, ...more] = await root.store.look.find(id);
      if (!entry || more.length > 0) return `it is in ${more.length + (entry ? 1 : 0)} mailboxes`;
      if (entry.mailbox === 'b') await root.store.mail.handOver(entry, 'c', {});
      else await expectThere(() => root.store.mail.handOver(entry, 'c', {}));
      const [there, ...others] = await root.store.look.find(id);
      return there?.mailbox === 'c' && others.length === 0 ? undefined : 'handed over again it is not in c alone';
    },
  };
}

async function expectThere(work: () => Promise<unknown>): Promise<void> {
  const code = await work().then(
    () => 'done',
    (error: unknown) => (error instanceof DreamosError ? error.code : String(error)),
  );
  if (code !== 'ALREADY_EXISTS') throw new Error(`to hand over what is there is answered with ${code}`);
}

/** b has finished something, has subscribed and sends on a schedule; the rest is as said. */
async function lived(setting: Setting, mailbox: string, left: readonly (readonly [string, Place])[]): Promise<Fate[]> {
  const { receipt } = await setting.claimed('finished');
  await ack(setting.root, receipt);
  await setting.subscribed(mailbox, 'news.*');
  const message = { to: 'c', from: mailbox, body: 'tick' };
  await addSchedule(setting.root, { name: 'yearly', cron: '0 0 1 1 *', message });
  return [
    { body: 'finished', mailbox, before: archived, after: archived },
    ...left.map(([body, state]): Fate => {
      return { body, mailbox, before: [state, 'archived'], after: archived, failed: [state, 'archived'] };
    }),
  ];
}

async function deletedAgain(
  root: Session,
  told: readonly Told[],
  how: { archive?: true },
): Promise<string | undefined> {
  const before = (await root.store.documents.getAgent('b'))?.deletedAt;
  if (told.length > 0 && before === undefined) return 'b was deleted, and is there';
  await doneOrDone(() => deleteAgent(root, 'b', how));
  if ((await root.store.documents.getAgent('b'))?.deletedAt === undefined) return 'b cannot be deleted any more';
  if ((await loadSubscriptions(root)).has('b')) return 'b is deleted and still subscribed';
  const [schedule] = await listSchedules(root);
  return schedule && `b is deleted, and its schedule ${schedule.name} goes on`;
}

/** @returns what is wrong, if it is refused for another reason than that nothing is left to do */
async function doneOrDone(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    const done = error instanceof DreamosError && ['STATE_CHANGED', 'AGENT_NOT_FOUND'].includes(error.code);
    return done ? undefined : String(error);
  }
}

async function isPaused(root: Session, should: boolean): Promise<string | undefined> {
  const paused = (await root.store.documents.getAgent('b'))?.pausedAt !== undefined;
  if (paused !== should) return `b is ${paused ? '' : 'not '}paused`;
  return undefined;
}

type Known = { readonly body: string; readonly mailbox: string; readonly state: Exclude<Place, 'none'> };

/** A message of b in each state, one to many, and a pack. */
async function everyState(setting: Setting): Promise<Known[]> {
  await setting.finishedBefore('finished', 9);
  const rests = await setting.claimed('rests');
  await nack(setting.root, rests.receipt, { delayMs: 48 * hourMs });
  const dead = await setting.claimed('dead');
  await nack(setting.root, dead.receipt, { dead: true, reason: 'no good' });
  await setting.claimed('held');
  await setting.sent('later', { delayMs: 48 * hourMs });
  await setting.sent('new');
  await setting.sent('to many', { to: ['c', 'd'] });
  const of = (body: string, state: Known['state'], mailbox = 'b'): Known => ({ body, mailbox, state });
  return [
    of('finished', 'archived'),
    of('rests', 'delayed'),
    of('dead', 'dead'),
    of('held', 'inflight'),
    of('later', 'delayed'),
    of('new', 'ready'),
    of('to many', 'ready', 'c'),
    of('to many', 'ready', 'd'),
  ];
}

/** The whole root, or none of it. */
function restoring(fates: readonly Known[]): Story {
  return {
    argv: ['restore', file],
    together: true,
    fates: fates.map(({ body, mailbox, state }): Fate => {
      const restored = state === 'inflight' ? 'ready' : state;
      // Also when its folder could not be synced, which it says.
      return { body, mailbox, before: ['none', restored], after: [restored], failed: ['none', restored] };
    }),
    repeat: (root) => holds(join(dirname(root.path), file), fates),
  };
}

/** A root that was moved away is named to whoever misses it, none is made beside it, and the next restore ends it. */
async function notSplit(path: string): Promise<void> {
  if (existsSync(path)) return;
  for (const missed of [openRoot({ root: path }), initRoot({ root: path })]) {
    const error: unknown = await missed.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    const hint = error instanceof DreamosError ? error.hint : undefined;
    if (!hint?.includes(`${path}.before-`))
      throw new Error(`that the root was moved away is not said: ${String(error)}`);
  }
  await (await restoreRoot(join(dirname(path), file), { root: path }))?.root.close();
}

/** Whether a backup makes a root with each of these once, what was claimed ready. @returns what is wrong */
async function holds(path: string, known: readonly Known[]): Promise<string | undefined> {
  const place = join(dirname(path), `again-${newToken()}`);
  const { root: made } = (await restoreRoot(path, { root: place })) ?? {};
  if (!made) return 'nothing was restored';
  const root = await openRoot({ root: made.path });
  const found: string[] = [];
  for (const { name } of await root.store.documents.listAgents())
    for (const state of states)
      for await (const entry of root.store.look.list(name, state))
        found.push(`${(await root.store.look.read(entry))?.body} ${state} in ${name}`);
  await made.close();
  await root.close();
  const due = known.map(
    ({ body, mailbox, state }) => `${body} ${state === 'inflight' ? 'ready' : state} in ${mailbox}`,
  );
  const [is, should] = [found, due].map((all) => all.sort().join(', '));
  return is === should ? undefined : `restored are ${is}, and should be ${should}`;
}
