import { vi } from 'vitest';
import type { Session } from '../../../src/core/root/root.ts';
import type { ScheduleInput } from '../../../src/core/schedules/schedules.ts';
import type { Message } from '../../../src/model/message.ts';
import { gather, must } from '../rig.ts';

export const nightly: ScheduleInput = {
  name: 'nightly',
  cron: '0 3 * * *',
  message: {
    to: 'reviewer',
    body: 'check the build',
    subject: 'Nightly',
    tags: ['ci'],
    data: { n: 1 },
    orderingKey: 'ci',
  },
};

/** What is ready. */
export async function mailOf(root: Session, mailbox = 'reviewer'): Promise<Message[]> {
  const entries = await gather(root.store.look.list(mailbox, 'ready'));
  return Promise.all(entries.map(async (entry) => must(await root.store.look.read(entry))));
}

export const moveTo = (iso: string): unknown => vi.setSystemTime(Date.parse(iso));
