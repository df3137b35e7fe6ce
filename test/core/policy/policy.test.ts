import { setTimeout as rest } from 'node:timers/promises';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { keepNext } from '../../../src/core/root/revisions.ts';
import { openRoot } from '../../../src/core/open-root.ts';
import { init, open, restore } from '../../../src/library/library.ts';
import type { Dreamos } from '../../../src/library/dreamos.ts';
import type { Policy } from '../../../src/model/security/policy.ts';
import { removeScratch, scratch } from '../../scratch.ts';
import { createCoreRig, gather, must } from '../rig.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { send } from '../../../src/core/send/send.ts';
import { addSchedule } from '../../../src/core/schedules/schedules.ts';
import { setPolicy } from '../../../src/core/policy/policy.ts';

afterAll(removeScratch);

const all = { allow: { '*': ['*'] } };
const open1: Policy = { roles: { all }, everyone: ['all'] };
const closed: Policy = {
  roles: { all, self: { allow: { read: ['$self'] } } },
  everyone: ['self'],
  agents: { lead: ['all'] },
};

async function makeRoot(): Promise<{ root: string; mail: Dreamos; warnings: string[]; again: () => Promise<Dreamos> }> {
  const root = scratch();
  const warnings: string[] = [];
  const who = { root, as: 'lead', env: {}, warn: (message: string) => void warnings.push(message) };
  const mail = await init({ ...who, agents: ['lead', 'ann'] });
  return { root, mail, warnings, again: () => open(who) };
}

const fileOf = (mail: Dreamos): string => join(mail.path, 'policy.json');

describe('a policy in a root', () => {
  test('is a version, with who has put it in force, when and why', async () => {
    const { mail } = await makeRoot();
    expect(await mail.policy.show()).toMatchObject({ policy: null, version: null, byHand: false });
    expect(await mail.policy.set(open1, { note: 'to begin' })).toMatchObject({
      policy: open1,
      version: 1,
      by: 'lead',
      note: 'to begin',
      byHand: false,
      broken: false,
    });
    expect((await mail.policy.set(open1)).version).toBe(1);
    expect((await mail.policy.set(closed)).version).toBe(2);
    expect(JSON.parse(readFileSync(fileOf(mail), 'utf8'))).toEqual(closed);
    expect(JSON.parse(readFileSync(join(mail.path, 'config/policy/2.json'), 'utf8'))).toMatchObject({
      base: 1,
      policy: closed,
    });
  });

  test('and the settings note beside each other what is in force', async () => {
    const { mail } = await makeRoot();
    await mail.config.set('maxAttempts', 3);
    await mail.policy.set(open1);
    await mail.policy.set(closed);
    await mail.config.set('maxAttempts', 4);
    expect(JSON.parse(readFileSync(join(mail.path, 'in-force.json'), 'utf8'))).toEqual({ version: 2, policy: 2 });
  });

  test('holds in what runs, and for who only waits', async () => {
    const { mail, again } = await makeRoot();
    const ann = (await again()).as('ann');
    const refused = [ann.read('lead', { waitMs: 10_000 }), ann.consume('lead', { waitMs: 10_000 }).next()].map((one) =>
      expect(one).rejects.toMatchObject({ code: 'FORBIDDEN' }),
    );
    // Another process would go by it as late.
    await ann.status();
    await mail.policy.set(closed);
    // That there was none was known for so long.
    await rest(60);
    await mail.send({ to: 'lead', body: 'x' });
    await Promise.all(refused);
    expect((await mail.status(['lead']))[0]).toMatchObject({ ready: 1, inflight: 0 });
  });

  test('holds for what a consumer or a worker has in his hands when the first one comes', async () => {
    const { mail, again } = await makeRoot();
    const ann = (await again()).as('ann');
    for (const body of ['a', 'b', 'c']) await mail.send({ to: 'lead', body });
    const job = must((await ann.consume('lead', { waitMs: 0 }).next()).value || undefined);
    const working = ann.work('lead', async () => {
      await mail.policy.set(closed);
      await rest(60);
    });
    await expect(working).rejects.toMatchObject({ code: 'FORBIDDEN' });
    for (const settle of [() => job.ack(), () => job.ack({ score: 1 }), () => job.nack(), () => job.renew()])
      await expect(settle()).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect((await mail.status(['lead']))[0]).toMatchObject({ ready: 1, inflight: 2, archived: 0 });
  });

  test('is refused, and nothing changes, where it cannot be used, its tests fail or nobody could change it', async () => {
    const { mail } = await makeRoot();
    await mail.policy.set(open1);
    const bad: [unknown, string][] = [
      [{ roles: { r: { alow: {} } } }, 'roles.r.alow'],
      [
        { ...closed, tests: [{ as: 'ann', verb: 'send', mailbox: 'lead', allowed: true }] },
        '1 of its tests fails: ann should be',
      ],
      [{ roles: { r: { allow: { send: ['*'] } } }, everyone: ['r'] }, 'nobody could change it again'],
    ];
    for (const [policy, why] of bad) {
      const setting = mail.policy.set(policy as Policy);
      await expect(setting).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(why) });
    }
    expect(await mail.policy.show()).toMatchObject({ policy: open1, version: 1 });
  });

  test('says of each question which rule decides', async () => {
    const { mail } = await makeRoot();
    await mail.policy.set(closed);
    const ask = (verb: string, question = {}) => mail.policy.check(verb, { as: 'ann', ...question });
    expect(await ask('read')).toMatchObject({ allowed: true, mailbox: 'ann', role: 'self', pattern: '$self' });
    expect(await ask('read', { mailbox: 'lead' })).toMatchObject({ allowed: false, role: null });
    expect(await ask('dlq purge')).toMatchObject({ allowed: false, action: 'manage' });
    expect(await ask('dreamos config set')).toMatchObject({ allowed: false, action: 'admin' });
    expect(await ask('explain')).toMatchObject({ allowed: true, action: null });
    expect(await mail.policy.check('config.set')).toMatchObject({ allowed: true, as: 'lead' });
    await expect(ask('sned')).rejects.toMatchObject({ code: 'USAGE', hint: 'Did you mean "send"?' });
  });
});

