import { createPrivateKey } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { checkpoint } from '../../../src/core/audit/checkpoint.ts';
import { anchorAudit, pruneAudit } from '../../../src/core/audit/keep.ts';
import { newKey, publicText, signBytes } from '../../../src/core/ed25519/ed25519.ts';
import { verifyAudit } from '../../../src/core/audit/verify.ts';
import { sha256 } from '../../../src/model/basics/sha256.ts';
import { type Checkpoint, checkpointLine, parseCheckpoint } from '../../../src/model/security/audit.ts';
import { checkpointLog } from '../../../src/storage/port/audit.ts';
import { createCoreRig, type CoreRig, expectRefusal, gather, must } from '../rig.ts';
import { checkpoints, noted, problems, rewrite, textOf, twoAndOne } from './rig.ts';

const dayMs = 86_400_000;
let rig: CoreRig;
let day: string;
beforeEach(async () => {
  rig = await createCoreRig();
  day = new Date(rig.clock.now()).toISOString().slice(0, 10);
});

test('what was noted and not touched is whole, and says up to when it is proved', async () => {
  expect(await verifyAudit(rig.root)).toMatchObject({ state: 'empty', lines: 0, since: null, until: null });
  await twoAndOne(rig.root);
  const now = new Date(rig.clock.now()).toISOString();
  const size = textOf(rig.mail, day).length;
  expect(await verifyAudit(rig.root)).toEqual({
    state: 'whole',
    lines: 3,
    bytes: size,
    checkpoints: 2,
    since: now,
    until: now,
    unproved: { lines: 1, bytes: must(textOf(rig.mail, day).split('\n')[2]).length + 1 },
    prunedThrough: null,
    anchored: null,
    findings: [],
  });
});

describe('of what a checkpoint has seen', () => {
  beforeEach(() => twoAndOne(rig.root));

  test('every flipped bit is found, in a line and in a checkpoint', { timeout: 60_000 }, async () => {
    const { anchor } = await anchorAudit(rig.root);
    for (const log of [day, checkpointLog]) {
      const bytes = must(rig.mail.audit.logs.get(log));
      for (let at = 0; at < bytes.length; at++) {
        const spoilt = Buffer.from(bytes);
        spoilt[at] = must(spoilt[at]) ^ (1 << (at % 8));
        rig.mail.audit.logs.set(log, spoilt);
        // The end of the last line is no part of what is signed.
        if (!(log === checkpointLog && at === bytes.length - 1))
          expect([log, at, await problems(rig.root, anchor)]).not.toEqual([log, at, []]);
      }
      rig.mail.audit.logs.set(log, bytes);
    }
    expect(await problems(rig.root, anchor)).toEqual([]);
  });

  test.for<[string, (text: string) => string]>([
    ['an edited line', (text) => text.replace('planner', 'builder')],
    ['a dropped line', (text) => text.split('\n').slice(1).join('\n')],
    ['a line in between', (text) => text.replace('\n', '\n{"at":"never"}\n')],
    [
      'two that changed places',
      (text) => text.split('\n').slice(0, 2).reverse().concat(text.split('\n').slice(2)).join('\n'),
    ],
  ])('%s is found, and told with its day and its checkpoints', async ([, change]) => {
    rewrite(rig.mail, day, change);
    const { state, findings } = await verifyAudit(rig.root);
    expect(state).toBe('broken');
    expect(findings.map(({ rule }) => rule)).toContain('changed');
    expect(findings[0]?.message).toMatch(new RegExp(`of ${day} was changed.*checkpoint \\d .*bytes \\d+ to \\d+`));
  });

  test('a log that is cut or gone is found', async () => {
    rewrite(rig.mail, day, (text) => must(text.split('\n')[0]));
    expect(await problems(rig.root)).toEqual(['missing']);
    rig.mail.audit.logs.delete(day);
    const { findings } = await verifyAudit(rig.root);
    expect(findings).toMatchObject([{ rule: 'missing', message: expect.stringContaining('is gone') as string }]);
  });

  test.for<[string, (all: string[]) => string[]]>([
    ['the first', ([, ...rest]) => rest],
    ['one in between', ([first, , ...rest]) => [must(first), ...rest]],
    ['twice', (all) => [...all, must(all[0])]],
  ])('a checkpoint that is dropped or doubled is found: %s', async ([, change]) => {
    rig.clock.advance(60_000);
    await noted(rig.root, 'four');
    rewrite(rig.mail, checkpointLog, (text) => `${change(text.split('\n').filter(Boolean)).join('\n')}\n`);
    expect(await problems(rig.root)).toContain('missing');
  });

  test('of lines without checkpoints nothing is proved', async () => {
    rig.mail.audit.logs.delete(checkpointLog);
    expect(await problems(rig.root)).toEqual(['no-checkpoints']);
  });

  test('what a crash has cut short is a warning, and the next checkpoint goes on', async () => {
    rewrite(rig.mail, checkpointLog, (text) => `${text}{"v":1,"n":2,"at":"20`);
    await rig.root.store.audit.append(checkpointLog, '\n');
    await noted(rig.root, 'four');
    await checkpoint(rig.root, { ifNew: true });
    expect(await verifyAudit(rig.root)).toMatchObject({
      state: 'whole',
      checkpoints: 3,
      findings: [{ rule: 'no-checkpoint', level: 'warning' }],
    });
  });
});

