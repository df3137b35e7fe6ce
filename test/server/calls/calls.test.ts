import { afterAll, beforeAll, expect, test } from 'vitest';
import { listAgents } from '../../../src/core/agents/agents.ts';
import { doctor, type DoctorOptions } from '../../../src/core/keep/doctor.ts';
import { list } from '../../../src/core/look/list.ts';
import { status } from '../../../src/core/look/status.ts';
import { listAudit } from '../../../src/core/audit/list.ts';
import { sessionOn } from '../../../src/core/open-root.ts';
import { send, sendAll } from '../../../src/core/send/send.ts';
import { listHeld } from '../../../src/core/take/held.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { ack } from '../../../src/core/take/settle.ts';
import { hello, ownVersion } from '../../../src/core/remote/protocol.ts';
import { toJson } from '../../../src/core/remote/wire.ts';
import type { Session } from '../../../src/core/root/root.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import { createCalls } from '../../../src/server/calls/calls.ts';
import { heapGrowth } from '../../heap.ts';
import { gather } from '../../core/rig.ts';
import { createConnected } from './rig.ts';

let rig: Awaited<ReturnType<typeof createConnected>>;
beforeAll(async () => {
  rig = await createConnected();
});
afterAll(() => rig.close());

test('what is sent, claimed and acked through a server is done in its root', async () => {
  const planner = await rig.connect('planner');
  const reviewer = await rig.connect('reviewer');
  expect(planner.path).toBe(rig.root.path);
  const { id } = await send(planner, { to: 'reviewer', body: 'hello' });
  expect((await rig.root.store.look.counts('reviewer')).ready).toBe(1);
  const claimed = await readNext(reviewer, 'reviewer');
  expect(claimed).toMatchObject({ mailbox: 'reviewer', message: { id, from: 'planner', body: 'hello' } });
  expect((await listHeld(reviewer, { by: 'reviewer' })).map(({ entry }) => entry.id)).toEqual([id]);
  await expect(ack(reviewer, claimed?.receipt ?? '')).resolves.toMatchObject({ id, state: 'archived' });
  await expect(ack(reviewer, claimed?.receipt ?? '')).rejects.toMatchObject({ code: 'ALREADY_SETTLED' });
});

test('errors, each item of several, and results that are errors arrive as such', async () => {
  const planner = await rig.connect('planner');
  await expect(send(planner, { to: 'nobody', body: 'a' })).rejects.toMatchObject({ code: 'AGENT_NOT_FOUND' });
  const [sent, refused] = await sendAll(planner, [
    { to: 'reviewer', body: 'a' },
    { to: 'nobody', body: 'b' },
  ]);
  expect(sent).toMatchObject({ state: 'ready' });
  expect(refused).toBeInstanceOf(DreamosError);
  const listed: unknown[] = [];
  for await (const one of list(planner, 'reviewer', { states: ['ready'] })) listed.push(one);
  expect(listed).toHaveLength(1);
  expect((await status(planner)).map(({ mailbox }) => mailbox)).toEqual(['planner', 'reviewer']);
  expect((await listAgents(planner)).map(({ name }) => name)).toEqual(['planner', 'reviewer']);
});

test.for([-1, NaN])('%d ms to wait are refused through a server as they are on files', async (waitMs) => {
  const reviewer = await rig.connect('reviewer');
  for (const session of [reviewer, sessionOn(rig.root, { as: 'reviewer' })])
    await expect(readNext(session, 'reviewer', { waitMs })).rejects.toMatchObject({ code: 'USAGE' });
});

test('dreamos’ own clients examine the root through a server, also through one that only looks, and repair nothing', async () => {
  const planner = await rig.connect('planner');
  const found = async (session: Session, options: DoctorOptions = {}) => {
    const rules: string[] = [];
    for await (const { rule } of doctor(session, options)) rules.push(rule);
    return rules;
  };
  await rig.root.store.documents.put('subscriptions', { 'news.*': ['nobody'] }, undefined);
  const here = await found(rig.root);
  expect(here).not.toEqual([]);
  expect(await found(planner)).toEqual(here);
  await expect(found(planner, { fix: true })).rejects.toMatchObject({ code: 'USAGE' });
  for (const readOnly of [false, true]) {
    const asked = askedOf(readOnly, 'doctor');
    for (const args of [[], [{}], [{ fix: false }]]) expect(await asked(args)).toHaveProperty('end');
    const code = readOnly ? 'FORBIDDEN' : 'USAGE';
    for (const fix of [true, 1, 'no', {}]) expect(await asked([{ fix }])).toMatchObject({ error: { of: { code } } });
  }
});

test('what changes something is no look by a word in a place where it means nothing', async () => {
  const lastNoted = async () => (await gather(listAudit(rig.root))).map(({ op }) => op)[0];
  const said = { lease: '30m' };
  for (const args of [[said, { dryRun: true }], [{ ...said, dryRun: true }], [said, {}, { check: true }]])
    expect(await askedOf(false, 'config.change')(args)).toMatchObject({ error: { of: { code: 'USAGE' } } });
  expect(await lastNoted()).toBeUndefined();
  expect(await askedOf(false, 'config.change')([said])).toHaveProperty('end');
  expect(await lastNoted()).toBe('config.change');
  for (const readOnly of [false, true]) {
    const purge = askedOf(readOnly, 'dlq.purge');
    expect(await purge([undefined, 'all', { dryRun: true }])).toEqual({ end: [] });
    const code = readOnly ? 'FORBIDDEN' : 'USAGE';
    expect(await purge([undefined, 'all', { force: true }, { dryRun: true }])).toMatchObject({
      error: { of: { code } },
    });
  }
});

function askedOf(readOnly: boolean, call: string): (args: readonly unknown[]) => Promise<unknown> {
  const { signal } = new AbortController();
  const { answer } = createCalls({ root: rig.root, readOnly, ending: signal });
  return async (args) => {
    const lines: unknown[] = [];
    const question = { v: ownVersion, call, args: toJson(args) };
    const write = async (line: unknown) => void lines.push(line);
    const session = sessionOn(rig.root, { as: 'planner', env: {} });
    await answer({ session, question, ended: signal, gone: signal, left: signal, write });
    return lines.at(-1);
  };
}

test('a server keeps nothing of the calls that it has answered', { timeout: 60_000 }, async () => {
  const ending = new AbortController().signal;
  const { answer } = createCalls({ root: rig.root, readOnly: false, ending });
  const session = { ...rig.root, acting: 'planner' };
  const question = { v: ownVersion, call: hello, args: [] };
  const lines: unknown[] = [];
  const once = async (): Promise<void> => {
    const [ended, gone, left] = Array.from({ length: 3 }, () => new AbortController().signal) as [
      AbortSignal,
      AbortSignal,
      AbortSignal,
    ];
    await answer({ session, question, ended, gone, left, write: async (line) => void (lines[0] = line) });
  };
  expect(await heapGrowth(5000, once)).toBeLessThan(2_000_000);
  expect(lines).toEqual([{ end: expect.objectContaining({ version: ownVersion }) }]);
});
