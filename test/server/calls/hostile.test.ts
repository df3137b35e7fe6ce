/** What another client than dreamos' own may say to the calls, by an agent's own socket. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callPath, type Line, lineBytesHeader, ownVersion } from '../../../src/core/remote/protocol.ts';
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
