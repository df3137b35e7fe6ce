import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { commandOf, libraryPathOf, operationNames } from '../../src/contract/operations.ts';
import { isAudited } from '../../src/core/audit/what.ts';
import type { Dreamos } from '../../src/library/dreamos.ts';
import { openLibrary } from '../contract/open-library.ts';
import { openRoot } from '../../src/core/open-root.ts';
import { init as makeRoot, open } from '../../src/library/library.ts';
import { audited, closeNoted } from '../../src/library/security/audited.ts';
import { DreamosError } from '../../src/model/errors.ts';
import { gather } from '../core/rig.ts';

let mail: Dreamos;
beforeEach(async () => {
  mail = await openLibrary();
});
const ops = async () => (await gather(mail.audit.list())).map(({ op }) => op).reverse();

test('what administers is noted when it has ended, a generator too, and also one that is left early', async () => {
  await mail.config.set('lease', '30m', { note: 'why' });
  await mail.as('reviewer').pause('planner');
  await gather(mail.maintain());
  for await (const _ of mail.doctor({ fix: true })) break;
  await mail.publish('build.done', { body: 'green' });
  await mail.topics.prune('build.*');
  await gather(mail.doctor());
  expect(await ops()).toEqual(['init', 'config.set', 'pause', 'maintain', 'doctor', 'topics.prune']);
  const [, , , pause, set, init] = await gather(mail.audit.list());
  expect(init).toMatchObject({ op: 'init', by: 'planner', args: ['planner', 'reviewer'] });
  expect(set).toMatchObject({ by: 'planner', args: ['lease', '30m', { note: 'why' }], user: process.geteuid?.() });
  expect(pause).toMatchObject({ by: 'reviewer', args: ['planner'], pid: process.pid });
});

test('mail is not noted, nor what was refused for its arguments', async () => {
  const { id } = await mail.send({ to: 'reviewer', body: 'hello' });
  await mail.read('reviewer');
  await mail.ack(id).catch(() => undefined);
  await expect(mail.agent.retire(7 as unknown as string)).rejects.toMatchObject({ code: 'USAGE' });
  await expect(mail.agent.retire('nobody')).rejects.toMatchObject({ code: 'AGENT_NOT_FOUND' });
  expect(() => mail.maintain({ dryrun: true } as object)).toThrow('`dryrun` is no option of this call.');
  expect(await ops()).toEqual(['init']);
});

test('every operation that administers or purges is noted, by its own name, in either face', () => {
  const names = operationNames.filter(isAudited);
  expect(names).toEqual(expect.arrayContaining(['config.set', 'agent.delete', 'dlq.purge', 'audit.prune', 'restore']));
  expect(names).not.toContain('agent.heartbeat');
  for (const name of names) {
    const command = commandOf(name);
    if (command !== undefined) expect(command.replace(' ', '.')).toBe(name);
    else expect(libraryPathOf(name)).toBe(name);
  }
});

