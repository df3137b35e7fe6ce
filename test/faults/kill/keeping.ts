import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { importTree } from '../../../src/core/import/import.ts';
import { packArchive, pruneArchive } from '../../../src/core/keep/maintain.ts';
import { type Session } from '../../../src/core/root/root.ts';
import { ack, nack } from '../../../src/core/take/settle.ts';
import { registerAnew, renameAgent } from '../../../src/core/keep/rename-agent.ts';
import { addSchedule, listSchedules } from '../../../src/core/schedules/schedules.ts';
import { publish } from '../../../src/core/topics/publish.ts';
import { loadSubscriptions } from '../../../src/core/topics/subscriptions.ts';
import { hourMs, mustSend, type Setting } from './setting.ts';
import { archived, dead, none, ready, toAll, type Fate, type Told, type Scenario } from './story.ts';
import { initRoot } from '../../../src/core/open-root.ts';
import { changeSettingsIn, settingsIn } from '../../storage/contract/ways.ts';

/** What a person does now and then, to keep a root in order. */
export const keepingScenarios: readonly Scenario[] = [
  {
    name: 'init',
    bare: true,
    prepare: () => Promise.resolve({ argv: ['init', 'a', 'b', 'c', 'd'], fates: [], repeat: initAgain }),
  },
  {
    name: 'agent register',
    prepare: () =>
      Promise.resolve({
        argv: ['agent', 'register', 'e', '--description', 'new'],
        fates: [],
        repeat: async (root, told) => {
          const card = await root.store.documents.getAgent('e');
          if (told.length > 0 && card?.description !== 'new') return 'e was registered and is not there';
          await initRoot({ root: root.path, agents: ['e'] });
          await mustSend(root, { to: 'e', from: 'a', body: 'welcome' });
          return undefined;
        },
      }),
  },
  {
    name: 'agent retire',
    prepare: () =>
      Promise.resolve({
        argv: ['agent', 'retire', 'd'],
        fates: [],
        repeat: async (root, told) => {
          const card = await root.store.documents.getAgent('d');
          return told.length > 0 && card?.retiredAt === undefined ? 'd was retired and is not' : undefined;
        },
      }),
  },
  {
    name: 'agent rename',
    always: true,
    prepare: async (setting) => {
      const id = await setting.sent('goes along', { to: 'd' });
      await setting.subscribed('d', 'x.*');
      await addSchedule(setting.root, {
        name: 's',
        cron: '0 0 1 1 *',
        message: { from: 'a', to: 'd', body: 'yearly' },
      });
      return {
        argv: ['agent', 'rename', 'd', 'dd'],
        fates: [],
        repeat: async (root, told) => {
          const before = await root.store.documents.getAgent('d');
          if (told.length > 0 && before) return 'd was renamed and is still there';
          const [entry, ...more] = await root.store.look.find(id);
          if (entry?.mailbox !== (before ? 'd' : 'dd') || more.length > 0) return 'its message is lost, or there twice';
          const { mailboxes } = await publish(root, 'x.y', { from: 'a', body: 'for it' });
          if (mailboxes.join() !== (before ? 'd' : 'dd')) return 'what is published does not reach it';
          if (before) await renameAgent(root, 'd', 'dd');
          // What follows is written at the latest when another one has the old name.
          await registerAnew(root, { name: 'd' });
          const [subscriptions, schedules] = [await loadSubscriptions(root), await listSchedules(root)];
          if (subscriptions.has('d') || !subscriptions.has('dd')) return 'its subscription has not followed';
          if (schedules.some(({ message }) => message.to.includes('d'))) return 'its schedule has not followed';
          return undefined;
        },
      };
    },
  },
  {
    name: 'cancel',
    prepare: async (setting) => {
      const id = await setting.sent('never mind');
      await setting.sent('never mind, delayed', { delayMs: 48 * hourMs });
      return {
        argv: ['cancel', id],
        fates: [{ body: 'never mind', mailbox: 'b', before: ['ready', 'archived'], after: archived, failed: ready }],
      };
    },
  },
  {
    name: 'dlq retry',
    prepare: async (setting) => {
      const { receipt, message } = await setting.claimed('second life');
      await nack(setting.root, receipt, { dead: true });
      return {
        argv: ['dlq', 'retry', 'b', message.id],
        fates: [{ body: 'second life', mailbox: 'b', before: ['dead', 'ready'], after: ready, failed: dead }],
      };
    },
  },
  {
    name: 'dlq purge',
    prepare: async (setting) => {
      for (const body of ['rubbish', 'more rubbish']) {
        const { receipt } = await setting.claimed(body);
        await nack(setting.root, receipt, { dead: true });
      }
      const gone = { mailbox: 'b', before: ['dead', 'none'], after: none, failed: ['dead', 'none'] } as const;
      return {
        argv: ['dlq', 'purge', 'b', '--all', '--force'],
        fates: [
          { ...gone, body: 'rubbish' },
          { ...gone, body: 'more rubbish' },
        ],
        covers: (told, { body }) => told['id'] === setting.idOf(body),
      };
    },
  },
  {
    name: 'archive restore',
    prepare: async (setting) => {
      const { receipt, message } = await setting.claimed('once more');
      await ack(setting.root, receipt);
      return {
        argv: ['archive', 'restore', 'b', message.id],
        fates: [{ body: 'once more', mailbox: 'b', before: ['archived', 'ready'], after: ready, failed: archived }],
      };
    },
  },
  {
    name: 'archive restore, of what is packed',
    prepare: async (setting) => {
      const id = await setting.finishedBefore('from a pack', 9);
      await setting.finishedBefore('stays packed', 9);
      await packAll(setting.root);
      return {
        argv: ['archive', 'restore', 'b', id],
        fates: [
          {
            body: 'from a pack',
            mailbox: 'b',
            before: ['archived', 'ready'],
            after: ready,
            failed: ['archived', 'ready'],
          },
          { body: 'stays packed', mailbox: 'b', before: archived, after: archived },
        ],
      };
    },
  },
  {
    name: 'archive pack',
    prepare: async (setting) => {
      const fates = await manyFinished(setting);
      return { argv: ['archive', 'pack', 'b'], fates, repeat: countIs(fates.length) };
    },
  },
  {
    name: 'archive prune',
    prepare: async (setting) => {
      const fates = await manyFinished(setting);
      await packAll(setting.root);
      await setting.finishedBefore('late', 9);
      const gone = [...fates.filter(({ body }) => body !== 'newer'), { body: 'late', mailbox: 'b' }];
      return {
        argv: ['archive', 'prune', 'b', '--older-than', '7d'],
        fates: [
          ...gone.map(({ body, mailbox }) => ({ body, mailbox, before: ['archived', 'none'], after: none }) as const),
          { body: 'newer', mailbox: 'b', before: archived, after: archived },
        ],
        // Each line speaks of a day, and both are told when both are gone.
        repeat: async (root) => {
          await gather(pruneArchive(root, 'b', { olderThanMs: 7 * 24 * hourMs }));
          return countIs(1)(root);
        },
      };
    },
  },
  {
    name: 'maintain',
    prepare: async (setting) => {
      await changeSettingsIn(setting.root.store, () => ({ eventDays: 1 }));
      const fates = await manyFinished(setting);
      await setting.outlived('stale');
      return {
        argv: ['maintain'],
        fates: [...fates, { body: 'stale', mailbox: 'b', before: ['ready', 'dead'], after: dead }],
        repeat: countIs(fates.length),
      };
    },
  },
  {
    name: 'config set',
    prepare: () =>
      Promise.resolve({
        argv: ['config', 'set', 'lease', '7m'],
        fates: [],
        repeat: async (root, told) => {
          const { lease } = await settingsIn(root.store);
          if (told.length > 0 && lease !== '7m') return `lease was set to 7m and is ${lease ?? 'not set'}`;
          return lease === '7m' || lease === undefined ? undefined : `lease is ${lease}`;
        },
      }),
  },
  {
    name: 'import',
    prepare: (setting) => {
      const tree = join(setting.dir, 'old');
      mkdirSync(join(tree, 'b'), { recursive: true });
      const olds = ['old one', 'old two'].map((body, n) => ({
        message_id: `m${n}`,
        timestamp_utc: '2025-03-01T10:00:00Z',
        sender_agent_id: 'a',
        recipient_agent_id: 'b',
        subject: 's',
        message_type: 'task',
        priority: 'MEDIUM',
        body,
      }));
      writeFileSync(join(tree, 'b', 'inbox.json'), JSON.stringify(olds));
      writeFileSync(join(tree, 'b', 'broken.json'), '{{ not json');
      return Promise.resolve({
        argv: ['import', tree],
        corrupt: 1,
        fates: olds.map(({ body }) => ({ body, mailbox: 'b', before: ['none', 'archived'], after: archived })),
        covers: (told, { body }) =>
          told['result'] === 'imported' && told['file'] === `b/inbox.json#${body === 'old one' ? 1 : 2}`,
        repeat: async (root) => {
          const results: string[] = [];
          for await (const { file, result } of importTree(root, tree)) results.push(`${file} ${result}`);
          const corrupt = (await root.store.look.counts('b')).corrupt;
          return corrupt === 1 ? undefined : `the unreadable file is kept ${corrupt} times (${results.join(', ')})`;
        },
      });
    },
  },
  {
    name: 'doctor --fix',
    prepare: async (setting) => {
      await setting.expired('forgotten');
      await setting.due('late');
      await setting.committed('on the way');
      const { receipt } = await setting.claimed('dead');
      await nack(setting.root, receipt, { dead: true });
      setting.spoil();
      return {
        argv: ['doctor', '--fix'],
        lists: true,
        corrupt: 1,
        fates: [
          { body: 'forgotten', mailbox: 'b', before: ready, after: ready },
          { body: 'late', mailbox: 'b', before: ready, after: ready },
          { body: 'dead', mailbox: 'b', before: dead, after: dead },
          ...toAll('on the way', { before: ready, after: ready }),
        ],
      };
    },
  },
];

/** On two old days and on a newer one. */
async function manyFinished(setting: Setting): Promise<Fate[]> {
  const bodies = ['old', 'old too', 'older', 'newer'];
  const days = [9, 9, 30, 2];
  for (const [i, body] of bodies.entries()) await setting.finishedBefore(body, days[i] ?? 0);
  return bodies.map((body) => ({ body, mailbox: 'b', before: archived, after: archived }));
}

const packAll = (root: Session): Promise<unknown> => gather(packArchive(root, 'b'));

function countIs(count: number): (root: Session) => Promise<string | undefined> {
  return async (root) => {
    await packAll(root);
    const counted = (await root.store.look.counts('b')).archived;
    return counted === count ? undefined : `${counted} messages count as archived, and there are ${count}`;
  };
}

async function gather<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function initAgain(root: Session, told: readonly Told[]): Promise<string | undefined> {
  for (const name of told.length > 0 ? ['a', 'b', 'c', 'd'] : []) {
    if (!(await root.store.documents.getAgent(name))) return `init said that it made ${name}, which is not there`;
  }
  return undefined;
}
