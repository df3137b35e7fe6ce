/** What `audit list` and `doctor` tell of an audit that was changed, without reading all of it. */
import { beforeEach, describe, expect, test } from 'vitest';
import { checkpoint } from '../../../src/core/audit/checkpoint.ts';
import { listAudit } from '../../../src/core/audit/list.ts';
import { verifyAudit } from '../../../src/core/audit/verify.ts';
import { doctor } from '../../../src/core/keep/doctor.ts';
import { checkpointLog } from '../../../src/storage/port/audit.ts';
import { createCoreRig, type CoreRig, gather, must } from '../rig.ts';
import { checkpoints, noted, problems, rewrite, textOf, twoAndOne } from './rig.ts';

const dayMs = 86_400_000;
let rig: CoreRig;
let day: string;
beforeEach(async () => {
  rig = await createCoreRig();
  day = new Date(rig.clock.now()).toISOString().slice(0, 10);
});

const listed = async (options = {}): Promise<string[]> => {
  rig.warnings.length = 0;
  await gather(listAudit(rig.root, options));
  return rig.warnings.splice(0);
};
const doctored = async () => (await gather(doctor(rig.root))).filter(({ rule }) => rule === 'audit');

/** Some days, each with lines and checkpoints, and today. */
async function someDays(count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    for (let minute = 0; minute < 3; minute++) {
      await noted(rig.root, `${n}.${minute}`);
      rig.clock.advance(60_000);
    }
    rig.clock.advance(dayMs);
  }
  await noted(rig.root, 'today');
}

test('of an audit that nobody has touched nothing is told, whatever was not yet seen by a checkpoint', async () => {
  expect([await listed(), await doctored()]).toEqual([[], []]);
  await twoAndOne(rig.root);
  expect([await listed(), await doctored()]).toEqual([[], []]);
  rig.clock.advance(30 * dayMs);
  expect([await listed(), await doctored()]).toEqual([[], []]);
  await someDays(3);
  await noted(rig.root, 'behind');
  expect([await listed(), await doctored(), await problems(rig.root)]).toEqual([[], [], []]);
});

describe('of days that are over', () => {
  beforeEach(() => someDays(4));
  const line = '{"at":"2020-01-01T10:00:00.000Z","by":"planner","op":"pause","result":"done","pid":1}\n';
  const next = 'What is wrong with it, and with others: dreamos audit verify';

  test.for<[string, () => void, string]>([
    [
      'a day that somebody has put there',
      () => void rig.mail.audit.logs.set('2020-01-01', Buffer.from(line)),
      "The audit's log of 2020-01-01 was seen by no checkpoint",
    ],
    [
      'lines that were added to one',
      () => rewrite(rig.mail, day, (text) => `${text}${line}`),
      'has lines that no checkpoint has seen',
    ],
    ['lines that were cut', () => rewrite(rig.mail, day, (text) => text.replace(/[^\n]*\n$/, '')), 'is cut: it has'],
  ])('%s is told in one line, and by doctor', async ([, change, said]) => {
    change();
    const [told, ...more] = await listed();
    expect([told, more]).toEqual([expect.stringContaining(said), []]);
    expect(told).toMatch(new RegExp(`${next}$`));
    expect(await doctored()).toMatchObject([
      { level: 'problem', message: expect.stringContaining(said) as string, hint: 'dreamos audit verify' },
    ]);
    expect((await verifyAudit(rig.root)).state).toBe('broken');
  });

  test('of several the newest is told', async () => {
    for (const made of ['2020-01-01', '2021-01-01']) rig.mail.audit.logs.set(made, Buffer.from(line));
    expect(await listed()).toEqual([expect.stringContaining('2021-01-01')]);
    expect(await doctored()).toHaveLength(2);
  });

  test('who lists what is new reads no more checkpoints than that needs', async () => {
    const { audit } = rig.root.store;
    const read = audit.read.bind(audit);
    let bytes = 0;
    audit.read = async function* (log, from, to) {
      for await (const part of read(log, from, to)) {
        if (log === checkpointLog) bytes += part.length;
        yield part;
      }
    };
    rewrite(rig.mail, checkpointLog, (text) => `${'{}\n'.repeat(200_000)}${text}`);
    expect(await listed({ limit: 3 })).toEqual([]);
    expect(bytes).toBeLessThan(200_000);
  });

  test('a day that was pruned is no loss, nor is one that is cut short by a crash', async () => {
    rig.mail.audit.logs.delete(day);
    expect([await listed(), await doctored()]).toEqual([[], []]);
    const other = must([...rig.mail.audit.logs.keys()].filter((log) => log !== checkpointLog).sort()[0]);
    rewrite(rig.mail, other, (text) => `${text}{"at":"20`);
    expect((await listed()).join()).not.toContain('checkpoint');
    expect(await doctored()).toEqual([]);
  });
});

describe('doctor names verify', () => {
  beforeEach(() => someDays(2));

  test.for<[string, (all: string[]) => string[]]>([
    ['the first is gone', ([, ...rest]) => rest],
    ['one in between is gone', (all) => all.toSpliced(3, 1)],
    ['one was edited', (all) => all.with(2, must(all[2]).replace('"at":"2', '"at":"3'))],
    ['one is spoilt', (all) => all.with(2, must(all[2]).slice(5))],
  ])('where the chain of checkpoints is broken: %s', async ([, change]) => {
    rewrite(rig.mail, checkpointLog, (text) => `${change(text.split('\n').filter(Boolean)).join('\n')}\n`);
    expect(await doctored()).toContainEqual({
      rule: 'audit',
      level: 'problem',
      message: expect.stringContaining('the chain is broken') as string,
      hint: 'dreamos audit verify',
    });
  });

  test('where none can be read, or the newest cannot', async () => {
    rewrite(rig.mail, checkpointLog, (text) => `${text}{"v":1,"n"`);
    expect(await doctored()).toMatchObject([
      { level: 'warning', message: expect.stringContaining('newest') as string },
    ]);
    rewrite(rig.mail, checkpointLog, () => 'junk\njunk\n');
    expect(await doctored()).toMatchObject([{ level: 'problem', message: expect.stringContaining('None') as string }]);
  });

  test('where lines have come for long, and no checkpoint', async () => {
    const before = textOf(rig.mail, checkpointLog);
    rig.clock.advance(9 * 60_000);
    await noted(rig.root, 'soon');
    rewrite(rig.mail, checkpointLog, () => before);
    expect(await doctored()).toEqual([]);
    rig.clock.advance(2 * 60_000);
    await noted(rig.root, 'late');
    rewrite(rig.mail, checkpointLog, () => before);
    expect(await doctored()).toMatchObject([
      { level: 'warning', message: expect.stringContaining('none was made since') as string },
    ]);
  });

  test('of a long chain the newest are looked at', async () => {
    for (let n = 0; n < 60; n++) {
      await noted(rig.root, `${n}`);
      await checkpoint(rig.root, { ifNew: true });
    }
    expect([checkpoints(rig.mail).length > 60, await doctored()]).toEqual([true, []]);
  });
});
