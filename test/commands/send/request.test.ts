import { beforeEach, expect, test, vi } from 'vitest';
import { type Rig, closedPipe, createRig, type Result, type Terms } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

/** Runs a command, and, once it has sent something to the reviewer, `work`. */
async function meanwhile(
  line: string | readonly string[],
  work: () => Promise<unknown>,
  terms: Terms = {},
): Promise<Result> {
  const running = rig.dreamos(line, terms);
  while ((await rig.root.store.counts('reviewer')).ready === 0) {
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
  await work();
  return running;
}

const answer = async () => rig.dreamos(['reply', await rig.claimed(), 'forty-two', '--ack']);

test('request prints the answer as read prints a message, and acks it', async () => {
  const { code, out, err } = await meanwhile('request reviewer question --as planner --wait 20s', answer);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/^From: +reviewer\n/);
  expect(out).toContain('```\nforty-two\n```');
  expect(await rig.root.store.counts('planner')).toMatchObject({ archived: 1, inflight: 0 });
});

test('who reads a request sees until when an answer is waited for', async () => {
  await rig.dreamos('request reviewer question --as planner --wait 20ms --ordering-key k');
  expect((await rig.dreamos('peek reviewer')).out).toMatch(/^Ordering key: +k$/m);
  expect((await rig.dreamos('peek reviewer')).out).toMatch(/^Answer by: +2026-11-20T09:00:00\.020Z \(in 20ms\)$/m);
});

test('request --json prints the answer with the id of the request', async () => {
  const { json } = await meanwhile('request reviewer question --as planner --wait 20s --json', answer);
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
  const { code, err } = await meanwhile('request reviewer question --as planner --wait 20s', answer, terms);
  expect(code).toBe(7);
  expect(err).toContain('so it is not acked');
  expect(await rig.root.store.counts('planner')).toMatchObject({ archived: 0, inflight: 1 });
});

test('an interrupted request says that it is sent', async () => {
  const interrupt = new AbortController();
  const stop = async () => interrupt.abort(130);
  const line = 'request reviewer question --as planner --wait 1h';
  const { code, out, err } = await meanwhile(line, stop, { signal: interrupt.signal });
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
  expect(await rig.root.store.counts('reviewer')).toMatchObject({ ready: 0 });
});

test('send --until prints the id first, then waits', async () => {
  let seen = '';
  const terms = { onOutput: (text: string) => void (seen = text) };
  const { code, out } = await meanwhile(
    'send reviewer hello --as planner --until claimed --wait 20s',
    async () => {
      await vi.waitUntil(() => /^\w{26}\n$/.test(seen));
      await rig.claimed();
    },
    terms,
  );
  expect({ code, out }).toEqual({ code: 0, out: seen });
});

test('send --until that is not met in time is exit 3 and names who is open', async () => {
  const { code, out, err } = await rig.dreamos('send reviewer,planner hello --as planner --until acked --wait 20ms');
  expect(code).toBe(3);
  expect(out).toMatch(/^\w{26}\n$/);
  expect(err).toBe(`${out.trim()} is sent, but within 20ms it was not acked in: reviewer, planner.\n`);
});

test('send --until acked of what dies is exit 5 with the reason', async () => {
  const { code, err } = await meanwhile('send reviewer hello --as planner --until acked --wait 20s', async () =>
    rig.dreamos(['nack', await rig.claimed(), '--dead', '--reason', 'no good']),
  );
  expect(code).toBe(5);
  expect(err).toMatch(/dead-letter queue of reviewer: no good\.\n {2}Next: dreamos dlq show reviewer \w{26}\n$/);
});

test.each([
  ['send reviewer hello --as planner --until read', '"read" is not a --until'],
  ['send reviewer --batch --as planner --until acked', '--until waits for one message'],
])('%s is a usage error', async (line, words) => {
  const { code, err } = await rig.dreamos(line);
  expect(code).toBe(2);
  expect(err).toContain(words);
});

async function life(): Promise<string> {
  const id = await rig.sent(['send', 'reviewer', 'hello', '--as', 'planner', '--subject', 'A; "b" <c> #d']);
  rig.time.nowMs += 2000;
  const receipt = await rig.claimed();
  rig.time.nowMs += 3000;
  await rig.dreamos(['nack', receipt, '--reason', 'red', '--delay', '0', '--as', 'worker;end']);
  return id;
}

test('trace is a timeline', async () => {
  const id = await life();
  const { out, err } = await rig.dreamos(`trace ${id}`);
  expect(err).toBe('');
  expect(out).toBe(`${id}  from planner to reviewer: A; "b" <c> #d

2026-11-20T09:00:00.000Z    +0ms  reviewer    delivered
2026-11-20T09:00:02.000Z     +2s  reviewer    claimed by reviewer, attempt 1, after 2s
2026-11-20T09:00:05.000Z     +5s  reviewer    nacked by worker;end, attempt 1, held 3s (red)

Now: ready in reviewer
`);
});

