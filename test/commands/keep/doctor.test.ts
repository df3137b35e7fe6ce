import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ownVersion } from '../../../src/core/remote/protocol.ts';
import type { Session } from '../../../src/core/root/root.ts';
import { must } from '../../core/rig.ts';
import { removeScratch, scratch } from '../../scratch.ts';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});
afterEach(removeScratch);

test('doctor on a sound root finds nothing wrong', async () => {
  expect(await rig.dreamos('doctor')).toMatchObject({ code: 0, err: 'Nothing is wrong.\n' });
});

test('doctor says in its last line that there are warnings', async () => {
  await rig.dreamos('send reviewer hello --as planner');
  rig.time.nowMs += 2 * 3_600_000;
  expect(await rig.dreamos('doctor')).toMatchObject({ code: 0, err: 'Nothing is wrong, but there is 1 warning.\n' });
});

test('doctor names --fix where it can repair something, and only there', async () => {
  const env = { DREAMOS_LEASE: 'soon' };
  const { code, err } = await rig.dreamos('doctor', { env });
  expect({ code, err }).toMatchObject({ code: 6, err: expect.stringContaining('Next: What each finding says') });
  expect(err).not.toContain('--fix');
  const onRoot = ({ store }: Session): void => {
    vi.spyOn(must(store.upkeep), 'inspect').mockImplementation(async function* () {
      yield { rule: 'folder', level: 'problem', message: 'The folder tmp/ is missing.', fixed: false };
    });
  };
  expect((await rig.dreamos('doctor', { onRoot })).err).toContain('Next: dreamos doctor --fix');
});

test('through a server doctor says where it repairs something, which is not done there', async () => {
  const socket = join(scratch(), 's');
  const next = 'dreamos doctor --fix; or remove it';
  const finding = {
    rule: 'folder',
    level: 'problem',
    message: 'The folder tmp/ is missing.',
    fixed: false,
    hint: next,
  };
  const lines = [{ end: { path: '/far/root', version: ownVersion } }, { item: finding }];
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/jsonl' });
    response.end([lines.shift(), { end: null }].map((line) => `${JSON.stringify(line)}\n`).join(''));
  });
  await new Promise<void>((resolve) => void server.listen(socket, resolve));
  const { code, err, json } = await rig.dreamos('doctor --json', { env: { DREAMOS_SERVER: `unix:${socket}` } });
  server.close();
  server.closeAllConnections();
  const there = "DREAMOS_SERVER='' dreamos doctor --fix --root /far/root";
  expect(json).toMatchObject([{ hint: `${there}; or remove it` }]);
  expect({ code, error: JSON.parse(err) as unknown }).toMatchObject({ code: 6, error: { error: { hint: there } } });
});
