import { expect, test, vi } from 'vitest';
import { retireAgent } from '../../../src/core/agents/agents.ts';
import { list } from '../../../src/core/look/list.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { reply } from '../../../src/core/send/reply.ts';
import { ask, request } from '../../../src/core/send/request.ts';
import { send } from '../../../src/core/send/send.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import { expectRefusal, gather, must, refusal } from '../rig.ts';
import { soFar, useStillTime } from '../still-time.ts';

const still = useStillTime();

const reviewer = () => still.rig.as('reviewer');

/** The reviewer takes the next request and answers it. */
async function answer(body: string): Promise<string> {
  const { receipt } = must(await readNext(reviewer(), 'reviewer'));
  return (await reply(reviewer(), receipt, { body }, { ack: true })).id;
}

test('the answer comes to the request by push, acked, and to no other reader of the mailbox', async () => {
  const { root } = still.rig;
  const asking = request(root, { to: 'reviewer', body: 'What is it?' });
  const reading = readNext(root, 'planner', { waitMs: 60_000 });
  expect(await soFar(asking)).toBe('waiting');
  await answer('42');
  expect(await soFar(asking)).toMatchObject({ from: 'reviewer', body: '42' });
  expect(await soFar(reading)).toBe('waiting');
  expect(await root.store.look.counts('planner')).toMatchObject({ archived: 1, ready: 0, delayed: 0, inflight: 0 });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await reading).toBeUndefined();
});

test('the request says until when an answer is waited for', async () => {
  const asking = request(still.rig.root, { to: 'reviewer', body: 'x' }, { waitMs: 5000 });
  await soFar(asking);
  const { message } = must(await readNext(reviewer(), 'reviewer'));
  expect(message.replyBy).toBe('2026-11-20T09:00:05.000Z');
  await vi.advanceTimersByTimeAsync(5000);
  expect(await asking).toBeUndefined();
});

test('an answer that comes too late is ordinary mail', async () => {
  const asking = request(still.rig.root, { to: 'reviewer', body: 'x' }, { waitMs: 5000 });
  await vi.advanceTimersByTimeAsync(5000);
  expect(await asking).toBeUndefined();
  await answer('late');
  expect(must(await readNext(still.rig.root, 'planner')).message.body).toBe('late');
});

test('of several answers the first is taken, and the rest goes to the mailbox', async () => {
  const asking = request(still.rig.root, { to: ['reviewer', 'Builder'], body: 'x' });
  await soFar(asking);
  const { message } = must(await readNext(reviewer(), 'reviewer'));
  const answers = [still.rig.as('Builder'), reviewer()].map((root, n) => ({
    root,
    draft: { to: 'planner', body: `answer ${n}`, replyTo: message.id },
  }));
  await Promise.all(answers.map(({ root, draft }) => send(root, draft)));
  expect(await soFar(asking)).toMatchObject({ body: 'answer 0' });
  expect(must(await readNext(still.rig.root, 'planner')).message.body).toBe('answer 1');
});

test('an answer that is there before the request begins to wait is not missed', async () => {
  const { root } = still.rig;
  const asking = still.rig.as('planner');
  const deliver = asking.store.mail.send.bind(asking.store);
  vi.spyOn(asking.store.mail, 'send').mockImplementation(async (...args) => {
    const results = await deliver(...args);
    await answer('at once');
    return results;
  });
  expect(await soFar(request(asking, { to: 'reviewer', body: 'x' }))).toMatchObject({ body: 'at once' });
  expect(await readNext(root, 'planner')).toBeUndefined();
});

test('two requests at the same time each get their own answer', async () => {
  const { root } = still.rig;
  const [one, two] = [request(root, { to: 'reviewer', body: 'a' }), request(root, { to: 'reviewer', body: 'b' })];
  await soFar(two);
  const first = must(await readNext(reviewer(), 'reviewer'));
  const second = must(await readNext(reviewer(), 'reviewer'));
  for (const { receipt, message } of [second, first]) await reply(reviewer(), receipt, { body: `to ${message.body}` });
  expect((await one)?.body).toBe('to a');
  expect((await two)?.body).toBe('to b');
});

test('Ctrl-C ends the wait, and an answer that is on its way goes to the mailbox', async () => {
  const interrupt = new AbortController();
  const asking = ask(still.rig.root, { to: 'reviewer', body: 'x' }, { signal: interrupt.signal });
  await soFar(asking);
  interrupt.abort();
  expect((await asking).answer).toBeUndefined();
  await answer('later');
  expect(await gather(list(still.rig.root, 'planner'))).toMatchObject([{ state: 'ready' }]);
});

