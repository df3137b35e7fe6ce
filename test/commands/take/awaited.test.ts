/** A question that somebody waits for the answer to. */
import { beforeEach, expect, test } from 'vitest';
import { sendChecked } from '../../../src/core/send/send.ts';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
  await sendChecked(rig.root, {
    from: 'planner',
    to: 'reviewer',
    body: 'Which colour?',
    replyBy: '2026-11-20T09:05:00.000Z',
  });
});

const commandsIn = (text: string): string[] =>
  text.split('\n').flatMap((line) => /^dreamos (.*)$/.exec(line)?.[1] ?? []);
/** As a shell takes it apart. */
const wordsOf = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, text, word]) => text ?? word ?? '');

test('a read of a request says until when it is awaited, and how to answer it', async () => {
  const { out } = await rig.dreamos('read reviewer');
  expect(out).toContain('planner waits for the answer until 2026-11-20T09:05:00.000Z (in 5m). Type:\n');
  const [short, exact] = commandsIn(out);
  expect(short).toBe('reply "your answer" --ack --as reviewer');
  expect(exact).toMatch(/^reply reviewer:\S+ "your answer" --ack$/);
  expect(out).not.toContain('dreamos ack');
  const { code, json } = await rig.dreamos([...wordsOf(short ?? ''), '--json']);
  expect({ code, json }).toMatchObject({ code: 0, json: [{ to: ['planner'], acked: { state: 'archived' } }] });
});

test('its line with the receipt works, too', async () => {
  const [, exact = ''] = commandsIn((await rig.dreamos('read reviewer')).out);
  expect(await rig.dreamos(wordsOf(exact))).toMatchObject({ code: 0 });
});

test('one that is acked by the read can still be answered', async () => {
  const { out } = await rig.dreamos('read reviewer --ack');
  const [line = '', ...more] = commandsIn(out);
  expect(more).toEqual([]);
  expect(out).toContain('planner waits for the answer until');
  expect(await rig.dreamos(wordsOf(line))).toMatchObject({ code: 0 });
});

test('one whose time is over says so, and how to answer or finish it', async () => {
  rig.time.nowMs += 600_000;
  const { out } = await rig.dreamos('read reviewer');
  expect(out).toMatch(/^Answer by: +2026-11-20T09:05:00\.000Z \(5m ago, and no longer awaited\)$/m);
  expect(out).toContain('planner waited for the answer until 2026-11-20T09:05:00.000Z (5m ago), and does no longer.\n');
  const lines = commandsIn(out);
  expect(lines).toHaveLength(3);
  expect(lines.at(-1)).toMatch(/^ack reviewer:/);
  expect(await rig.dreamos(lines.at(-1) ?? '')).toMatchObject({ code: 0 });
});

test('with --json there is nothing but the message, which says it', async () => {
  const { out, json } = await rig.dreamos('read reviewer --json');
  expect(out.trim().split('\n')).toHaveLength(1);
  expect(json).toMatchObject([{ message: { replyBy: '2026-11-20T09:05:00.000Z' } }]);
});

test('a read that finds nothing says of a question that is held until when it is awaited, and how to answer it', async () => {
  await rig.dreamos('read reviewer');
  const { err } = await rig.dreamos('read reviewer');
  expect(err).toContain(
    '    planner waits for the answer until 2026-11-20T09:05:00.000Z\nSee it again, and answer it:\n',
  );
  for (const line of commandsIn(err)) expect(await rig.dreamos(wordsOf(line))).toMatchObject({ code: 0 });
  expect((await rig.dreamos('read planner --json')).json).toMatchObject([{ message: { body: 'your answer' } }]);
});
