import { dirname } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { moveRoot } from '../../../src/core/move/move.ts';
import { init } from '../../../src/library/library.ts';
import { fileMoveSource } from '../../../src/storage/file/move/source.ts';
import { removeScratch, scratch } from '../../scratch.ts';

afterAll(removeScratch);

test('a move that was cut off is ended by nobody but who may move the root', async () => {
  const who = { root: scratch(), env: {}, warn: () => undefined };
  const mail = await init({ ...who, as: 'lead', agents: ['lead', 'ann'] });
  const self = { allow: { read: ['$self'] } };
  const roles = { all: { allow: { '*': ['*'] } }, self };
  await mail.policy.set({ roles, everyone: ['self'], agents: { lead: ['all'] } }, {});
  await mail.close();
  const { path: root } = mail;
  const at = { root, cwd: dirname(root), env: {} };
  const source = await fileMoveSource(at);
  await source.begin(`file:${scratch()}`);
  await source.freeze();
  await source.close();
  for (const how of ['resume', 'abort'] as const)
    await expect(moveRoot({ ...at, as: 'ann', how })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  expect(await moveRoot({ ...at, as: 'lead', how: 'abort' })).toMatchObject({ state: 'aborted' });
});
