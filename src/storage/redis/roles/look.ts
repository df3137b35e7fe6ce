import { unseal } from '../../../model/message.ts';
import { spendFrom } from '../../port/allowance.ts';
import type { Counts, DeadReason, Entry, Look } from '../../port/look.ts';
import type { RedisContext } from './context.ts';
import { entriesIn, eventIn, letters, list, placeOf, text, texts, versionOf } from './entry.ts';
import { bytesFrom } from './packs.ts';

const pageSize = 200;

export function looking(ctx: RedisContext): Look {
  const { link } = ctx;
  /** A set by time and id, page by page. */
  async function* paged(
    mailbox: string,
    set: string,
    {
      isReversed,
      low = '-inf',
      high = '+inf',
      after,
    }: { isReversed: boolean; low?: string; high?: string; after?: string },
  ): AsyncGenerator<Entry, void, void> {
    for (let [score = '', id = ''] = after?.split(',') ?? []; ;) {
      const page = entriesIn(
        await link.run('list', mailbox, set, isReversed ? '1' : '', low, high, score, id, String(pageSize)),
      );
      yield* page;
      const last = page.at(-1);
      if (!last || page.length < pageSize) return;
      [score = '', id = ''] = placeOf(last).split(',');
    }
  }
  async function* ready(mailbox: string, from = ''): AsyncGenerator<Entry, void, void> {
    for (let after = from; ;) {
      const page = entriesIn(await link.run('listReady', mailbox, after, String(pageSize)));
      yield* page;
      const last = page.at(-1);
      if (!last || page.length < pageSize) return;
      after = placeOf(last);
    }
  }
  return {
    list: (mailbox, state, { after, until } = {}) => {
      if (state === 'ready') return ready(mailbox, after);
      const isSettled = state === 'archived' || state === 'dead';
      return paged(mailbox, letters[state], {
        isReversed: isSettled,
        ...(after !== undefined && { after }),
        ...(isSettled && until !== undefined && until !== Infinity && { high: String(until) }),
      });
    },
    placeOf,
    find: async (id, mailbox = '') => entriesIn(await link.run('find', id, mailbox)),
    read: async (entry) => {
      const reply = await link.run('read', entry.mailbox, entry.id, versionOf(entry));
      return reply ? unseal((await bytesFrom(reply, entry.id)) ?? Buffer.alloc(0)) : undefined;
    },
    deadReason: async (entry) => {
      const reply = await link.run('why', entry.mailbox, entry.id, versionOf(entry));
      return reply ? reasonIn(reply) : undefined;
    },
    counts: async (mailbox) => countsIn(texts(await link.run('counts', mailbox))),
    load: async (mailbox) => {
      const [messages, bytes] = texts(await link.run('load', mailbox));
      return { messages: Number(messages), bytes: Number(bytes) };
    },
    allowance: async (mailbox, perMinute) => {
      const [now, full] = texts(await link.run('allowance', mailbox));
      const { left, nextAt } = spendFrom(Number(full), now === '-1' ? ctx.now() : Number(now), perMinute, 0);
      return { left, nextAt };
    },
    listArchived: (mailbox, { since, until, after }) =>
      paged(mailbox, letters.archived, {
        isReversed: false,
        ...(since !== undefined && { low: String(since) }),
        ...(until !== undefined && until !== Infinity && { high: `(${until}` }),
        ...(after !== undefined && { after }),
      }),
    lastReadAt: async (mailbox) => {
      const at = String(await link.run('lastReadAt', mailbox));
      return at === '' ? undefined : Number(at);
    },
    listTopics: async () => texts(await link.run('topics')).sort(),
  };
}

function reasonIn(reply: unknown): DeadReason {
  const [reason, attempts, deadAt, history, notice] = list(reply);
  return {
    reason: text(reason),
    attempts: Number(attempts),
    deadAt: Number(text(deadAt)),
    history: list(history).map((event) => eventIn(event)),
    ...(text(notice) !== '' && { notice: text(notice) }),
  };
}

function countsIn(reply: readonly string[]): Counts {
  const [ready, inflight, delayed, dead, archived, corrupt, expired] = Array.from({ length: 7 }, (_, i) =>
    Number(reply[i] ?? 0),
  );
  const [oldest = '', read = '', refused = '0', lastAt, code = '', reason = ''] = reply.slice(7);
  return {
    ready: ready ?? 0,
    inflight: inflight ?? 0,
    delayed: delayed ?? 0,
    dead: dead ?? 0,
    archived: archived ?? 0,
    corrupt: corrupt ?? 0,
    ...(expired !== undefined && expired > 0 && { expired }),
    ...(oldest !== '' && { oldestReadyAt: Number(oldest) }),
    ...(read !== '' && { lastReadAt: Number(read) }),
    ...(Number(refused) > 0 && { refused: { count: Number(refused), lastAt: Number(lastAt), code, reason } }),
  };
}
