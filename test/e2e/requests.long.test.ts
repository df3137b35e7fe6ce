/** Request and reply, and following up, between real processes. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type Rig, filesIn, idle, type Line, parseLines, test, until } from './rig.ts';

const as = (agent: string) => ({ env: { DREAMOS_AGENT: agent } });

/** The reviewer answers as many requests as are asked for, each with its own words, the last one first. */
async function answerAll(rig: Rig, count: number): Promise<void> {
  const taken: Line[] = [];
  for (let n = 0; n < count; n++) taken.push(...(await rig.dreamos('read reviewer --wait 30s --json')).json);
  for (const { receipt, message } of taken.reverse()) {
    expect(await rig.dreamos(['reply', receipt, `to ${message.body}`, '--ack'])).toMatchObject({ code: 0 });
  }
}

/** Waits until the request is in the reviewer's mailbox. */
async function sentFrom(rig: Rig): Promise<void> {
  await until('the request is sent', () => filesIn(join(rig.box('reviewer'), 'ready')).length > 0);
}

const inboxes = (rig: Rig) => readdirSync(join(rig.box('planner'), 'requests'));

test.concurrent('a consumer of the same mailbox never gets the answer that a request waits for', async ({ rig }) => {
  const log = join(rig.dir, 'consumed.jsonl');
  const consumer = rig.worker('consume.mjs', { root: rig.root, mailbox: 'planner', log, leaseMs: 60_000 });
  const rounds = 6;
  for (let round = 0; round < rounds; round++) {
    const asking = rig.start(['request', 'reviewer', `question ${round}`, '--wait', '30s', '--json'], as('planner'));
    await answerAll(rig, 1);
    const { code, json } = await asking.ended;
    expect({ code, body: json[0]?.message.body }).toEqual({ code: 0, body: `to question ${round}` });
  }
  // One that nobody waits for any more is the consumer's.
  const { code } = await rig.dreamos('request reviewer unanswered --wait 100ms', as('planner'));
  expect(code).toBe(3);
  await answerAll(rig, 1);
  await until(
    'the consumer has it',
    async () => (await rig.dreamos('status planner --json')).json[0]?.['archived'] === rounds + 1,
  );
  await consumer.kill('SIGTERM');
  const consumed = parseLines((await rig.shell(`cat ${log}`)).out).filter((line) => 'claimed' in line);
  expect(consumed.map((line) => line['body'])).toEqual(['to unanswered']);
  expect(inboxes(rig)).toEqual([]);
});

test.concurrent('requests at the same time each get their own answer', async ({ rig }) => {
  const asking = ['a', 'b', 'c'].map((body) =>
    rig.start(['request', 'reviewer', body, '--wait', '30s', '--json'], as('planner')),
  );
  await answerAll(rig, 3);
  const ended = await Promise.all(asking.map((one) => one.ended));
  expect(ended.map(({ json }) => json[0]?.message.body)).toEqual(['to a', 'to b', 'to c']);
});

test.concurrent(
  'the answer to a requester that was killed comes to its mailbox when its time is over',
  async ({ rig }) => {
    const asking = rig.start('request reviewer question --wait 1s', as('planner'));
    await sentFrom(rig);
    await asking.kill('SIGKILL');
    expect(inboxes(rig)).toHaveLength(1);
    await answerAll(rig, 1);
    const { json } = await rig.dreamos('read planner --wait 20s --json');
    expect(json).toMatchObject([{ attempt: 1, message: { body: 'to question' } }]);
    expect(inboxes(rig)).toEqual([]);
    expect((await rig.dreamos('doctor --json')).json).toEqual([]);
  },
);

test.concurrent(
  'a request that is interrupted leaves nothing behind, and its answer is ordinary mail',
  async ({ rig }) => {
    const asking = rig.start('request reviewer question --wait 1h', as('planner'));
    await sentFrom(rig);
    await idle(asking);
    expect((await asking.kill('SIGINT')).code).toBe(130);
    expect(inboxes(rig)).toEqual([]);
    await answerAll(rig, 1);
    expect((await rig.dreamos('read planner --json')).json).toMatchObject([{ message: { body: 'to question' } }]);
  },
);

test.concurrent('a script answers a request by handing a file in', async ({ rig }) => {
  const asking = rig.start('request reviewer question --wait 30s --json', as('planner'));
  const [asked] = (await rig.dreamos('read reviewer --wait 30s --json')).json;
  const file = JSON.stringify({ from: 'reviewer', body: 'by hand', replyTo: asked?.message.id });
  const box = rig.box('planner');
  await rig.shell(`umask 077; printf %s '${file}' > ${box}/tmp/1.json && mv ${box}/tmp/1.json ${box}/drop/1.json`);
  expect((await asking.ended).json).toMatchObject([{ message: { body: 'by hand' } }]);
});

test.concurrent('send --until acked waits for every recipient', async ({ rig }) => {
  const sending = rig.start('send reviewer,planner hello --until acked --wait 30s', as('planner'));
  await until('the id is out', () => sending.lines().length === 1);
  await rig.dreamos('read reviewer --ack');
  await idle(sending);
  await rig.dreamos('read planner --ack');
  expect(await sending.ended).toMatchObject({ code: 0, err: '' });
});
