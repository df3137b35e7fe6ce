import { chownSync, realpathSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findFileRoot, initFileStore } from '../../../src/storage/file/find-root.ts';
import { notRoot, said, skips } from '../../lack.ts';
import { expectRefusal, refusal } from '../contract/rig.ts';
import { scratch } from './room.ts';

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
});