describe('what no checkpoint has seen', () => {
  const made = '{"at":"2026-10-01T00:00:00.000Z","op":"send","by":"planner","result":"done","id":"x","pid":1}\n';
  const put = (of: string, text: string): void => void rig.mail.audit.logs.set(of, Buffer.from(text));

  test('of a day that was over before the newest one was made up, and is found, also behind pruned days', async () => {
    await noted(rig.root, 'old');
    rig.clock.advance(3 * dayMs);
    await noted(rig.root, 'new');
    const before = (await anchorAudit(rig.root)).anchor;
    put('2026-10-01', made);
    const { state, findings } = await verifyAudit(rig.root, { anchor: before });
    expect([state, findings]).toMatchObject([
      'broken',
      [
        {
          rule: 'unseen',
          level: 'problem',
          message: expect.stringContaining('log of 2026-10-01 was seen by no') as string,
        },
      ],
    ]);
    await rig.root.store.audit.remove('2026-10-01');
    await gather(pruneAudit(rig.root, { olderThanMs: 0 }));
    expect(await problems(rig.root)).toEqual([]);
    put('2026-10-01', made);
    expect(await problems(rig.root)).toEqual(['unseen']);
  });

  test('is found behind the lines of a day that is over, and not of one that is not', async () => {
    await noted(rig.root, 'old');
    rewrite(rig.mail, day, (text) => `${text}${made}`);
    expect(await problems(rig.root)).toEqual([]);
    await checkpoint(rig.root);
    rig.clock.advance(dayMs);
    await noted(rig.root, 'next day');
    expect(await problems(rig.root)).toEqual([]);
    rewrite(rig.mail, day, (text) => `${text}${made}${made}`);
    const { findings } = await verifyAudit(rig.root);
    expect(findings).toMatchObject([
      {
        rule: 'unseen',
        message: expect.stringContaining(`The last 2 lines of the audit's log of ${day} were`) as string,
      },
    ]);
  });

  test('and is no line is told with its day and its number, and is no problem', async () => {
    await noted(rig.root, 'one');
    rewrite(rig.mail, day, (text) => `${text}\n{"at":"20\n${made}nonsense`);
    expect(await verifyAudit(rig.root)).toMatchObject({
      state: 'whole',
      findings: [
        {
          rule: 'no-line',
          level: 'warning',
          message: expect.stringContaining(`Line 3 of the audit's log of ${day}`) as string,
        },
        { rule: 'no-line', message: expect.stringContaining('Line 5 ') as string },
      ],
    });
    rewrite(rig.mail, day, (text) => `${text}${'\nx'.repeat(30)}`);
    const { findings } = await verifyAudit(rig.root);
    expect(findings).toHaveLength(11);
    expect(findings.at(-1)?.message).toMatch(/^22 more lines of /);
  });
});

