/** What happened, and in what numbers, where who looks may look. */
import type { MailEvent } from '../../model/event.ts';
import type { Journal } from '../../storage/port/journal.ts';
import type { Rollups } from '../../storage/port/rollups.ts';
import type { Ask } from './ask.ts';

export function seenEvents(journal: Journal, ask: Ask): Journal {
  const check = (mailbox: string): Promise<void> => ask.check('look', { mailbox });
  const allowed = async <E extends MailEvent>(events: readonly E[]): Promise<E[]> => {
    const may = new Map<string, boolean>();
    for (const { mailbox } of events) if (!may.has(mailbox)) may.set(mailbox, await ask.may('look', { mailbox }));
    return events.filter(({ mailbox }) => may.get(mailbox));
  };
  return {
    ...journal,
    async readEvents(of, cursor, among) {
      if (isNames(of)) {
        for (const name of of) await check(name);
        return journal.readEvents(of, cursor, among);
      }
      // Whether there is more is said by `more`, also where he may see none of these.
      const batch = await journal.readEvents(of, cursor, among);
      return { ...batch, events: await allowed(batch.events) };
    },
    async history(id, mailbox) {
      return allowed(await journal.history(id, mailbox));
    },
    recent: async (since, least) => allowed(await journal.recent(since, least)),
    claims: async (mailbox, attempts) => (await check(mailbox), journal.claims(mailbox, attempts)),
    tally: async (mailbox, since) => (await check(mailbox), journal.tally(mailbox, since)),
    logs: async (mailbox) => (await check(mailbox), journal.logs(mailbox)),
    async *readLog(mailbox, day, from) {
      await check(mailbox);
      yield* journal.readLog(mailbox, day, from);
    },
  };
}

function isNames(of: Parameters<Journal['readEvents']>[0]): of is readonly string[] {
  return Array.isArray(of);
}

export function seenRollups(rollups: Rollups, ask: Ask): Rollups {
  return {
    ...rollups,
    async days(mailbox) {
      await ask.check('look', { mailbox });
      return rollups.days(mailbox);
    },
    async read(mailbox, name, firstBytes) {
      await ask.check('look', { mailbox });
      return rollups.read(mailbox, name, firstBytes);
    },
  };
}
