import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Dreamos } from '../../../src/library/dreamos.ts';
import { restore } from '../../../src/library/library.ts';
import { openLibrary } from '../../contract/open-library.ts';
import { scratch } from '../../scratch.ts';
import { gather, must } from '../rig.ts';

let mail: Dreamos;
let folder: string;
beforeEach(async () => {
  mail = await openLibrary();
  folder = join(mail.path, 'audit');
});
const file = (name: string): string => join(folder, name);
const log = (): string => file(must(readdirSync(folder).find((name) => /^\d{4}-.*\.jsonl$/.test(name))));
const findings = async (fix = false) =>
  (await gather(mail.doctor({ fix }))).filter(({ message }) => message.includes('audit'));

test('logs, checkpoints and one key lie there, for nobody but their owner', async () => {
  await mail.config.set('lease', '30m');
  await mail.audit.anchor();
  expect(readdirSync(folder).sort()).toEqual([
    '2.key',
    expect.stringMatching(/^\d{4}-\d\d-\d\d\.jsonl$/),
    'checkpoints.jsonl',
  ]);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(folder)) expect([name, statSync(file(name)).mode & 0o777]).toEqual([name, 0o600]);
  expect(await findings()).toEqual([]);
});

describe('doctor', () => {
  test('takes others their rights to it', async () => {
    chmodSync(log(), 0o644);
    chmodSync(file('1.key'), 0o640);
    chmodSync(folder, 0o755);
    expect((await findings()).map(({ rule, level }) => [rule, level])).toEqual(
      ['folder', 'key', 'log'].map(() => ['private', 'problem']),
    );
    expect((await findings(true)).every(({ fixed }) => fixed)).toBe(true);
    expect(await findings()).toEqual([]);
  });

  test('names what is no file of its own, and leaves it to a person', async () => {
    const elsewhere = join(scratch(), 'elsewhere');
    writeFileSync(elsewhere, '', { mode: 0o600 });
    const day = log();
    rmSync(day);
    symlinkSync(elsewhere, day);
    writeFileSync(file('notes.txt'), '');
    linkSync(file('1.key'), `${mail.path}.stolen`);
    onTestFinished(() => rmSync(`${mail.path}.stolen`));
    expect((await findings()).map(({ rule, level }) => [rule, level])).toEqual([
      ['audit', 'problem'],
      ['audit', 'problem'],
      ['stranger', 'info'],
      // What was in it is gone.
      ['audit', 'problem'],
    ]);
    const warned: string[] = [];
    const other = mail.as('reviewer');
    process.once('warning', ({ message }) => void warned.push(message));
    await other.config.set('lease', '31m');
    expect(readFileSync(elsewhere, 'utf8')).toBe('');
  });

  test('says where checkpoints are missing', async () => {
    rmSync(file('checkpoints.jsonl'));
    expect(await findings()).toMatchObject([{ rule: 'audit', level: 'warning', hint: 'dreamos audit verify' }]);
  });
});

describe('a backup', () => {
  test('has the logs and the checkpoints, and no key; what is restored says so, until it is anchored', async () => {
    await mail.config.set('lease', '30m');
    const { anchor } = await mail.audit.anchor();
    const archive = join(scratch(), 'mail.tar.gz');
    await mail.backup(archive);
    const names = execFileSync('tar', ['tzf', archive], { encoding: 'utf8' })
      .split('\n')
      .filter((name) => name.startsWith('audit/'));
    expect(names.sort()).toEqual([expect.stringMatching(/^audit\/\d{4}-.*\.jsonl$/), 'audit/checkpoints.jsonl']);
    const made = must(await restore(archive, { root: join(scratch(), 'again'), env: {}, warn: () => undefined }));
    const again = made.root;
    try {
      // The line of the restore has begun the chain anew, or the next checkpoint will.
      const fresh = await again.audit.anchor();
      expect(existsSync(join(again.path, 'audit', `${fresh.n + 1}.key`))).toBe(true);
      const plain = await again.audit.verify();
      expect(plain.findings.map(({ rule }) => rule)).toEqual(['other-key']);
      expect(await again.audit.verify({ anchor: fresh.anchor })).toMatchObject({ state: 'whole', anchored: true });
      expect(await again.audit.verify({ anchor })).toMatchObject({ anchored: true });
      const ops = (await gather(again.audit.list())).map(({ op }) => op);
      expect(ops).toEqual(['audit.anchor', 'restore', 'audit.anchor', 'config.set', 'init']);
    } finally {
      await again.close();
    }
  });
});