test('init that was denied is noted in the root that is there', async () => {
  const all = { allow: { '*': ['*'] } };
  await mail.policy.set({ roles: { all }, agents: { planner: ['all'] } });
  const how = { root: mail.path, as: 'reviewer', agents: ['zoe'], warn: () => undefined };
  await expect(makeRoot(how)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  expect(await gather(mail.audit.list({ denied: true }))).toMatchObject([
    { op: 'init', by: 'reviewer', result: 'denied', code: 'FORBIDDEN' },
  ]);
});

test('what is thrown into a generator ends it, and it is noted', async () => {
  const session = await openRoot({ root: mail.path, as: 'planner' });
  async function* maintain() {
    yield 'one';
    yield 'two';
  }
  const left = audited(session, { maintain }).maintain();
  await left.next();
  await expect(left.throw(new Error('mine'))).rejects.toThrow('mine');
  await session.close();
  expect(await gather(mail.audit.list({ limit: 1 }))).toMatchObject([{ op: 'maintain', result: 'done' }]);
});

test('one that was begun and dropped is noted when the root is closed, once, by who has called it', async () => {
  const again = { root: mail.path, as: 'planner', env: {}, warn: () => undefined };
  writeFileSync(join(mail.path, 'stranger'), '');
  const one = await open(again);
  const [dropped, left] = [one.as('reviewer').doctor({ fix: true }), one.doctor({ fix: true })];
  for (const found of [dropped, left]) expect((await found.next()).done).toBe(false);
  // One that has not begun, and one that only looks.
  one.doctor({ fix: true });
  await one.doctor().next();
  expect(await ops()).toEqual(['init']);
  await one.close();
  await left.return();
  expect((await gather(mail.audit.list({ op: 'doctor' }))).map(({ by }) => by)).toEqual(['planner', 'reviewer']);
});

test.each([
  ['maintain', { kind: 'disk', code: 'DISK_FAILED' }, 'failed'],
  ['maintain', { kind: 'denied', code: 'FORBIDDEN' }, 'denied'],
  ['list', { kind: 'denied', code: 'FORBIDDEN' }, 'denied'],
] as const)('what fails while %s is left early is noted (%o)', async (name, { kind, code }, result) => {
  const session = await openRoot({ root: mail.path, as: 'planner' });
  async function* items() {
    try {
      yield 'one';
    } finally {
      await Promise.reject(new DreamosError(kind, code, 'no'));
    }
  }
  const left = audited<Record<string, () => AsyncGenerator<string>>>(session, { [name]: items })[name]?.();
  await left?.next();
  await expect(left?.return(undefined)).rejects.toMatchObject({ code });
  await session.close();
  expect(await gather(mail.audit.list({ limit: 1 }))).toMatchObject([{ op: name, result, code }]);
});

test.each(['maintain', 'list'])(
  'what denies %s at once, before there is a promise, is noted by the time of the close',
  async (name) => {
    const session = await openRoot({ root: mail.path, as: 'planner' });
    const denies = (): Promise<void> => {
      throw new DreamosError('denied', 'FORBIDDEN', 'no');
    };
    const one = audited<Record<string, () => Promise<void>>>(session, { [name]: denies });
    expect(() => one[name]?.()).toThrow('no');
    await closeNoted(session);
    expect(await gather(mail.audit.list())).toMatchObject([
      { op: name, result: 'denied', code: 'FORBIDDEN' },
      { op: 'init' },
    ]);
  },
);

test('of several results each that was denied is noted, and what was done besides it', async () => {
  const session = await openRoot({ root: mail.path, as: 'planner' });
  const no = new DreamosError('denied', 'FORBIDDEN', 'no');
  async function* topics() {
    yield no;
    yield 'done';
  }
  const one = audited(session, {
    ack: () => Promise.resolve([no, { id: 'a' }, new DreamosError('nothing', 'NOTHING_THERE', 'none')]),
    dlq: { purge: () => Promise.resolve([{ id: 'a' }, no]) },
    watch: topics,
  });
  await one.ack();
  await one.dlq.purge();
  await gather(one.watch());
  await closeNoted(session);
  expect((await gather(mail.audit.list())).map(({ op, result }) => `${op} ${result}`).reverse()).toEqual([
    'init done',
    'ack denied',
    'dlq.purge denied',
    'dlq.purge done',
    'watch denied',
  ]);
});

test('a job of consume that may not be settled any more is noted as what was called', async () => {
  const session = await openRoot({ root: mail.path, as: 'planner' });
  const no = () => Promise.reject(new DreamosError('denied', 'FORBIDDEN', 'no'));
  async function* consume() {
    yield { ack: no, nack: no, renew: no };
  }
  for await (const job of audited(session, { consume }).consume())
    for (const name of ['ack', 'nack', 'renew'] as const)
      await expect(job[name]()).rejects.toMatchObject({ code: 'FORBIDDEN' });
  await session.close();
  expect(await ops()).toEqual(['init', 'ack', 'nack', 'renew']);
});
