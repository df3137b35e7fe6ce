/** Exports that are killed while real processes send, claim, ack, give back, retry and restore. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { differences, faults, rows } from '../core/export/rig.ts';
import { pause, type Rig, test, until } from './rig.ts';

vi.setConfig({ testTimeout: 240_000 });

const mailboxes = ['reviewer', 'scribe'];

interface Diary {
  readonly sent?: string;
  readonly to?: readonly string[];
}

function diaryOf(rig: Rig): Diary[] {
  return readdirSync(rig.dir)
    .filter((name) => name.startsWith('diary-'))
    .flatMap((name) => readFileSync(join(rig.dir, name), 'utf8').split('\n').slice(0, -1))
    .map((line) => JSON.parse(line) as Diary);
}

test('whatever is killed, a database is whole, and in the end has every delivery once', async ({ rig }) => {
  await rig.dreamos('init scribe churner --quiet');
  for (const name of mailboxes) await rig.dreamos(`subscribe news --as ${name}`);
  const workers = ['a', 'b'].map((name) =>
    rig.worker('churn.mjs', { root: rig.root, as: 'churner', mailboxes, log: join(rig.dir, `diary-${name}`) }),
  );
  await until('both are at it', () => diaryOf(rig).length > 40 || undefined);
  const file = join(rig.dir, 'mail.db');
  let killed = 0;
  for (let round = 0; round < 12; round++) {
    const exporting = rig.start(['export', '--sqlite', file]);
    await pause(150 + round * 60);
    if ((await exporting.kill('SIGKILL')).signal === 'SIGKILL') killed++;
    if (readdirSync(rig.dir).includes('mail.db')) expect(faults(file)).toEqual([]);
  }
  expect(killed).toBeGreaterThan(2);
  // Two at once: each says that it has done it, and nothing comes twice.
  const both = await Promise.all([1, 2].map(() => rig.dreamos(['export', '--sqlite', file])));
  expect(both.map(({ code }) => code)).toEqual([0, 0]);
  for (const worker of workers) expect((await worker.kill('SIGTERM')).code).toBe(0);
  // What ends by itself between two exports is not the same in both: the short leases and delays end here, the long ones later.
  await pause(400);

  expect(await rig.dreamos(['export', '--sqlite', file])).toMatchObject({ code: 0, err: '' });
  const anew = join(rig.dir, 'anew.db');
  await rig.dreamos(['export', '--sqlite', anew]);
  expect(differences(file, anew)).toEqual([]);
  const there = new Set(rows(file, "SELECT mailbox || ' ' || message AS d FROM deliveries").map(({ d }) => d));
  const sent = diaryOf(rig).flatMap(({ sent: id, to = [] }) =>
    id === undefined ? [] : to.map((name) => `${name} ${id}`),
  );
  expect(sent.length).toBeGreaterThan(20);
  expect(sent.filter((delivery) => !there.has(delivery))).toEqual([]);
  expect(faults(file)).toEqual([]);
});
