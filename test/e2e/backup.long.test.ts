/** Backups of a root while real processes send, claim, ack, give back, retry and restore in it. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, vi } from 'vitest';
import { type Line, type Rig, expectRefusal, test, until } from './rig.ts';

vi.setConfig({ testTimeout: 240_000 });

const mailboxes = ['reviewer', 'scribe'];
const backups = 4;

interface Diary {
  readonly at: number;
  readonly sent?: string;
  readonly to?: readonly string[];
  readonly acked?: string;
  readonly restoring?: string;
  readonly mailbox?: string;
}

function diaryOf(rig: Rig): Diary[] {
  const logs = readdirSync(rig.dir).filter((name) => name.startsWith('diary-'));
  return logs.flatMap((name) =>
    readFileSync(join(rig.dir, name), 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Diary),
  );
}

/** Below a root there cannot be another. */
function elsewhere(): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'dreamos-again-')));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return join(dir, 'again');
}

async function churning(rig: Rig): Promise<() => Promise<void>> {
  await rig.dreamos('init scribe churner --quiet');
  for (const name of mailboxes) await rig.dreamos(`subscribe news --as ${name}`);
  const workers = ['a', 'b', 'c'].map((name) =>
    rig.worker('churn.mjs', { root: rig.root, as: 'churner', mailboxes, log: join(rig.dir, `diary-${name}`) }),
  );
  await until('all are at it', () => diaryOf(rig).length > 60 || undefined);
  return async () => {
    for (const { code, err } of await Promise.all(workers.map((worker) => worker.kill('SIGTERM'))))
      expect({ code, err }).toEqual({ code: 0, err: '' });
  };
}

/** By mailbox and id, the states in which a root has it. */
async function statesIn(rig: Rig, root: string): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for (const mailbox of mailboxes) {
    const { code, json, err } = await rig.dreamos(['list', mailbox, '--state', 'all', '--json', '--root', root]);
    expect(code, err).toBe(0);
    for (const { message, state } of json as readonly (Line & { state: string })[]) {
      const key = `${mailbox} ${message.id}`;
      found.set(key, [...(found.get(key) ?? []), state]);
    }
  }
  return found;
}

