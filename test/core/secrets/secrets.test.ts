/** The setting `secrets`, over the real secretlint and real commands. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateKeyPairSync } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { setConfig } from '../../../src/core/config/change.ts';
import { addSchedule } from '../../../src/core/schedules/schedules.ts';
import { fireDue } from '../../../src/core/schedules/fire-due.ts';
import { keepReply, reply } from '../../../src/core/send/reply.ts';
import { preview, send, sendAll } from '../../../src/core/send/send.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { createTask } from '../../../src/core/tasks/create.ts';
import { publish } from '../../../src/core/topics/publish.ts';
import { createRests } from '../../../src/core/work/rests.ts';
import { settleAs } from '../../../src/core/work/settle-as.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import { scratch } from '../../scratch.ts';
import { type CoreRig, createCoreRig, must, refusal } from '../rig.ts';
import { createSealRig } from '../seal/rig.ts';

// Put together here, so that nobody who looks through this repository takes them for real ones.
const token = ['ghp', 'wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx'].join('_');
const pem = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

const ready = async (mailbox = 'reviewer'): Promise<number> => (await rig.root.store.look.counts(mailbox)).ready;
const sendOne = (draft: object = {}) => send(rig.root, { to: 'reviewer', body: token, ...draft });
const set = (secrets: string, scanner?: readonly string[]) =>
  setConfig(rig.root, 'secrets', secrets).then(
    () => scanner && setConfig(rig.root, 'secretScanner', JSON.stringify(scanner)),
  );

describe('under refuse', () => {
  beforeEach(() => set('refuse'));

  test('a message with a token is refused with what and where, and nothing of the token', async () => {
    const error = await refusal(sendOne({ body: `hello\nit is ${token}` }));
    expect(error).toMatchObject({ kind: 'denied', code: 'SECRET_FOUND' });
    expect(error.message).toBe(
      'The message to reviewer looks as if it held a secret: GITHUB_TOKEN in line 2 of the body. Nothing was sent.',
    );
    expect(error.hint).toContain('dreamos help security');
    expect(JSON.stringify([error, error.message, error.hint])).not.toContain(token);
    expect(await ready()).toBe(0);
  });

  test.each([
    ['subject', { subject: token, body: 'x' }, 'the subject'],
    ['data', { data: { a: [{ token }] }, body: 'x' }, 'the data'],
    ['tags', { tags: [token], body: 'x' }, 'another field'],
    ['thread', { thread: token, body: 'x' }, 'another field'],
  ])('it is found in the %s, too', async (_, draft, place) => {
    const error = await refusal(sendOne(draft));
    expect(error.code).toBe('SECRET_FOUND');
    expect(error.message).toContain(`GITHUB_TOKEN in ${place}.`);
  });

  test('what is sealed is looked at as it was written, its data and its subject, too', async () => {
    const sealing = await createSealRig();
    await setConfig(sealing.root, 'secrets', 'refuse');
    const whole = { to: 'reviewer', body: 'x', subject: 'x', seal: true };
    await send(sealing.root, whole);
    for (const [place, draft] of [
      ['the data', { data: { token } }],
      ['the body', { body: token }],
      ['the subject', { subject: token, sealSubject: true }],
    ] as const) {
      const error = await refusal(send(sealing.root, { ...whole, ...draft }));
      expect(error.code).toBe('SECRET_FOUND');
      expect(error.message).toContain(`GITHUB_TOKEN in ${place}.`);
    }
  });

  test('a private key of several lines is found in data, where JSON has it on one', async () => {
    expect((await refusal(sendOne({ body: 'x', data: { pem } }))).message).toContain('PrivateKey in the data');
  });

  test('a comment that tells secretlint not to look is not obeyed', async () => {
    for (const off of ['<!-- secretlint-disable -->\n', '// secretlint-disable-next-line\n'])
      expect((await refusal(sendOne({ body: `${off}${token} // secretlint-disable-line` }))).code).toBe('SECRET_FOUND');
  });

  test('everything else is sent', async () => {
    await sendOne({ body: 'ghp_ is how such a token begins', subject: 'x', data: { a: 1 } });
    expect(await ready()).toBe(1);
    expect(rig.warnings).toEqual([]);
  });

  test('of a batch only what has one is refused', async () => {
    const results = await sendAll(rig.root, [
      { to: 'reviewer', body: 'one' },
      { to: 'reviewer', body: token },
      { to: 'reviewer', body: 'three' },
    ]);
    expect(results.map((result) => (result instanceof DreamosError ? result.code : 'sent'))).toEqual([
      'sent',
      'SECRET_FOUND',
      'sent',
    ]);
    expect(await ready()).toBe(2);
  });

  test('so is what is published, answered, made a task or put into a schedule, and what only looks who would get it', async () => {
    await sendOne({ body: 'question' });
    const { receipt } = must(await readNext(rig.as('reviewer'), 'reviewer'));
    const reviewer = rig.as('reviewer');
    const schedule = { name: 'nightly', cron: '0 3 * * *', message: { to: 'reviewer', body: token } };
    const sends: (() => Promise<unknown>)[] = [
      () => publish(rig.root, 'build.done', { body: token }),
      () => reply(reviewer, receipt, { body: token }, { ack: true }),
      () => keepReply(reviewer, receipt, { body: token }),
      () => createTask(rig.root, { title: 'do it', body: token }),
      () => addSchedule(rig.root, schedule),
      () => preview(rig.root, { to: 'reviewer', body: token }),
    ];
    for (const sendIt of sends) expect((await refusal(sendIt())).code).toBe('SECRET_FOUND');
    // What was asked is still held.
    expect(await rig.root.store.look.counts('reviewer')).toMatchObject({ ready: 0, inflight: 1, archived: 0 });
    expect(await ready('planner')).toBe(0);
  });

  test('the answer of a handler that has one is a failure of the handler, and is kept nowhere', async () => {
    await sendOne({ body: 'question' });
    const reviewer = rig.as('reviewer');
    const job = must(await readNext(reviewer, 'reviewer'));
    const outcome = { outcome: 'ack', reply: { body: token } } as const;
    const settled = await settleAs(reviewer, job.receipt, job, outcome, createRests(reviewer));
    expect(settled).toMatchObject({ result: 'failed' });
    expect(settled.reason).toMatch(/^the reply was refused: .*GITHUB_TOKEN in the body/);
    expect(JSON.stringify([settled, rig.mail.log])).not.toContain(token);
    expect(await rig.root.store.look.counts('reviewer')).toMatchObject({ delayed: 1, archived: 0 });
  });

  test('the repeat of what was sent before is one, and is not refused', async () => {
    await set('off');
    const first = await sendOne({ dedupeKey: 'k' });
    await set('refuse');
    rig.clock.advance(1000);
    expect(await sendOne({ dedupeKey: 'k' })).toMatchObject({ id: first.id, duplicate: true });
    expect((await refusal(sendOne({ dedupeKey: 'other' }))).code).toBe('SECRET_FOUND');
    expect(await ready()).toBe(1);
  });

  test('a schedule from before skips its time, with the reason', async () => {
    await set('off');
    await addSchedule(rig.root, { name: 'hourly', cron: '0 * * * *', message: { to: 'reviewer', body: token } });
    await set('refuse');
    rig.clock.advance(2 * 3_600_000);
    expect((await fireDue(rig.root)).fired).toMatchObject([{ skipped: { code: 'SECRET_FOUND' } }]);
    expect(await ready()).toBe(0);
  });
});

test('under warn it is sent, and said', async () => {
  await set('warn');
  await sendOne({ subject: token });
  expect(await ready()).toBe(1);
  expect(rig.warnings).toEqual([
    'The message to reviewer looks as if it held a secret: GITHUB_TOKEN in the subject, GITHUB_TOKEN in the body. It is sent, because the setting secrets is warn.',
  ]);
});

test('as it comes nobody looks, and no card and no environment says it otherwise', async () => {
  await sendOne();
  expect(rig.warnings).toEqual([]);
  const as = rig.as('planner', { DREAMOS_SECRETS: 'off' });
  expect((await refusal(send(as, { to: 'reviewer', body: 'x' }))).message).toContain('one for the whole root');
});

describe('a command of secretScanner', () => {
  /** A program of sh. */
  function program(name: string, script: string): string {
    const file = join(scratch(), name);
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
    return file;
  }

  test('reads all of the message, and refuses it by its exit code', async () => {
    const took = join(scratch(), 'took');
    const scanner = program('scan', `tee '${took}'; grep -q hunter2 '${took}' && exit 3; exit 0`);
    await set('refuse', [scanner, '--any', 'a b']);
    await sendOne({ subject: 'sub', body: 'fine', tags: ['t'] });
    expect(readFileSync(took, 'utf8')).toBe('sub\nfine\nt');
    const error = await refusal(sendOne({ body: 'hunter2' }));
    expect(error.code).toBe('SECRET_FOUND');
    expect(error.message).toContain(`"${scanner}" ends with exit code 3`);
    expect(error.message).not.toContain('hunter2');
    expect(await ready()).toBe(1);
  });

  test('is asked instead of secretlint', async () => {
    await set('refuse', ['true']);
    await sendOne();
    expect(await ready()).toBe(1);
  });

  test('gets a message that it does not read, of any length', async () => {
    await set('refuse', ['true']);
    await sendOne({ body: 'x'.repeat(1_000_000) });
    expect(await ready()).toBe(1);
  });

  test.each([
    ['cannot be started', () => ['/none/such']],
    ['is ended by a signal', () => [program('dies', 'kill -9 $$')]],
    ['is not found by its shell', () => [program('lacks', 'no-such-program-here 2>/dev/null')]],
  ])('which %s looks at nothing: refuse sends nothing, warn says it once and sends', async (_, scanner) => {
    await set('refuse', scanner());
    const error = await refusal(sendOne({ body: 'hello' }));
    expect(error).toMatchObject({ kind: 'invalid', code: 'CONFIG_INVALID' });
    expect(error.message).toMatch(/did not look for secrets: .*\. Nothing was sent: the setting secrets is refuse\.$/);
    expect(error.hint).toContain('dreamos config get secretScanner');
    expect(await ready()).toBe(0);
    await set('warn');
    await sendOne({ body: 'hello' });
    await sendOne({ body: 'again' });
    expect(await ready()).toBe(2);
    expect(rig.warnings).toHaveLength(1);
    expect(rig.warnings[0]).toContain('did not look for secrets');
  });

  test('which cannot be started lets a repeat of what was sent before be one', async () => {
    const first = await sendOne({ body: 'hello', dedupeKey: 'k' });
    await set('refuse', ['/none/such']);
    rig.clock.advance(1000);
    expect(await sendOne({ body: 'hello', dedupeKey: 'k' })).toMatchObject({ id: first.id, duplicate: true });
    const error = await refusal(sendOne({ body: 'hello', dedupeKey: 'other' }));
    expect(error.message).toMatch(/did not look for secrets: .* Nothing was sent: the setting secrets is refuse\.$/);
    expect(await ready()).toBe(1);
  });

  test('of many messages at once runs four times at once, and each gets its answer', async () => {
    const folder = scratch();
    const scanner = program(
      'slow',
      `touch '${folder}'/$$; ls '${folder}' | wc -l >> '${folder}.counts'; sleep 0.3; rm '${folder}'/$$; ! grep -q odd`,
    );
    await set('refuse', [scanner]);
    const sent = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        sendOne({ body: i % 2 ? 'odd' : 'even' }).then(
          () => 'sent',
          (error: DreamosError) => error.code,
        ),
      ),
    );
    expect(sent.filter((one) => one === 'SECRET_FOUND')).toHaveLength(6);
    expect(await ready()).toBe(6);
    const most = Math.max(...readFileSync(`${folder}.counts`, 'utf8').trim().split('\n').map(Number));
    expect(most).toBeLessThanOrEqual(4);
  });
});

test('a scanner is a list of words, and nothing else', async () => {
  for (const wrong of ['"gitleaks"', '[1]', '[""]', '{}'])
    expect((await refusal(setConfig(rig.root, 'secretScanner', wrong))).hint).toBe(
      'Allowed: a list of the words of a command, as JSON.',
    );
  expect((await refusal(setConfig(rig.root, 'secrets', 'on'))).hint).toBe('Allowed: off or warn or refuse.');
});
