import { chownSync, lchownSync, mkdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findFileRoot } from '../../../src/storage/file/find-root.ts';
import { initFileStore } from '../../../src/storage/file/make-root.ts';
import { notRoot, said, skips } from '../../lack.ts';
import { expectRefusal, refusal } from '../contract/rig.ts';
import { scratch } from '../../scratch.ts';

describe('a root', () => {
  test.skipIf(skips(notRoot))(said('that another user owns is refused, also through a link', notRoot), async () => {
    const dir = realpathSync(scratch());
    const { path: root } = await initFileStore({ cwd: dir, env: {} });
    chownSync(root, 12_345, 12_345);
    const link = join(scratch(), 'link');
    symlinkSync(root, link);
    for (const options of [{ cwd: dir }, { root: link, cwd: '/' }]) {
      const refused = await refusal(findFileRoot({ ...options, env: {} }));
      expect(refused.code).toBe('ROOT_NOT_YOURS');
      expect(refused.message).toContain('12345');
    }
    await expectRefusal(initFileStore({ cwd: dir, env: {} }), 'ROOT_NOT_YOURS');
  });

  test.skipIf(skips(notRoot))(said('of another user above does not count, and is told', notRoot), async () => {
    const dir = realpathSync(scratch());
    const { path: own } = await initFileStore({ cwd: dir, env: {} });
    const shared = join(dir, 'shared');
    const mine = join(shared, 'mine');
    mkdirSync(mine, { recursive: true });
    const foreign = join(shared, 'runtime', 'agent_comms');
    mkdirSync(foreign, { recursive: true });
    writeFileSync(join(foreign, 'format.json'), '{"format":"dreamos","version":1}');
    chownSync(foreign, 12_345, 12_345);
    const warnings: string[] = [];
    const at = { cwd: mine, env: {}, warn: (message: string) => void warnings.push(message) };
    expect(await findFileRoot(at)).toMatchObject({ path: own });
    expect(warnings).toEqual([expect.stringMatching(`${foreign} belongs to another user .*12345.* passed over`)]);

    rmSync(join(dir, 'runtime'), { recursive: true });
    const none = await refusal(findFileRoot(at));
    expect(none).toMatchObject({ code: 'ROOT_NOT_YOURS', kind: 'disk' });
    expect(none.hint).toMatch(/dreamos init.*`root`.*sudo -u '#12345'/);
    warnings.length = 0;
    expect(await initFileStore({ ...at, root: join(mine, 'mail') })).toMatchObject({ created: true });
    expect(await initFileStore(at)).toMatchObject({ path: join(mine, 'runtime', 'agent_comms'), created: true });
    expect(warnings).toEqual([expect.stringContaining(foreign)]);
    await expectRefusal(initFileStore({ cwd: shared, env: {} }), 'ROOT_NOT_YOURS');
  });

  test.skipIf(skips(notRoot))(said("is not found through another user's link above", notRoot), async () => {
    const { path: own } = await initFileStore({ cwd: realpathSync(scratch()), env: {} });
    for (const place of ['runtime', 'runtime/agent_comms']) {
      const dir = realpathSync(scratch());
      const link = join(dir, place);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(place === 'runtime' ? dirname(own) : own, link);
      expect((await findFileRoot({ cwd: dir, env: {} })).path).toBe(own);
      lchownSync(link, 12_345, 12_345);
      await expectRefusal(findFileRoot({ cwd: dir, env: {} }), 'ROOT_NOT_YOURS');
      expect((await findFileRoot({ root: dir, cwd: '/', env: {} })).path).toBe(own);
    }
  });
});
