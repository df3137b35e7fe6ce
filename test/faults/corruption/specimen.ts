/** A root that holds every kind of file that dreamos writes, in every state. */
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setConfig } from '../../../src/core/config/change.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { reserve } from '../../../src/core/reserve/reserve.ts';
import { type Session } from '../../../src/core/root/root.ts';
import { send, sendAll } from '../../../src/core/send/send.ts';
import { ack, nack } from '../../../src/core/take/settle.ts';
import { createIds } from '../../../src/model/id.ts';
import { nodeDisk } from '../../../src/storage/file/disk/node-disk.ts';
import { openFileStore } from '../../../src/storage/file/open.ts';
import { stillClock } from './still-clock.ts';
import { initRoot } from '../../../src/core/open-root.ts';
import type { Draft } from '../../../src/model/draft.ts';

/** Of this day, as the disk's own times are: a send sweeps away a key that was made days behind it, now and then at once. */
export const startMs = new Date().setUTCHours(9, 0, 0, 0);
export const mailboxes = ['reviewer', 'tester'] as const;
const hourMs = 3_600_000;
const policy = { maxAttempts: 5, backoffMinMs: 1000, backoffMaxMs: 300_000 };

/** What is sent under the key, so that it can be sent again. */
export const keyed: Draft = {
  to: [...mailboxes],
  from: 'planner',
  subject: 'Nightly build',
  body: 'It is green.\n',
  dedupeKey: 'nightly-build',
};

/** @returns the root's folder */
export async function makeSpecimen(dir: string): Promise<string> {
  const clock = stillClock(startMs);
  const { root } = await initRoot({ root: dir, agents: [...mailboxes], clock });
  await setConfig(root, 'maxAttempts', '5');
  await reserve({ ...root, acting: 'tester' }, '/x/a', { reason: 'new grammar' });

  await send(
    root,
    draft('alone', { tags: ['build', 'grün'], data: { exit: 0, files: ['a.ts', 'b.ts'] }, priority: 'high' }),
  );
  for (const result of await sendAll(
    root,
    ['first of three', 'second of three', 'third of three'].map((body) => draft(body)),
  )) {
    if (result instanceof Error) throw result;
  }
  await send(root, draft('to both', { to: [...mailboxes] }));
  await send(root, keyed);
  await send(root, draft('later', { delayMs: hourMs }));
  const settling = async (body: string) => {
    const { id } = await send(root, draft(body));
    return (await readNext(root, 'reviewer', { leaseMs: 12 * hourMs, filter: { id } }))?.receipt ?? '';
  };
  await settling('in flight');
  await ack(root, await settling('done'));
  await nack(root, await settling('refused'), { dead: true, reason: 'it is for somebody else' });

  handIn(root, 'adopted.json', JSON.stringify({ from: 'script', subject: 'By hand', body: 'adopted already' }));
  handIn(root, 'nonsense.json', 'this is not JSON');
  await root.store.mail.recover('reviewer', policy);
  handIn(root, 'waiting.json', JSON.stringify({ from: 'script', body: 'not adopted yet', priority: 'low' }));
  writeFileSync(join(root.path, 'agent_mailboxes/reviewer/tmp/01KAGZZZZZZZZZZZZZZZZZZZZZ.json'), '{"v":1,"id":"01KAG', {
    mode: 0o600,
  });
  await cutOff(
    root,
    draft('committed, not handed out', { to: [...mailboxes] }),
    (from) => from.includes('/outbox/') && !from.endsWith('.new'),
  );
  await cutOff(root, draft('not committed', { to: [...mailboxes] }), (from) => from.endsWith('.new'));
  await root.close();
  return root.path;
}

function draft(body: string, more: Partial<Draft> = {}): Draft {
  return {
    to: 'reviewer',
    from: 'planner',
    subject: `About ${body}`,
    body: `${body}: ${'words '.repeat(30)}\n`,
    ...more,
  };
}

function handIn(root: Session, name: string, text: string): void {
  const dir = join(root.path, 'agent_mailboxes/reviewer/drop');
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, name), text, { mode: 0o600 });
  const seconds = (startMs - 60_000) / 1000;
  utimesSync(join(dir, name), seconds, seconds);
}

/** A sender that dies in front of the first rename that `at` picks. */
async function cutOff(root: Session, what: Draft, at: (from: string) => boolean): Promise<void> {
  const disk = nodeDisk();
  const store = await openFileStore(root.path, {
    clock: root.clock,
    ids: createIds(),
    warn: () => undefined,
    disk: {
      ...disk,
      rename(from, to) {
        if (at(from)) throw new Error('cut off');
        return disk.rename(from, to);
      },
    },
  });
  try {
    await send({ ...root, store }, what);
  } catch (error) {
    if ((error as Error).message !== 'cut off') throw error;
  }
}