test('one dropped line is one problem, however many checkpoints came later', async () => {
  for (const id of ['one', 'two', 'three', 'four']) {
    await noted(rig.root, id);
    await checkpoint(rig.root);
  }
  rewrite(rig.mail, day, (text) => text.split('\n').slice(1).join('\n'));
  const { findings } = await verifyAudit(rig.root);
  expect(findings).toMatchObject([
    {
      rule: 'changed',
      message: expect.stringMatching(/checkpoint 0 .* 3 later ones do not agree either\.$/) as string,
    },
  ]);
});

describe('who has today’s key', () => {
  /** As he would, with all that he finds in the root. */
  function stolen(): { key: ReturnType<typeof newKey>; n: number } {
    const [[n, text] = []] = [...rig.mail.audit.keys];
    return { key: createPrivateKey(must(text)), n: must(n) };
  }
  const lastOf = (all: readonly string[]): Checkpoint => must(parseCheckpoint(must(all.at(-1))));
  const forged = (said: Omit<Checkpoint, 'sig'>, key: ReturnType<typeof newKey>): string =>
    checkpointLine(said, (text) => signBytes(key, Buffer.from(text)).toString('base64'));

  beforeEach(() => twoAndOne(rig.root));

  test('cannot change what was proved before', async () => {
    const { key } = stolen();
    rewrite(rig.mail, day, (text) => text.replace('"id":"one"', '"id":"two"'));
    const all = checkpoints(rig.mail);
    const first = must(parseCheckpoint(must(all[0])));
    const logs = { [day]: { from: 0, size: 100, sha256: sha256(textOf(rig.mail, day).slice(0, 100)) } };
    const { sig: _, ...said } = first;
    rewrite(rig.mail, checkpointLog, () => `${[forged({ ...said, logs }, key), all[1]].join('\n')}\n`);
    expect(await problems(rig.root)).toEqual(expect.arrayContaining(['signature', 'missing']));
  });

  test('cannot begin the chain anew behind an older checkpoint: it says so, and an anchor settles it', async () => {
    const { anchor: before } = await anchorAudit(rig.root);
    rewrite(rig.mail, checkpointLog, (text) => `${must(text.split('\n')[0])}\n`);
    rewrite(rig.mail, day, (text) => `${must(text.split('\n')[0])}\n{"made":"up"}\n`);
    rig.mail.audit.keys.clear();
    await checkpoint(rig.root);
    expect(rig.warnings.at(-1)).toMatch(/key of the audit's next checkpoint is gone/);
    expect(await problems(rig.root)).toEqual(['other-key']);
    expect(await problems(rig.root, before)).toContain('anchor');
    const { anchor } = await anchorAudit(rig.root);
    expect(await problems(rig.root, anchor)).toEqual([]);
  });

  test('adds what he likes to the end, and no more', async () => {
    const { key, n } = stolen();
    await noted(rig.root, 'made up');
    const all = checkpoints(rig.mail);
    const last = lastOf(all);
    const from = must(last.logs[day]).size;
    const text = textOf(rig.mail, day);
    const own = newKey();
    const line = forged(
      {
        v: 1,
        n,
        at: new Date(rig.clock.now()).toISOString(),
        logs: { [day]: { from, size: text.length, sha256: sha256(text.slice(from)) } },
        prev: sha256(must(all.at(-1))),
        next: publicText(own),
      },
      key,
    );
    rewrite(rig.mail, checkpointLog, (before) => `${before}${line}\n`);
    expect(await problems(rig.root)).toEqual([]);
  });
});

describe('an anchor', () => {
  test('proves all that is before it; log and checkpoints that were cut together are found by nothing else', async () => {
    await twoAndOne(rig.root);
    const whole = new Map([...rig.mail.audit.logs]);
    rig.clock.advance(60_000);
    await noted(rig.root, 'four');
    const { anchor, n } = await anchorAudit(rig.root);
    expect(n).toBe(2);
    expect(await verifyAudit(rig.root, { anchor })).toMatchObject({
      state: 'whole',
      anchored: true,
      unproved: { lines: 0 },
    });
    await noted(rig.root, 'five');
    expect(await problems(rig.root, anchor)).toEqual([]);
    for (const [log, bytes] of whole) rig.mail.audit.logs.set(log, bytes);
    expect(await problems(rig.root)).toEqual([]);
    expect(await verifyAudit(rig.root, { anchor })).toMatchObject({ state: 'broken', anchored: false });
    rig.mail.audit.logs.clear();
    expect(await verifyAudit(rig.root)).toMatchObject({ state: 'empty' });
    expect(await problems(rig.root, anchor)).toEqual(['anchor']);
  });

  test('makes a checkpoint where something is new, also of nothing', async () => {
    const first = await anchorAudit(rig.root);
    expect(first.n).toBe(0);
    expect(await anchorAudit(rig.root)).toEqual(first);
    await noted(rig.root, 'one');
    expect((await anchorAudit(rig.root)).n).toBe(1);
  });

  test.for(['', 'x', '1:abc', `1:${'g'.repeat(64)}`])('is no other text: %j', async (anchor) => {
    await expectRefusal(verifyAudit(rig.root, { anchor }), 'USAGE');
  });
});

describe('pruning', () => {
  test('takes whole old days, never yesterday and today, and verify knows', async () => {
    for (let n = 0; n < 4; n++) {
      await noted(rig.root, String(n));
      rig.clock.advance(dayMs);
    }
    await noted(rig.root, 'today');
    const prune = (options: { olderThanMs: number; dryRun?: boolean }) => gather(pruneAudit(rig.root, options));
    const days = await rig.root.store.audit.days();
    expect((await prune({ olderThanMs: 0, dryRun: true })).map((one) => one.day)).toEqual(days.slice(0, 3));
    expect(await rig.root.store.audit.days()).toEqual(days);
    expect(await prune({ olderThanMs: 2 * dayMs })).toMatchObject([
      { task: 'audit', day: days[0], count: 1 },
      { task: 'audit', day: days[1] },
    ]);
    expect(await verifyAudit(rig.root)).toMatchObject({ state: 'whole', lines: 3, prunedThrough: days[1] });
    expect(await prune({ olderThanMs: 2 * dayMs })).toEqual([]);
    await rig.root.store.audit.remove(must(days[2]));
    expect(await problems(rig.root)).toEqual(['missing']);
    await expectRefusal(prune({ olderThanMs: -1 }), 'USAGE');
  });

  test('that was cut off in between is finished by the next one', async () => {
    await noted(rig.root, 'old');
    rig.clock.advance(3 * dayMs);
    rig.root.store.audit.remove = async () => {
      throw new Error('killed');
    };
    await expect(gather(pruneAudit(rig.root, { olderThanMs: 0 }))).rejects.toThrow('killed');
    expect(await problems(rig.root)).toEqual([]);
    const again = rig.as('planner');
    expect(await gather(pruneAudit(again, { olderThanMs: 0 }))).toHaveLength(1);
    expect(await problems(again)).toEqual([]);
  });
});

test('of keys only that of the next checkpoint is there, which has signed nothing', async () => {
  await twoAndOne(rig.root);
  expect([...rig.mail.audit.keys.keys()]).toEqual([2]);
  const last = must(parseCheckpoint(must(checkpoints(rig.mail).at(-1))));
  expect(publicText(createPrivateKey(must(rig.mail.audit.keys.get(2))))).toBe(last.next);
});