test('trace --mermaid is a sequence diagram in which no name can do harm', async () => {
  const { out } = await rig.dreamos(`trace ${await life()} --mermaid`);
  expect(out).toBe(`sequenceDiagram
    participant p0 as planner
    participant p1 as reviewer
    p0->>p1: delivered A#59; #34;b#34; #60;c#62; #35;d
    Note over p1: claimed, attempt 1, after 2s
    Note over p1: nacked, by worker#59;end, attempt 1, held 3s, (red)
`);
});

test('trace --json is an object an event; what the log lost is a warning', async () => {
  const id = await life();
  const { json } = await rig.dreamos(`trace ${id} --json`);
  expect(json).toMatchObject([
    { event: 'delivered', sinceStartMs: 0, sinceLastMs: null },
    { event: 'claimed', sinceStartMs: 2000, sinceLastMs: 2000 },
    { event: 'nacked', heldMs: 3000, reason: 'red' },
  ]);
  const { code, err } = await rig.dreamos('trace 01JD3Y6Q0V8M5T2B7K9XWZ4RCE');
  expect(code).toBe(4);
  expect(err).toContain('There is no message');
  expect((await rig.dreamos(`trace ${id} --json --mermaid`)).code).toBe(2);
  expect((await rig.dreamos('trace hello')).code).toBe(2);
});

test('thread shows a conversation, its bodies cut and harmless', async () => {
  const id = await rig.sent();
  rig.time.nowMs += 1000;
  const body = `\u001B[31mred\n${'x'.repeat(200)}\n3\n4\n5\n6`;
  await rig.dreamos(['reply', await rig.claimed(), body]);
  const { out, err } = await rig.dreamos(`thread ${id}`);
  expect(err).toBe('');
  const replyId = /\w{26}/.exec(out.split('\n\n')[1] ?? '')?.[0] ?? '';
  expect(out).toBe(`2026-11-20T09:00:00.000Z  planner -> reviewer
${id}  (reviewer: inflight)
  | hello

2026-11-20T09:00:01.000Z  reviewer -> planner
${replyId}  (planner: ready)
  | \\x1b[31mred
  | ${'x'.repeat(100)}…
  | 3
  | 4
  | … 2 more lines: dreamos show ${replyId}
`);
  const { json } = await rig.dreamos(`thread ${replyId} --json`);
  expect(json).toMatchObject([
    { message: { id }, entries: [{ mailbox: 'reviewer', state: 'inflight' }] },
    { message: { id: replyId }, entries: [{ mailbox: 'planner', state: 'ready' }] },
  ]);
  expect((await rig.dreamos('thread nowhere')).code).toBe(4);
});

test('search says what is where; nothing found is exit 0', async () => {
  const id = await rig.sent();
  expect(await rig.dreamos('search HELLO')).toMatchObject({
    code: 0,
    err: '',
    out: `ready     ${id}  reviewer  from planner: hello\n`,
  });
  expect((await rig.dreamos('search hello reviewer --state dead --json')).json).toEqual([]);
  expect((await rig.dreamos('search hello -n 1 --from planner --json')).json).toMatchObject([{ id, state: 'ready' }]);
  expect(await rig.dreamos('search nothing')).toMatchObject({ code: 0, out: '', err: 'Nothing has "nothing".\n' });
  expect((await rig.dreamos(['search', ''])).code).toBe(2);
  expect((await rig.dreamos('search x --state lost')).code).toBe(2);
  expect((await rig.dreamos('search x nobody')).code).toBe(4);
});

test('trace, thread and search say in which topic something was published', async () => {
  await rig.dreamos('subscribe build.* --as reviewer');
  const id = (await rig.dreamos('publish build.done green --as planner')).out.trim();
  const { out } = await rig.dreamos(`trace ${id}`);
  expect(out).toContain(`${id}  from planner to topic build.done: green`);
  expect(out).toMatch(/ {2}topic build\.done {2}published$/m);
  expect(out).toContain('Now: ready in reviewer, archived in topic build.done');
  const { json } = await rig.dreamos(`trace ${id} --json`);
  expect(json).toContainEqual(expect.objectContaining({ mailbox: '#build.done', event: 'published' }));
  expect(json.every((step) => !('key' in step))).toBe(true);
  const mermaid = (await rig.dreamos(`trace ${id} --mermaid`)).out;
  expect(mermaid).toMatch(/participant p(\d) as topic build\.done\n[^]*p0->>p\1: published green/);
  expect((await rig.dreamos(`thread ${id}`)).out).toMatch(
    /planner -> topic build\.done\n.*\(reviewer: ready, topic build\.done: archived\)/,
  );
  expect((await rig.dreamos('search green')).out).toContain('topic build.done  from planner: green');
});