test('an answer that was taken and not acked comes again as ordinary mail', async () => {
  const asking = ask(still.rig.root, { to: 'reviewer', body: 'x' });
  await soFar(asking);
  await answer('42');
  expect((await asking).answer?.message.body).toBe('42');
  vi.setSystemTime(Date.now() + 15 * 60_000);
  expect(must(await readNext(still.rig.root, 'planner'))).toMatchObject({ attempt: 2, message: { body: '42' } });
});

test('the answers of a requester that died are ordinary mail soon after its time is over', async () => {
  const dead = still.rig.as('planner');
  vi.spyOn(dead.store.mail, 'closeInbox').mockRejectedValue(new DreamosError('disk', 'DISK_FAILED', 'It died.'));
  const asking = request(dead, { to: 'reviewer', body: 'x' }, { waitMs: 5000 });
  await vi.advanceTimersByTimeAsync(5000);
  await asking;
  expect(still.rig.warnings.join()).toContain('is closed by the next reader of planner');
  await answer('for nobody');
  expect(await readNext(still.rig.root, 'planner')).toBeUndefined();
  const reading = readNext(still.rig.root, 'planner', { waitMs: 60_000 });
  await vi.advanceTimersByTimeAsync(2001);
  expect(await soFar(reading)).toMatchObject({ message: { body: 'for nobody' } });
});

test('who has no mailbox for an answer cannot ask, and nothing is sent', async () => {
  const error = await refusal(request(still.rig.as('stranger'), { to: 'reviewer', body: 'x' }));
  expect(error).toMatchObject({ code: 'AGENT_NOT_FOUND', hint: 'dreamos agent register stranger' });
  expect(error.message).toContain('no mailbox for an answer');
  await expectRefusal(request(still.rig.as(undefined), { to: 'reviewer', body: 'x' }), 'USAGE');
  await retireAgent(still.rig.root, 'Builder');
  await expectRefusal(request(still.rig.as('Builder'), { to: 'reviewer', body: 'x' }), 'AGENT_RETIRED');
  expect(await readNext(reviewer(), 'reviewer')).toBeUndefined();
});

test.for([{ waitMs: 0 }, { waitMs: 12 * 3_600_000 + 1 }, { waitMs: Number.NaN }])(
  'a wait of %o is refused',
  (options) => expectRefusal(request(still.rig.root, { to: 'reviewer', body: 'x' }, options), 'USAGE'),
);

test('a request cannot be repeated or delayed', async () => {
  const draft = { to: 'reviewer', body: 'x' };
  await expectRefusal(request(still.rig.root, { ...draft, dedupeKey: 'k' } as typeof draft), 'USAGE');
  await expectRefusal(request(still.rig.root, { ...draft, delayMs: 5 } as typeof draft), 'USAGE');
  await expectRefusal(request(still.rig.root, { ...draft, at: Date.now() + 5 } as typeof draft), 'USAGE');
});

test('a request that is refused leaves no inbox behind', async () => {
  await expectRefusal(request(still.rig.root, { to: 'revewer', body: 'x' }), 'AGENT_NOT_FOUND');
  expect(still.rig.mail.inboxes.get('planner')?.size).toBe(0);
});

test.each(['ROOT_MOVED', 'ENGINE_UNREACHABLE', 'DISK_FAILED'] as const)(
  'a request that ends in %s while it waits says that it is sent, and not to try again',
  async (code) => {
    const kind = code === 'ROOT_MOVED' ? 'conflict' : code === 'DISK_FAILED' ? 'disk' : 'unreachable';
    const failed = new DreamosError(kind, code, 'It is not there.', { hint: 'The same again' });
    const { root } = still.rig;
    vi.spyOn(root.store.mail, 'claim').mockRejectedValue(failed);
    const asking = refusal(request(root, { to: 'reviewer', body: 'x' }, { waitMs: 1000 }));
    await vi.advanceTimersByTimeAsync(2000);
    const { message, hint, ...error } = await asking;
    vi.mocked(root.store.mail.claim).mockRestore();
    const sent = must(await readNext(reviewer(), 'reviewer')).message;
    expect(error).toMatchObject({ kind, code });
    expect(message).toBe(
      `The request ${sent.id} is sent, but its answer cannot be waited for any longer: It is not there.`,
    );
    expect(hint).toBe(`Do not send it again; what has become of it: dreamos thread ${sent.id}`);
  },
);
