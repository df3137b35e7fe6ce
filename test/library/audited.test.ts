import { beforeEach, expect, test } from 'vitest';
import { commandOf, libraryPathOf, operationNames } from '../../src/contract/operations.ts';
import { isAudited } from '../../src/core/audit/what.ts';
import type { Dreamos } from '../../src/library/dreamos.ts';
import { openLibrary } from '../contract/open-library.ts';
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