test('what was acknowledged before a backup began is in it, each message once, whatever others do', async ({ rig }) => {
  const stop = await churning(rig);
  const made: { file: string; begunAt: number }[] = [];
  for (let n = 0; n < backups; n++) {
    const file = join(rig.dir, `mail-${n}.tar.gz`);
    const { code, json, err } = await rig.dreamos(['backup', file, '--json']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    made.push({ file, begunAt: Date.parse(String(json[0]?.['begunAt'])) });
  }
  await stop();
  const diary = diaryOf(rig);
  const restoring = new Set(
    diary.flatMap(({ restoring: id, mailbox }) => (id === undefined ? [] : [`${mailbox} ${id}`])),
  );
  for (const { file, begunAt } of made) {
    const root = elsewhere();
    const restored = await rig.dreamos(['restore', file, '--root', root, '--json']);
    expect({ code: restored.code, err: restored.err }).toEqual({ code: 0, err: '' });
    const found = await statesIn(rig, root);
    expect([...found].filter(([, states]) => states.length !== 1)).toEqual([]);
    const before = diary.filter(({ at }) => at < begunAt);
    const sent = before.flatMap(({ sent: id, to = [] }) => (id === undefined ? [] : to.map((name) => `${name} ${id}`)));
    expect(sent.length).toBeGreaterThan(20);
    expect(sent.filter((key) => !found.has(key))).toEqual([]);
    const acked = before.flatMap(({ acked: id, mailbox }) => (id === undefined ? [] : [`${mailbox} ${id}`]));
    const finished = acked.filter((key) => !restoring.has(key));
    expect(finished.filter((key) => found.get(key)?.[0] !== 'archived')).toEqual([]);
    const doctor = await rig.dreamos(['doctor', '--root', root]);
    expect(doctor.code, doctor.out + doctor.err).toBe(0);
  }
});

test('all of a restored root can be read to its end, once', async ({ rig }) => {
  const stop = await churning(rig);
  const file = join(rig.dir, 'mail.tar.gz');
  expect(await rig.dreamos(['backup', file])).toMatchObject({ code: 0 });
  await stop();
  const root = elsewhere();
  expect(await rig.dreamos(['restore', file, '--root', root])).toMatchObject({ code: 0 });
  const before = await statesIn(rig, root);
  const read: string[] = [];
  for (const mailbox of mailboxes) {
    const { json } = await rig.dreamos([
      'read',
      mailbox,
      '-n',
      '100000',
      '--wait',
      '2s',
      '--ack',
      '--json',
      '--root',
      root,
    ]);
    read.push(...json.map(({ message }) => `${mailbox} ${message.id}`));
  }
  const unfinished = [...before].filter(([, [state]]) => state === 'ready' || state === 'delayed').map(([key]) => key);
  expect(unfinished.length).toBeGreaterThan(10);
  expect(read.sort()).toEqual(unfinished.sort());
});

test('one that is killed leaves nothing under its name, and the next one is whole', async ({ rig }) => {
  const input = Array.from({ length: 1000 }, (_, n) => `${JSON.stringify({ to: 'reviewer', body: `${n}` })}\n`).join(
    '',
  );
  for (let n = 0; n < 3; n++)
    expect(await rig.dreamos('send --batch --as planner --quiet', { stdin: input })).toMatchObject({ code: 0 });
  const file = join(rig.dir, 'mail.tar.gz');
  const running = rig.start(['backup', file]);
  await until('it has begun', () => readdirSync(rig.dir).some((name) => name.includes('.part-')) || undefined);
  await running.kill('SIGKILL');
  expect(existsSync(file)).toBe(false);
  expect(await rig.dreamos(['backup', file])).toMatchObject({ code: 0 });
  const root = elsewhere();
  const restored = await rig.dreamos(['restore', file, '--root', root, '--json']);
  expect(restored.json).toMatchObject([{ root, messages: 3000, claimed: 0 }]);
});

test('one that finds no room leaves nothing at all, and says so', async ({ rig }) => {
  await rig.sent(['send', 'reviewer', randomBytes(60_000).toString('hex'), '--as', 'planner']);
  const full = await rig.shell('ulimit -f 8; dreamos backup mail.tar.gz --json');
  expectRefusal(full, { exit: 7, code: 'DISK_FAILED', names: 'mail.tar.gz', next: '' });
  expect(readdirSync(rig.dir).filter((name) => name.startsWith('mail'))).toEqual([]);
});

test('a cut backup, and a root that has mail, are refused with what to do', async ({ rig }) => {
  await rig.sent('send reviewer hello --as planner');
  const file = join(rig.dir, 'mail.tar.gz');
  expect(await rig.dreamos(['backup', file])).toMatchObject({ code: 0 });
  expectRefusal(await rig.dreamos(['restore', file, '--json']), {
    exit: 5,
    code: 'ALREADY_EXISTS',
    names: rig.root,
    next: '--root <dir>',
  });
  const cut = join(rig.dir, 'cut.tar.gz');
  writeFileSync(cut, readFileSync(file).subarray(0, 700));
  const root = elsewhere();
  expectRefusal(await rig.dreamos(['restore', cut, '--root', root, '--json']), {
    exit: 6,
    code: 'CORRUPT',
    names: cut,
    next: 'another backup',
  });
  expect(readdirSync(dirname(root))).toEqual([]);
  const inside = await rig.dreamos(['restore', file, '--root', join(rig.dir, 'again'), '--json']);
  expectRefusal(inside, { exit: 5, code: 'ROOT_INSIDE_ROOT', names: rig.root, next: 'outside' });
});
