import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { notRoot, said, skips } from '../lack.ts';
import { expectRefusal, test, tree } from './rig.ts';

const nobody = 65_534;

describe.concurrent('roots', () => {
  // Only root can start a process of another user.
  test.skipIf(skips(notRoot))(said('a root that another user owns is refused', notRoot), async ({ rig }) => {
    const before = tree(rig.root);
    chmodSync(rig.dir, 0o755);
    for (const dir of ['runtime', 'runtime/agent_comms']) chmodSync(join(rig.dir, dir), 0o755);
    chmodSync(join(rig.root, 'format.json'), 0o644);
    const ended = await rig.dreamos('status --json', { uid: nobody });
    expectRefusal(ended, { exit: 7, code: 'ROOT_NOT_YOURS', names: rig.root, next: '--root' });
    chmodSync(join(rig.root, 'format.json'), 0o600);
    chmodSync(rig.root, 0o700);
    expect(tree(rig.root)).toEqual(before);
  });

  test.skipIf(skips(notRoot))(
    said("another user's root above, which cannot even be looked into, keeps nobody from a root of his own", notRoot),
    async ({ rig }) => {
      const own = join(rig.dir, 'own');
      mkdirSync(own);
      chownSync(own, nobody, nobody);
      chmodSync(rig.dir, 0o755);
      const as = { uid: nobody, cwd: own };
      const none = await rig.dreamos('status --json', as);
      expectRefusal(none, { exit: 7, code: 'ROOT_NOT_YOURS', names: rig.root, next: /dreamos init.*sudo -u '#0'/ });
      const made = await rig.dreamos('init ann', as);
      expect(made).toMatchObject({ code: 0, out: expect.stringContaining(join(own, 'runtime')) as string });
      expect(made.err).toContain(
        `Warning: The root ${rig.root} belongs to another user (uid 0, you are ${nobody}). It was passed over.`,
      );
      expect(await rig.dreamos('send ann hello --as ann', as)).toMatchObject({ code: 0, err: '' });
    },
  );
});
