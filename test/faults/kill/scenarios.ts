import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { send, type Draft } from '../../../src/core/send.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import { ack, nack } from '../../../src/core/settle.ts';
import { initRoot, type Root } from '../../../src/core/root.ts';
import type { Message } from '../../../src/model/message.ts';
import type { Delivery, State } from '../../../src/storage/store.ts';
import { hourMs, mustSend, Setting } from './setting.ts';

export type Place = State | 'none';

/** Where a message may be in one mailbox, once everything that was due has been moved. */
export interface Fate {
  readonly body: string;
  readonly mailbox: string;
  /** While the command has not said that it is done. */
  readonly before: readonly Place[];
  /** When it has; and after its `repeat`. */
  readonly after: readonly Place[];
  /** A command that failed on purpose (exit 7) may have left it here, and has said so. */
  readonly failed?: readonly Place[];
}

/** One line that the command printed. */
export type Told = Readonly<Record<string, unknown>>;

export interface Story {
  readonly argv: readonly string[];
  readonly stdin?: string;
  readonly fates: readonly Fate[];
  /** The copies of one message are delivered together or not at all. */
  readonly together?: boolean;
  /** Which of the fates a printed result speaks of; by default all of them. */
  covers?(told: Told, fate: Fate): boolean;
  /** What its user does next: the same again, with the same result. @returns what is wrong */
  repeat?(root: Root, told: readonly Told[]): Promise<string | undefined>;
}

export interface Scenario {
  readonly name: string;
  /** In the short run, too. */
  readonly always?: true;
  /** The root does not exist yet. */
  readonly bare?: true;
  prepare(setting: Setting): Promise<Story>;
}

const ready: readonly Place[] = ['ready'];
const inflight: readonly Place[] = ['inflight'];
const archived: readonly Place[] = ['archived'];
const delayed: readonly Place[] = ['delayed'];
const dead: readonly Place[] = ['dead'];
const none: readonly Place[] = ['none'];

