import { expect, test } from 'vitest';
import { Context } from '../../src/cli/context.ts';
import { noteEnd } from '../../src/cli/security/audited.ts';
import { listAudit } from '../../src/core/audit/list.ts';
import { orNote } from '../../src/hooks/hook.ts';
import { DreamosError } from '../../src/model/errors.ts';
import { createCoreRig, gather } from '../core/rig.ts';

test('what a hook is denied the audit has, since who runs it has nothing of its errors', async () => {
  const { root } = await createCoreRig();
  const context = new Context({ env: {}, cwd: () => '/work', openRoot: async () => root } as never);
  context.verb = 'hook';
  await orNote(context, 'codex', () => Promise.reject(new DreamosError('denied', 'FORBIDDEN', 'no')));
  await noteEnd(context, undefined);
  expect(await gather(listAudit(root, { denied: true }))).toMatchObject([{ op: 'hook', code: 'FORBIDDEN' }]);
});
