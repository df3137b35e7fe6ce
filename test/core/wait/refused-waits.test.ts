import { beforeEach, expect, test } from 'vitest';
import { listen } from '../../../src/core/follow/listen.ts';
import { until } from '../../../src/core/follow/until.ts';
import { watch } from '../../../src/core/follow/watch.ts';
import { peek } from '../../../src/core/look/peek.ts';
import type { Session } from '../../../src/core/root/root.ts';
import { request } from '../../../src/core/send/request.ts';
import { send } from '../../../src/core/send/send.ts';
import { consume } from '../../../src/core/take/consume.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { publish } from '../../../src/core/topics/publish.ts';
import { work } from '../../../src/core/work/work.ts';
import { type CoreRig, createCoreRig, expectRefusal, gather, must } from '../rig.ts';

let rig: CoreRig;
beforeEach(async () => (rig = await createCoreRig()));

const to = 'reviewer';
const body = 'x';
const waits: Record<string, (session: Session, options: { waitMs: number }) => Promise<unknown>> = {
  read: (session, options) => readNext(session, to, options),
  consume: (session, options) => gather(consume(session, to, options)),
  peek: (session, options) => peek(session, to, options),
  work: (session, options) => work(session, to, () => undefined, options),
  request: (session, options) => request(session, { to, body }, options),
  until: async (session, options) => until(session, (await send(rig.as('Builder'), { to, body })).id, 'acked', options),
  watch: (session, options) => gather(watch(session, options)),
  listen: (session, options) => gather(listen(session, 'a.>', options)),
  send: (session, options) => send(session, { to, body }, options),
  publish: (session, options) => publish(session, 'a.b', { body }, options),
};

test.each(Object.keys(waits).flatMap((name) => [NaN, -5, '1s'].map((waitMs) => [name, waitMs] as const)))(
  '%s that is to wait for %j is refused at once, not waited for in vain',
  async (name, waitMs) => {
    await expectRefusal(must(waits[name])(rig.root, { waitMs: waitMs as number }), 'USAGE');
  },
);

test('a worker without a handler is refused before it claims anything', async () => {
  await send(rig.root, { to, body });
  await expectRefusal(work(rig.root, to, undefined as never, { count: 1 }), 'USAGE');
  expect(await peek(rig.root, to)).toMatchObject([{ attempt: 0 }]);
});
