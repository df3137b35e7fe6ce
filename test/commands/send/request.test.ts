import { beforeEach, expect, test } from 'vitest';
import { meanwhile, type Rig, closedPipe, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

const answer = async () => rig.dreamos(['reply', await rig.claimed(), 'forty-two', '--ack']);

test('request prints the answer as read prints a message, and acks it', async () => {
  const { code, out, err } = await meanwhile(rig, 'request reviewer question --as planner --wait 20s', answer);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/^From: +reviewer\n/);
  expect(out).toContain('```\nforty-two\n```');
  expect(await rig.root.store.look.counts('planner')).toMatchObject({ archived: 1, inflight: 0 });
});

test('who reads a request sees until when an answer is waited for', async () => {
  await rig.dreamos('request reviewer question --as planner --wait 20ms --ordering-key k');
  expect((await rig.dreamos('peek reviewer')).out).toMatch(/^Ordering key: +k$/m);
  expect((await rig.dreamos('peek reviewer')).out).toMatch(/^Answer by: +2026-11-20T09:00:00\.020Z \(in 20ms\)$/m);
});

test('request --json prints the answer with the id of the request', async () => {
  const { json } = await meanwhile(rig, 'request reviewer question --as planner --wait 20s --json', answer);
  expect(json).toEqual([
    { request: expect.any(String), mailbox: 'planner', message: expect.objectContaining({ body: 'forty-two' }) },
  ]);
  const [{ request, message } = {}] = json;
  expect(message).toMatchObject({ replyTo: request });
});

test('request without an answer is exit 3, and says where a later one is to be had', async () => {
  const { code, out, err } = await rig.dreamos('request reviewer question --as planner --wait 20ms --json');
  expect({ code, out }).toEqual({ code: 3, out: '' });
  const { error } = JSON.parse(err) as { error: { code: string; message: string; hint: string } };
  expect(error).toMatchObject({ code: 'NOTHING_THERE', message: expect.stringContaining('within 20ms') as string });
  await answer();
  const { json } = await rig.dreamos([...error.hint.split(' ').slice(1), '--json']);
  expect(json).toMatchObject([{ message: { body: 'forty-two' } }]);
});

test('an answer that could not be written out is not acked', async () => {
  const terms = { stdout: closedPipe() };
  const { code, err } = await meanwhile(rig, 'request reviewer question --as planner --wait 20s', answer, terms);
  expect(code).toBe(7);
  expect(err).toContain('so it is not acked');
  expect(await rig.root.store.look.counts('planner')).toMatchObject({ archived: 0, inflight: 1 });
});

test('an interrupted request says that it is sent', async () => {
  const interrupt = new AbortController();
  const stop = async () => interrupt.abort(130);
  const line = 'request reviewer question --as planner --wait 1h';
  const { code, out, err } = await meanwhile(rig, line, stop, { signal: interrupt.signal });
  expect({ code, out }).toEqual({ code: 130, out: '' });
  expect(err).toMatch(/^The request \w{26} is sent/);
});

test.each([
  ['request reviewer x --as stranger', 4, 'stranger is not registered'],
  ['request reviewer x', 2, 'not known who asks'],
  ['request revewer x --as planner', 4, 'Did you mean'],
  ['request reviewer x --as planner --wait 13h', 2, 'at most 12h'],
  ['request reviewer x --as planner --dedupe-key k', 2, '--dedupe-key'],
  ['request reviewer x --as planner --delay 1s', 2, '--delay'],
  ['request reviewer x --as planner --at 2030-01-01T00:00Z', 2, '--at'],
])('%s is exit %i', async (line, code, words) => {
  const ended = await rig.dreamos(line);
  expect({ code: ended.code, out: ended.out }).toEqual({ code, out: '' });
  expect(ended.err).toContain(words);
  expect(await rig.root.store.look.counts('reviewer')).toMatchObject({ ready: 0 });
});
