import { registerAgent } from '../../../src/core/agents/agents.ts';
import { reply } from '../../../src/core/send/reply.ts';
import { publish } from '../../../src/core/topics/publish.ts';
import { send } from '../../../src/core/send/send.ts';
import { loadSubscriptions, subscribe } from '../../../src/core/topics/subscriptions.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import { archived, delayed, none, ready, toAll, type Fate, type Story, type Scenario } from './story.ts';
import type { Draft } from '../../../src/model/draft.ts';

/** What a sender does. */
export const sendingScenarios: readonly Scenario[] = [
  {
    name: 'send',
    always: true,
    prepare: () =>
      Promise.resolve({
        argv: ['send', 'b', 'one', '--from', 'a'],
        fates: [{ body: 'one', mailbox: 'b', before: ['none', 'ready'], after: ready, failed: none }],
      }),
  },
  {
    name: 'send of who may send two messages a minute',
    prepare: async (setting) => {
      await registerAgent(setting.root, { name: 'c', settings: { sendRate: 2 } });
      return {
        argv: ['send', 'b', 'one of two', '--from', 'c'],
        fates: [{ body: 'one of two', mailbox: 'b', before: ['none', 'ready'], after: ready, failed: none }],
        // One of the two is all that it may have cost.
        repeat: async (root) => {
          const again = await send(root, { to: 'b', body: 'two of two', from: 'c' }).catch(String);
          return typeof again === 'string' ? again : undefined;
        },
      };
    },
  },
  {
    name: 'send to many',
    always: true,
    prepare: () =>
      Promise.resolve({
        argv: ['send', 'b,c,d', 'all', '--from', 'a'],
        together: true,
        fates: toAll('all', { before: ['none', 'ready'], after: ready, failed: none }),
      }),
  },
  {
    name: 'send --batch',
    prepare: () => {
      const drafts = [1, 2, 3, 4, 5].map((n) => ({ to: n % 2 === 0 ? 'c' : 'b', body: `line ${n}` }));
      const last = { to: 'b', body: 'line 6', delay: '48h' };
      const lines = [...drafts, last].map((draft) => `${JSON.stringify(draft)}\n`).join('');
      const fates: Fate[] = drafts.map(({ to, body }) => {
        return { body, mailbox: to, before: ['none', 'ready'], after: ready, failed: none };
      });
      fates.push({ body: 'line 6', mailbox: 'b', before: ['none', 'delayed'], after: delayed, failed: none });
      return Promise.resolve({
        argv: ['send', '--batch', '--from', 'a'],
        stdin: lines,
        fates,
        covers: (told, _, id) => told['id'] === id,
      });
    },
  },
  {
    name: 'send --dedupe-key',
    prepare: () => Promise.resolve(keyed(['b'], 'once')),
  },
  {
    name: 'send --dedupe-key to many',
    prepare: () => Promise.resolve(keyed(['b', 'c', 'd'], 'once for all')),
  },
  {
    name: 'send --dedupe-key again, after the first was cut off',
    prepare: async (setting) => {
      const story = keyed(['b', 'c', 'd'], 'cut off');
      await setting.cutOffKeyed(story.draft);
      // The repeat commits what the first one prepared; until then nothing is delivered.
      return story;
    },
  },
  {
    name: 'send --delay',
    prepare: () =>
      Promise.resolve({
        argv: ['send', 'b', 'later', '--from', 'a', '--delay', '48h'],
        fates: [{ body: 'later', mailbox: 'b', before: ['none', 'delayed'], after: delayed, failed: none }],
      }),
  },
  {
    name: 'send --reply-to a request that waits',
    prepare: async (setting) => {
      const request = await setting.waiting(12 * 3_600_000);
      return {
        argv: ['send', 'b', 'answer', '--from', 'a', '--reply-to', request],
        fates: [{ body: 'answer', mailbox: 'b', before: ['none', 'delayed'], after: delayed, failed: none }],
      };
    },
  },
  {
    name: 'reply --ack',
    prepare: async (setting) => {
      const { receipt } = await setting.claimed('question');
      return {
        argv: ['reply', receipt, 'answer', '--ack'],
        fates: [
          { body: 'question', mailbox: 'b', before: ['inflight', 'archived'], after: archived },
          { body: 'answer', mailbox: 'a', before: ['none', 'ready'], after: ready },
        ],
        repeat: async (root) => {
          try {
            await reply(root, receipt, { body: 'answer' }, { ack: true });
            return undefined;
          } catch (error) {
            // The whole had been done.
            return error instanceof DreamosError && error.code === 'ALREADY_EXISTS' ? undefined : String(error);
          }
        },
      };
    },
  },
  {
    name: 'publish',
    always: true,
    prepare: async (setting) => {
      await setting.subscribed('b', 'news.*');
      await setting.subscribed('c', '>');
      return { argv: ['publish', 'news.today', 'news', '--from', 'a'], together: true, fates: publishedTo('b', 'c') };
    },
  },
  {
    name: 'publish to nobody',
    prepare: () => Promise.resolve({ argv: ['publish', 'news.today', 'news', '--from', 'a'], fates: publishedTo() }),
  },
  {
    name: 'publish --dedupe-key',
    prepare: async (setting) => {
      await setting.subscribed('b', '>');
      return {
        argv: ['publish', 'news.today', 'news', '--from', 'a', '--dedupe-key', 'the-key'],
        together: true,
        fates: publishedTo('b'),
        repeat: async (root, told) => {
          const again = await publish(root, 'news.today', { body: 'news', from: 'a', dedupeKey: 'the-key' });
          const [first] = told;
          return !first || again.id === first['id'] ? undefined : `it was published as ${String(first['id'])}, too`;
        },
      };
    },
  },
  {
    name: 'subscribe',
    prepare: async (setting) => {
      await setting.subscribed('c', '>');
      return {
        argv: ['subscribe', 'news.*', '--as', 'b'],
        fates: [],
        repeat: async (root, told) => {
          const before = (await loadSubscriptions(root)).get('b');
          if (told.length > 0 && before?.join() !== 'news.*') return `b is subscribed to ${String(before)}`;
          await subscribe({ ...root, acting: 'b' }, 'news.*');
          const { mailboxes } = await publish(root, 'news.today', { body: 'news', from: 'a' });
          return mailboxes.join() === 'b,c' || mailboxes.join() === 'c,b'
            ? undefined
            : `it reaches ${mailboxes.join()}`;
        },
      };
    },
  },
];

function publishedTo(...subscribers: string[]): Fate[] {
  const fate = { body: 'news', failed: none };
  return [
    { ...fate, mailbox: '#news.today', before: ['none', 'archived'], after: archived },
    ...subscribers.map((mailbox): Fate => ({ ...fate, mailbox, before: ['none', 'ready'], after: ready })),
  ];
}

function keyed(to: readonly string[], body: string): Story & { draft: Draft } {
  const draft: Draft = { to, body, from: 'a', dedupeKey: 'the-key' };
  return {
    draft,
    argv: ['send', to.join(','), body, '--from', 'a', '--dedupe-key', 'the-key'],
    together: true,
    fates: to.map((mailbox) => ({ body, mailbox, before: ['none', 'ready'], after: ready, failed: none })),
    repeat: async (root, told) => {
      const again = await send(root, draft);
      const [first] = told;
      if (!first) return undefined;
      if (!again.duplicate) return `it was sent as ${String(first['id'])}, and again as ${again.id}`;
      return again.id === first['id']
        ? undefined
        : `it was sent as ${String(first['id'])}, and the repeat says ${again.id}`;
    },
  };
}
