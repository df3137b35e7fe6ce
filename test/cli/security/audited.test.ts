import { expect, test } from 'vitest';
import { Context } from '../../../src/cli/context.ts';
import { noteEnd } from '../../../src/cli/security/audited.ts';
import { listAudit } from '../../../src/core/audit/list.ts';
import type { OpenOptions } from '../../../src/core/open-root.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import { createCoreRig, gather } from '../../core/rig.ts';

function moved(openRoot: (options: OpenOptions) => unknown): { context: Context; warned: string[] } {
  const around = { env: {}, cwd: () => '/work', signal: new AbortController().signal, openRoot };
  const context = new Context(around as never);
  const warned: string[] = [];
  context.output.warn = async (text) => void warned.push(text);
  context.options = { root: 'redis://here:6379/0#01JD3Y6Q0V8M5T2B7K9XWZ4RCE' };
  context.verb = 'move';
  return { context, warned };
}

test('a move that cannot be noted is a warning, and done all the same', async () => {
  const gone = new DreamosError('conflict', 'ROOT_MOVED', 'It is elsewhere.');
  const { context, warned } = moved(() => Promise.reject(gone));
  await noteEnd(context, undefined);
  expect(warned).toEqual(['It is done, but the audit could not be written: It is elsewhere.']);
});

test('a move is noted where the root is by then', async () => {
  const { root } = await createCoreRig();
  const opened: unknown[] = [];
  const { context } = moved((options) => (opened.push(options.root), Promise.resolve(root)));
  context.at = '/mnt/mail';
  await noteEnd(context, undefined);
  expect(opened).toEqual(['/mnt/mail']);
  expect(await gather(listAudit(root))).toMatchObject([{ op: 'move', result: 'done' }]);
});
