import { expect, test } from 'vitest';
import { handlerEnv } from '../../../src/cli/handler/handler-env.ts';
import { createCoreRig, must } from '../../core/rig.ts';
import { send } from '../../../src/core/send/send.ts';
import { readNext } from '../../../src/core/take/read.ts';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

test('a handler is in the trace of its message, and never in the one that the worker was started in', async () => {
  const rig = await createCoreRig();
  await send(rig.root, { to: 'reviewer', body: 'x' });
  const job = must(await readNext(rig.as('reviewer'), 'reviewer'));
  const env = { TRACEPARENT: 'the worker', TRACESTATE: 'the worker', PATH: '/bin' };
  const tracedEnv = handlerEnv(env, rig.root, job, { traceparent, tracestate: 'a=1' });
  expect(tracedEnv).toMatchObject({ TRACEPARENT: traceparent, TRACESTATE: 'a=1', PATH: '/bin' });
  expect(handlerEnv(env, rig.root, job, { traceparent })).not.toHaveProperty('TRACESTATE');
  const plain = handlerEnv(env, rig.root, job, undefined);
  for (const name of ['TRACEPARENT', 'TRACESTATE']) expect(plain).not.toHaveProperty(name);
});
