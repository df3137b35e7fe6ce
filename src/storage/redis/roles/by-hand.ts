import { sha256 } from '../../../model/basics/sha256.ts';
import { formerly } from '../../../model/agent.ts';
import { isoTime } from '../../../model/clock.ts';
import { spendFrom, type Spent } from '../../port/allowance.ts';
import type { Entry } from '../../port/look.ts';
import type { Actor, Mail } from '../../port/mail.ts';
import {
  AgentRenamed,
  alreadyThere,
  answerAwaited,
  MailboxGone,
  restoreLost,
  stateChanged,
} from '../../port/refusals.ts';
import { ifRepeated, type ScriptArg } from '../link/link.ts';
import type { RedisContext } from './context.ts';
import { entryIn, list, part, text, texts, versionOf } from './entry.ts';
import { bytesOf } from './packs.ts';

type ByHand = Pick<
  Mail,
  'cancel' | 'deliver' | 'handOver' | 'restore' | 'retry' | 'purge' | 'quarantine' | 'noteRefusals' | 'spend'
>;

export function byHand(ctx: RedisContext): ByHand {
  const { link } = ctx;
  const change = async (script: string, entry: Entry, ...args: readonly ScriptArg[]): Promise<Entry> => {
    const [ok, changed] = list(await link.runDurably(script, entry.mailbox, entry.id, versionOf(entry), ...args));
    if (text(ok) === 'moved') throw stateChanged(entry);
    if (text(ok) === 'awaited') throw answerAwaited(entry);
    if (text(ok) === 'gone') throw new MailboxGone(String(args[0]));
    if (text(ok) === 'there') throw alreadyThere(entry.id, String(args[0]));
    return entryIn(changed);
  };
  return {
    cancel: (entry, { by, held }) => change('cancel', entry, part({ by }), held ? '1' : ''),
    deliver: (entry, { by, dueAt }) =>
      change(
        'deliver',
        entry,
        part({ by }),
        ...(dueAt === undefined ? ['', ''] : [String(dueAt), `to be delivered at ${isoTime(dueAt)}`]),
      ),
    handOver: async (entry, to, { by, reason }) => {
      try {
        return await change('handOver', entry, to, part({ by }), part({ reason }));
      } catch (error) {
        if (!(error instanceof MailboxGone)) throw error;
        const [card] = formerly(await ctx.looks.cards(), to);
        throw card ? new AgentRenamed(to, card.name) : error;
      }
    },
    restore: async (entry, { by, lock }) => {
      if (lock && !lock.isHeld()) throw restoreLost(entry.id, entry.mailbox);
      return again(ctx, entry, { by }, 'a', 'restored');
    },
    retry: (entry, actor) => again(ctx, entry, actor, 'x', 'retried'),
    purge: async (entry, { by }) => {
      const [ok] = texts(await link.run('purge', entry.mailbox, entry.id, versionOf(entry), part({ by }), ifRepeated));
      if (ok !== 'ok') throw stateChanged(entry);
    },
    quarantine: async (mailbox, bytes, { name, why }) => {
      await link.run('quarantine', mailbox, sha256(bytes), bytes, name, why);
    },
    noteRefusals: async (refusals) => {
      const said = refusals.flatMap(({ mailbox, code, reason }) => [mailbox, code, reason]);
      if (said.length > 0) await link.run('refuse', ...said).catch(() => undefined);
    },
    spend: async (mailbox, perMinute, count) => {
      for (;;) {
        const [now, full = ''] = texts(await link.run('allowance', mailbox));
        if (now === '-1') throw new MailboxGone(mailbox);
        const { fullAtUs, ...spent } = spendFrom(Number(full), Number(now), perMinute, count);
        if (count === 0) return spent;
        const kept = await link.run('spend', mailbox, full, String(fullAtUs));
        if (Number(kept) === 1) return spent satisfies Spent;
      }
    },
  };
}

async function again(ctx: RedisContext, entry: Entry, { by }: Actor, state: 'a' | 'x', kind: string): Promise<Entry> {
  const run = async (bytes: Buffer | string) =>
    list(await ctx.link.run('again', entry.mailbox, entry.id, versionOf(entry), part({ by }), state, kind, bytes));
  let [ok, changed] = await run('');
  if (text(ok) === 'packed') [ok, changed] = await run(await bytesOf(ctx, entry.mailbox, entry.id, text(changed)));
  if (text(ok) !== 'ok') throw stateChanged(entry);
  return entryIn(changed);
}