test('a backup holds the policy and its versions', async () => {
  const { mail } = await makeRoot();
  await mail.policy.set(open1);
  await mail.policy.set(closed);
  const file = join(scratch(), 'mail.tar.gz');
  await mail.backup(file);
  const restored = must(await restore(file, { root: join(scratch(), 'x'), as: 'ann', env: {} })).root;
  expect(await restored.policy.show()).toMatchObject({ policy: closed, version: 2, by: 'lead' });
  await expect(restored.read('lead')).rejects.toMatchObject({ code: 'FORBIDDEN' });
  expect(await gather(restored.as('lead').doctor())).toEqual([]);
});

describe('edited by hand', () => {
  test('it holds, and once spoilt what it said before does, and doctor says so', async () => {
    const { mail, warnings, again } = await makeRoot();
    await mail.policy.set(closed);
    const spoil = (text: string): void => writeFileSync(fileOf(mail), text, { mode: 0o600 });
    for (const text of ['{"roles":', '[]', '{"roles":{"x":{"allow":{"sned":["*"]}}},"everyone":["x"]}']) {
      spoil(text);
      const other = await again();
      await expect(other.as('ann').send({ to: 'lead', body: 'x' })).rejects.toMatchObject({ code: 'FORBIDDEN' });
      expect(warnings.at(-1)).toContain('policy.json cannot be used');
      expect(warnings.at(-1)).toContain('What it said before stays in force.');
      expect(await gather(other.doctor())).toContainEqual(
        expect.objectContaining({ rule: 'policy', level: 'problem', message: expect.stringContaining('policy.json') }),
      );
      expect(await other.policy.show()).toMatchObject({ policy: closed, version: 1, broken: true });
    }
    // Who may can mend it, and what it was is kept.
    expect(await mail.policy.set(open1)).toMatchObject({ version: 2, broken: false });
    expect(JSON.parse(readFileSync(join(mail.path, 'config/policy/2.json'), 'utf8'))).toMatchObject({
      replaced: '{"roles":{"x":{"allow":{"sned":["*"]}}},"everyone":["x"]}',
    });
  });

  test('nothing is allowed while nobody knows of any that could be used', async () => {
    const { mail, again } = await makeRoot();
    writeFileSync(fileOf(mail), '{', { mode: 0o600 });
    const other = await again();
    for (const one of [
      () => other.send({ to: 'ann', body: 'x' }),
      () => other.read('lead'),
      () => other.policy.set(open1),
    ])
      await expect(one()).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        hint: expect.stringContaining('take the file away'),
      });
    rmSync(fileOf(mail));
    await (await again()).send({ to: 'ann', body: 'x' });
  });

  test('what can be used is kept as a version by the next change', async () => {
    const { mail } = await makeRoot();
    await mail.policy.set(open1);
    writeFileSync(fileOf(mail), JSON.stringify(closed), { mode: 0o600 });
    expect(await mail.policy.show()).toMatchObject({ policy: closed, version: null, byHand: true });
    expect((await mail.policy.set(open1)).version).toBe(3);
    expect(JSON.parse(readFileSync(join(mail.path, 'config/policy/2.json'), 'utf8'))).toMatchObject({
      byHand: true,
      policy: closed,
    });
  });

  test('a change that was killed before it was in place was never in force', async () => {
    const { root, mail, again } = await makeRoot();
    await mail.policy.set(closed);
    const session = await openRoot({ root, as: 'lead', env: {} });
    await keepNext(session, 'policy', open1, { base: 1 });
    writeFileSync(fileOf(mail), '{', { mode: 0o600 });
    await expect((await again()).as('ann').send({ to: 'lead', body: 'x' })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    await session.close();
  });
});

test('what dreamos does by itself asks nobody', async () => {
  const { root, clock, as } = await createCoreRig();
  const planner = { message: { to: 'Builder', body: 'look' }, name: 'n', cron: '* * * * *' };
  await addSchedule(root, planner);
  await setPolicy(as('planner'), {
    roles: { lead: all, self: { allow: { read: ['$self'] } } },
    everyone: ['self'],
    agents: { planner: ['lead'] },
  });
  const reviewer = as('reviewer');
  await expect(send(reviewer, { to: 'Builder', body: 'x' })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  clock.advance(120_000);
  // Who waits does what is due by the way.
  for (const chore of reviewer.chores) await chore.look();
  expect(must(await readNext(as('Builder'), 'Builder')).message).toMatchObject({ from: 'planner', body: 'look' });
});

test('without a policy its room is not loaded, and it is looked for once in a while', async () => {
  const { as } = await createCoreRig();
  const session = as('planner');
  let looks = 0;
  const { documents } = session.store;
  const get = documents.get.bind(documents);
  documents.get = async (name) => {
    if (name === 'policy') looks++;
    return get(name);
  };
  for (let i = 0; i < 50; i++) await send(session, { to: 'reviewer', body: 'x' });
  expect(looks).toBe(1);
});
