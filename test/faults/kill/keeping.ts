import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { importTree } from '../../../src/core/import.ts';
import { initRoot, type Root } from '../../../src/core/root.ts';
import { ack, nack } from '../../../src/core/settle.ts';
import { hourMs, mustSend } from './setting.ts';
import { archived, dead, none, ready, toAll, type Told, type Scenario } from './story.ts';

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
          const card = await root.store.getAgent('e');
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
          const card = await root.store.getAgent('d');
          return told.length > 0 && card?.retiredAt === undefined ? 'd was retired and is not' : undefined;
        },
      }),
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
        argv: ['dlq', 'purge', 'b', '--all'],
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
    name: 'config set',
    prepare: () =>
      Promise.resolve({
        argv: ['config', 'set', 'lease', '7m'],
        fates: [],
        repeat: async (root, told) => {
          const { lease } = await root.store.loadSettings();
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
          const corrupt = (await root.store.counts('b')).corrupt;
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

async function initAgain(root: Root, told: readonly Told[]): Promise<string | undefined> {
  for (const name of told.length > 0 ? ['a', 'b', 'c', 'd'] : []) {
    if (!(await root.store.getAgent(name))) return `init said that it made ${name}, which is not there`;
  }
  return undefined;
}