/** Every command that writes, and everything that a reader puts right on its way. */
export const scenarios: readonly Scenario[] = [
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
    name: 'send',
    always: true,
    prepare: () =>
      Promise.resolve({
        argv: ['send', 'b', 'one', '--from', 'a'],
        fates: [{ body: 'one', mailbox: 'b', before: ['none', 'ready'], after: ready, failed: none }],
      }),
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
      const last = { to: 'b', body: 'line 6', delay: '1h' };
      const lines = [...drafts, last].map((draft) => `${JSON.stringify(draft)}\n`).join('');
      const fates: Fate[] = drafts.map(({ to, body }) => {
        return { body, mailbox: to, before: ['none', 'ready'], after: ready, failed: none };
      });
      fates.push({ body: 'line 6', mailbox: 'b', before: ['none', 'delayed'], after: delayed, failed: none });
      // The results come in the order of the lines; one that failed has none, so the covered ones are found by id.
      return Promise.resolve({ argv: ['send', '--batch', '--from', 'a'], stdin: lines, fates, covers: () => false });
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
        argv: ['send', 'b', 'later', '--from', 'a', '--delay', '1h'],
        fates: [{ body: 'later', mailbox: 'b', before: ['none', 'delayed'], after: delayed, failed: none }],
      }),
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
          const { reply } = await import('../../../src/core/reply.ts');
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
    name: 'read',
    always: true,
    prepare: async (setting) => {
      await setting.sent('mine');
      return {
        argv: ['read', 'b'],
        // Claimed and not shown: it comes again when the lease ends.
        fates: [{ body: 'mine', mailbox: 'b', before: ['ready', 'inflight'], after: inflight, failed: ['ready', 'inflight'] }],
        repeat: async (root, told) => {
          const [delivery] = told as unknown as Delivery[];
          if (!delivery) await readAndAck(root, 'mine');
          else await ack(root, delivery.receipt);
          return undefined;
        },
      };
    },
  },
  {
    name: 'read --ack',
    always: true,
    prepare: async (setting) => {
      await setting.sent('mine');
      return {
        argv: ['read', 'b', '--ack'],
        fates: [
          {
            body: 'mine',
            mailbox: 'b',
            before: ['ready', 'inflight'],
            after: ['inflight', 'archived'],
            failed: ['ready', 'inflight'],
          },
        ],
      };
    },
  },
  {
    name: 'read, removing an empty bucket',
    prepare: async (setting) => {
      await setting.emptyBucket('in the second');
      return {
        argv: ['read', 'b'],
        fates: [
          { body: 'in the second', mailbox: 'b', before: ['ready', 'inflight'], after: inflight, failed: ['ready', 'inflight'] },
        ],
      };
    },
  },
  {
    name: 'ack',
    always: true,
    prepare: async (setting) => {
      const { receipt } = await setting.claimed('done');
      return {
        argv: ['ack', receipt],
        fates: [{ body: 'done', mailbox: 'b', before: ['inflight', 'archived'], after: archived, failed: inflight }],
        repeat: (root) => settledOr(() => ack(root, receipt)),
      };
    },
  },
  ...(['0', '1h'] as const).map((delay): Scenario => {
    const to: Place = delay === '0' ? 'ready' : 'delayed';
    return {
      name: `nack, ${to}`,
      prepare: async (setting) => {
        const { receipt } = await setting.claimed('again');
        return {
          argv: ['nack', receipt, '--delay', delay, '--reason', 'busy'],
          fates: [{ body: 'again', mailbox: 'b', before: ['inflight', to], after: [to], failed: inflight }],
          repeat: (root) => settledOr(() => nack(root, receipt, { delayMs: delay === '0' ? 0 : hourMs })),
        };
      },
    };
  }),
  {
    name: 'nack --dead',
    always: true,
    prepare: async (setting) => {
      const { receipt } = await setting.claimed('hopeless');
      return {
        argv: ['nack', receipt, '--dead', '--reason', 'broken'],
        fates: [{ body: 'hopeless', mailbox: 'b', before: ['inflight', 'dead'], after: dead, failed: inflight }],
        repeat: (root) => settledOr(() => nack(root, receipt, { dead: true, reason: 'broken' })),
      };
    },
  },
  {
    name: 'renew',
    prepare: async (setting) => {
      const { receipt } = await setting.claimed('longer');
      return {
        argv: ['renew', receipt, '--lease', '12h'],
        fates: [{ body: 'longer', mailbox: 'b', before: inflight, after: inflight, failed: inflight }],
        // The receipt stays valid through renewals.
        repeat: async (root) => {
          await root.store.renew(receipt, { leaseMs: hourMs });
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
        argv: ['dlq', 'purge', 'b', '--all'],
        fates: [{ ...gone, body: 'rubbish' }, { ...gone, body: 'more rubbish' }],
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
        fates: olds.map(({ body }) => ({ body, mailbox: 'b', before: ['none', 'archived'], after: archived })),
        covers: (told, { body }) => told['result'] === 'imported' && told['file'] === `b/inbox.json#${body === 'old one' ? 1 : 2}`,
        repeat: async (root) => {
          const { importTree } = await import('../../../src/core/import.ts');
          const results: string[] = [];
          for await (const { file, result } of importTree(root, tree)) results.push(`${file} ${result}`);
          const corrupt = (await root.store.counts('b')).corrupt;
          return corrupt === 1 ? undefined : `the unreadable file is kept ${corrupt} times (${results.join(', ')})`;
        },
      } satisfies Story);
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
      await setting.spoil();
      return {
        argv: ['doctor', '--fix'],
        fates: [
          { body: 'forgotten', mailbox: 'b', before: ready, after: ready },
          { body: 'late', mailbox: 'b', before: ready, after: ready },
          { body: 'dead', mailbox: 'b', before: dead, after: dead },
          ...toAll('on the way', { before: ready, after: ready }),
        ],
      };
    },
  },
  {
    name: 'read, after an expired lease',
    prepare: async (setting) => {
      await setting.expired('forgotten');
      return recovering('forgotten');
    },
  },
  {
    name: 'read, after the last lease expired',
    prepare: async (setting) => {
      await setting.expired('hopeless', 5);
      await setting.sent('next');
      return recovering('next', { body: 'hopeless', mailbox: 'b', before: dead, after: dead });
    },
  },
  {
    name: 'read, past a time-to-live that ran out',
    prepare: async (setting) => {
      await setting.outlived('stale');
      await setting.sent('next');
      return recovering('next', { body: 'stale', mailbox: 'b', before: ['ready', 'dead'], after: dead });
    },
  },
  {
    name: 'read, after a delay',
    prepare: async (setting) => {
      await setting.due('late');
      return recovering('late');
    },
  },
  {
    name: 'read, finishing a send to many',
    prepare: async (setting) => {
      await setting.committed('on the way');
      const others = toAll('on the way', { before: ready, after: ready }).filter(({ mailbox }) => mailbox !== 'b');
      return recovering('on the way', ...others);
    },
  },
  {
    name: 'read, adopting what a script handed in',
    prepare: async (setting) => {
      setting.handIn('by hand');
      return recovering('by hand');
    },
  },
  {
    name: 'read, past what cannot be read',
    prepare: async (setting) => {
      await setting.sent('broken');
      await setting.breakFile('broken');
      await setting.sent('next');
      return recovering('next');
    },
  },
];

function toAll(body: string, fate: Omit<Fate, 'body' | 'mailbox'>): Fate[] {
  return ['b', 'c', 'd'].map((mailbox) => ({ body, mailbox, ...fate }));
}

/** A read that has something else to put right first. */
function recovering(body: string, ...others: readonly Fate[]): Story {
  const mine: Fate = { body, mailbox: 'b', before: ['ready', 'inflight'], after: inflight, failed: ['ready', 'inflight'] };
  return { argv: ['read', 'b'], fates: [mine, ...others] };
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
      return again.id === first['id'] ? undefined : `it was sent as ${String(first['id'])}, and the repeat says ${again.id}`;
    },
  };
}

async function initAgain(root: Root, told: readonly Told[]): Promise<string | undefined> {
  for (const name of told.length > 0 ? ['a', 'b', 'c', 'd'] : []) {
    if (!(await root.store.getAgent(name))) return `init said that it made ${name}, which is not there`;
  }
  return undefined;
}

/** Settles once more: done now, or refused because it was done before. @returns what is wrong */
async function settledOr(settle: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await settle();
    return undefined;
  } catch (error) {
    return error instanceof DreamosError && error.code === 'ALREADY_SETTLED' ? undefined : String(error);
  }
}

async function readAndAck(root: Root, body: string): Promise<void> {
  const policy = { maxAttempts: 5, backoffMinMs: 1000, backoffMaxMs: 1000 };
  const delivery = await root.store.claim('b', { leaseMs: 60_000, policy });
  const message: Message | undefined = delivery?.message;
  if (message?.body === body && delivery) await root.store.ack(delivery.receipt, {});
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

export function filesIn(dir: string): string[] {
  return readdirSync(dir);
}
