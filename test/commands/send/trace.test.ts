import { beforeEach, expect, test } from 'vitest';
import { type Rig, createRig } from '../rig.ts';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const other = '00-11111111111111111111111111111111-2222222222222222-00';
const env = { TRACEPARENT: traceparent, TRACESTATE: 'a=1' };

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

async function next(mailbox = 'reviewer'): Promise<Record<string, unknown>> {
  const { json } = await rig.dreamos(['read', mailbox, '--json']);
  return json[0]?.['message'] as Record<string, unknown>;
}

test.for(['send reviewer hello --as planner', 'publish build.done hello --as planner'])(
  '"%s" takes the trace of its environment along, and show says it',
  async (line) => {
    await rig.dreamos('subscribe build.* --as reviewer');
    const { out } = await rig.dreamos(line, { env });
    expect(await next()).toMatchObject({ traceparent, tracestate: 'a=1' });
    expect((await rig.dreamos(`show ${out.trim()}`)).out).toMatch(new RegExp(`^Trace: +${traceparent}$`, 'm'));
    await rig.dreamos(line);
    expect(await next()).not.toHaveProperty('traceparent');
  },
);

test('what is no traceparent is passed over with a warning, and the message is sent', async () => {
  const { code, err } = await rig.dreamos('send reviewer hello --as planner', {
    env: { TRACEPARENT: 'my-trace', TRACESTATE: 'a=1' },
  });
  expect(code).toBe(0);
  expect(err).toContain('"my-trace" is no traceparent');
  const message = await next();
  for (const field of ['traceparent', 'tracestate']) expect(message).not.toHaveProperty(field);
});

test('of a batch each line has its own trace, else that of the environment', async () => {
  const lines = [{ body: 'a' }, { body: 'b', traceparent: other }].map((line) => JSON.stringify(line)).join('\n');
  await rig.dreamos('send reviewer --batch --as planner', { env: { TRACEPARENT: traceparent }, stdin: lines });
  expect([(await next())['traceparent'], (await next())['traceparent']]).toEqual([traceparent, other]);
});

test('an answer is in the trace of what it answers, unless its sender is in another', async () => {
  for (const [answerer, expected] of [
    [{}, { traceparent, tracestate: 'a=1' }],
    [{ TRACEPARENT: other }, { traceparent: other }],
  ] as const) {
    await rig.dreamos('send reviewer hello --as planner', { env });
    const { id } = await next();
    await rig.dreamos(['reply', String(id), 'yes', '--as', 'reviewer'], { env: answerer });
    const { traceparent: its, tracestate } = await next('planner');
    expect({ traceparent: its, ...(tracestate !== undefined && { tracestate }) }).toEqual(expected);
  }
});

test('a repeat under a dedupe key is one, whatever trace it is in', async () => {
  await rig.dreamos('send reviewer hello --as planner --dedupe-key k', { env });
  const { code, err } = await rig.dreamos('send reviewer hello --as planner --dedupe-key k', {
    env: { TRACEPARENT: other },
  });
  expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining('nothing new was sent') as string });
});

test('a schedule is in no trace', async () => {
  const line = ['schedule', 'add', 'hourly', '0 * * * *', 'reviewer', 'hello', '--as', 'planner'];
  expect((await rig.dreamos(line, { env })).code).toBe(0);
  const { out } = await rig.dreamos('schedule show hourly --json');
  expect(out).toContain('"body":"hello"');
  expect(out).not.toContain('traceparent');
});
