/** Request and reply, and following up, between real processes. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type Bench, filesIn, idle, type Line, parseLines, test, until } from './rig.ts';

const as = (agent: string) => ({ env: { DREAMOS_AGENT: agent } });

/** The reviewer answers as many requests as are asked for, each with its own words, the last one first. */
async function answerAll(bench: Bench, count: number): Promise<void> {
  const taken: Line[] = [];
  for (let n = 0; n < count; n++) taken.push(...(await bench.dreamos('read reviewer --wait 30s --json')).json);
  for (const { receipt, message } of taken.reverse()) {
    expect(await bench.dreamos(['reply', receipt, `to ${message.body}`, '--ack'])).toMatchObject({ code: 0 });
  }
}

/** Waits until the request is in the reviewer's mailbox. */
async function sentFrom(bench: Bench): Promise<void> {
  await until('the request is sent', () => filesIn(join(bench.box('reviewer'), 'ready')).length > 0);
}

const inboxes = (bench: Bench) => readdirSync(join(bench.box('planner'), 'requests'));

test.concurrent('a consumer of the same mailbox never gets the answer that a request waits for', async ({ bench }) => {
  const log = join(bench.dir, 'consumed.jsonl');
  const consumer = bench.worker('consume.mjs', { root: bench.root, mailbox: 'planner', log, leaseMs: 60_000 });
  const rounds = 6;
  for (let round = 0; round < rounds; round++) {
    const asking = bench.start(['request', 'reviewer', `question ${round}`, '--wait', '30s', '--json'], as('planner'));
    await answerAll(bench, 1);
    const { code, json } = await asking.ended;
    expect({ code, body: json[0]?.message.body }).toEqual({ code: 0, body: `to question ${round}` });
  }
  // One that nobody waits for any more is the consumer's.
  const { code } = await bench.dreamos('request reviewer unanswered --wait 100ms', as('planner'));
  expect(code).toBe(3);
  await answerAll(bench, 1);
  await until(
    'the consumer has it',
    async () => (await bench.dreamos('status planner --json')).json[0]?.['archived'] === rounds + 1,
  );
  await consumer.kill('SIGTERM');
  const consumed = parseLines((await bench.shell(`cat ${log}`)).out).filter((line) => 'claimed' in line);
  expect(consumed.map((line) => line['body'])).toEqual(['to unanswered']);
  expect(inboxes(bench)).toEqual([]);
});

test.concurrent('requests at the same time each get their own answer', async ({ bench }) => {
  const asking = ['a', 'b', 'c'].map((body) =>
    bench.start(['request', 'reviewer', body, '--wait', '30s', '--json'], as('planner')),
  );
  await answerAll(bench, 3);
  const ended = await Promise.all(asking.map((one) => one.ended));
  expect(ended.map(({ json }) => json[0]?.message.body)).toEqual(['to a', 'to b', 'to c']);
});

test.concurrent(
  'the answer to a requester that was killed comes to its mailbox when its time is over',
  async ({ bench }) => {
    const asking = bench.start('request reviewer question --wait 1s', as('planner'));
    await sentFrom(bench);
    await asking.kill('SIGKILL');
    expect(inboxes(bench)).toHaveLength(1);
    await answerAll(bench, 1);
    const { json } = await bench.dreamos('read planner --wait 20s --json');
    expect(json).toMatchObject([{ attempt: 1, message: { body: 'to question' } }]);
    expect(inboxes(bench)).toEqual([]);
    expect((await bench.dreamos('doctor --json')).json).toEqual([]);
  },
);

test.concurrent(
  'a request that is interrupted leaves nothing behind, and its answer is ordinary mail',
  async ({ bench }) => {
    const asking = bench.start('request reviewer question --wait 1h', as('planner'));
    await sentFrom(bench);
    await idle(asking);
    expect((await asking.kill('SIGINT')).code).toBe(130);
    expect(inboxes(bench)).toEqual([]);
    await answerAll(bench, 1);
    expect((await bench.dreamos('read planner --json')).json).toMatchObject([{ message: { body: 'to question' } }]);
  },
);

test.concurrent('a script answers a request by handing a file in', async ({ bench }) => {
  const asking = bench.start('request reviewer question --wait 30s --json', as('planner'));
  const [asked] = (await bench.dreamos('read reviewer --wait 30s --json')).json;
  const file = JSON.stringify({ from: 'reviewer', body: 'by hand', replyTo: asked?.message.id });
  const box = bench.box('planner');
  await bench.shell(`umask 077; printf %s '${file}' > ${box}/tmp/1.json && mv ${box}/tmp/1.json ${box}/drop/1.json`);
  expect((await asking.ended).json).toMatchObject([{ message: { body: 'by hand' } }]);
});

test.concurrent('send --until acked waits for every recipient', async ({ bench }) => {
  const sending = bench.start('send reviewer,planner hello --until acked --wait 30s', as('planner'));
  await until('the id is out', () => sending.lines().length === 1);
  await bench.dreamos('read reviewer --ack');
  await idle(sending);
  await bench.dreamos('read planner --ack');
  expect(await sending.ended).toMatchObject({ code: 0, err: '' });
});
