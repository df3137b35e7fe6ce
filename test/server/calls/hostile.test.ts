/** What another client than dreamos' own may say to the calls, by an agent's own socket. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callPath, type Line, lineBytesHeader, ownVersion } from '../../../src/core/remote/protocol.ts';
import { takenBy } from '../../../src/server/calls/arguments.ts';
import { calls } from '../../../src/server/calls/table.ts';
import { removeScratch, scratch } from '../../scratch.ts';
import { createServed } from '../rig.ts';
import { callAt } from './rig.ts';

let served: Awaited<ReturnType<typeof createServed>>;
let folder: string;
beforeAll(async () => {
  folder = scratch();
  served = await createServed(['planner', 'reviewer', 'mallory'], { agentSockets: { folder, users: {} } });
});
afterAll(async () => {
  await served.close();
  removeScratch();
});

const called = (agent: string, call: string, args: unknown): Promise<Line> =>
  callAt(join(folder, agent, 'sock'), call, args);

const mark = (what: string, of: unknown = 0) => ({ '~': what, of });
const usage = { error: { of: { code: 'USAGE' } } };

test('no document but those of the root is looked up, however its name is said', async () => {
  mkdirSync(join(served.dir, 'elsewhere'));
  writeFileSync(join(served.dir, 'elsewhere', 'secret.json'), '{"key":"hidden"}');
  const name = '../elsewhere/secret';
  const startsWith = mark('function');
  for (const document of [
    name,
    [name],
    mark('error', { message: 'm', name, startsWith }),
    { name, startsWith, toString: mark('function') },
    mark('map', [[name, name]]),
    'agents/../../elsewhere/secret',
    'tokens',
    ['tokens'],
    'tasks/../../elsewhere/secret',
  ])
    for (const look of ['get', 'locate', 'revisions', 'revision']) {
      const line = await called('mallory', `-store.documents.${look}`, [document, look === 'revision' ? 1 : []]);
      expect([document, look, line]).toMatchObject([document, look, usage]);
    }
});

test('each look takes what it says and nothing else', async () => {
  const entry = { key: 'ready/p1/1/x', mailbox: 'mallory', id: 'x', state: 'ready' };
  for (const [look, args] of [
    ['documents.getAgent', [['mallory']]],
    ['documents.listAgents', [{}]],
    ['look.list', ['../mallory', 'ready']],
    ['look.list', ['mallory', '../x']],
    ['look.find', [{}]],
    ['look.read', [{ ...entry, key: ['../../x'] }]],
    ['look.read', [{ ...entry, mailbox: ['mallory'] }]],
    ['look.read', []],
    ['journal.claims', ['mallory', []]],
    ['journal.cursor', ['mallory', 'now']],
    ['presence.get', [{}]],
    ['reach.sessions', ['x']],
  ] as const)
    expect([look, await called('mallory', `-store.${look}`, args)]).toMatchObject([look, usage]);
  expect(await called('mallory', '-store.look.read', [entry])).not.toHaveProperty('error');
  expect(await called('mallory', '-store.documents.get', ['settings'])).not.toHaveProperty('error');
});

test('errors, integers of any length and functions in odd places are not taken over', { timeout: 5000 }, async () => {
  for (const odd of [mark('error', { message: 'x' }), mark('bigint', '9'.repeat(3_000_000)), mark('function')])
    expect(await called('mallory', 'agent.show', [odd])).toMatchObject(usage);
  expect(await called('mallory', 'agent.show', [{ toString: mark('function') }])).toMatchObject(usage);
});

test('a question may have as many bytes as it has said, in pieces as small as they like', async () => {
  const line = `${JSON.stringify({ v: ownVersion, call: '-store.documents.get', args: ['settings'.padEnd(70_000)] })}\n`;
  const asked = (said: number | undefined, piece: number): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const headers = {
        'content-type': 'application/jsonl',
        ...(said !== undefined && { [lineBytesHeader]: said }),
      };
      const socketPath = join(folder, 'mallory', 'sock');
      const sent = request({ socketPath, method: 'POST', path: callPath, headers, agent: false });
      sent.on('response', (response) => resolve(response.resume().statusCode)).on('error', reject);
      for (let at = 0; at < line.length; at += piece) sent.write(line.slice(at, at + piece));
      sent.end();
    });
  expect(await asked(line.length, 1)).toBe(200);
  expect(await asked(line.length, line.length)).toBe(200);
  expect(await asked(1000, line.length)).toBe(413);
  expect(await asked(undefined, line.length)).toBe(413);
  expect(await asked(65 * 1024 * 1024, 1000)).toBe(413);
});

/** Of each kind what is of another. */
const odd: Readonly<Record<string, unknown>> = {
  ...{ text: ['x'], number: 'x', texts: 'x', patterns: { x: 1 }, ids: 'some', list: {}, fields: 'x' },
  ...{ entry: { key: 'x' }, found: { entry: {}, message: {} } },
};
const good: Readonly<Record<string, unknown>> = {
  ...{ text: 'x', number: 1, texts: ['x'], patterns: 'x', ids: 'all', list: [], fields: {}, any: {} },
  ...{ entry: { key: 'x', mailbox: 'x', id: 'x', state: 'ready' } },
};

test('each argument of each call that is of another kind is refused by its name', { timeout: 60_000 }, async () => {
  for (const call of Object.keys(calls)) {
    const wanted = takenBy(call)?.split(' ').filter(Boolean) ?? expect.fail(`What ${call} takes is not said.`);
    const kindOf = (at: number): string => wanted[at]?.split(':')[1] ?? 'fields';
    const before = wanted.map((_, at) => good[kindOf(at)]);
    for (const [at, one] of wanted.entries()) {
      if (kindOf(at) === 'any') continue;
      const line = await called('mallory', call, [...before.slice(0, at), odd[kindOf(at)]]);
      const name = one.split(':')[0]?.replace('?', '') ?? '';
      const message = expect.stringContaining(`\`${name}\` of "${call}" has to be `) as string;
      expect([call, at, line]).toMatchObject([call, at, { error: { of: { code: 'USAGE', message } } }]);
    }
    expect([call, await called('mallory', call, [...before, 1])]).toMatchObject([call, usage]);
  }
});

test('so is each option that is of another kind', async () => {
  for (const [call, args, name] of [
    ['read', ['mallory', { waitMs: 'x' }], 'waitMs'],
    ['send', [{ to: 'planner', body: 'x' }, { waitMs: {} }], 'waitMs'],
    ['list', ['mallory', { filter: 'x' }], 'filter'],
    ['dlq.retry', ['mallory', 'all', { dryRun: 'x' }], 'dryRun'],
    ['nack', ['x', { reason: 1 }], 'reason'],
  ] as const) {
    const message = expect.stringContaining(`\`${name}\` of "${call}"`) as string;
    expect([call, await called('mallory', call, args)]).toMatchObject([
      call,
      { error: { of: { code: 'USAGE', message } } },
    ]);
  }
});
