import { expect, test } from 'vitest';
import { createRig } from '../rig.ts';

const reject = 'nack --as reviewer --dead --reason';

test('a send with --notify brings its sender a notice with the commands to type, and they work', async () => {
  const { dreamos } = await createRig();
  const id = (await dreamos('send reviewer hello --subject Review --as planner --notify')).out.trim();
  expect((await dreamos(`show ${id}`)).out).toContain('its sender is told when it dies');
  await dreamos('read --as reviewer');
  await dreamos(`${reject} broken`);
  const notice = (await dreamos('peek --as planner')).out;
  expect(notice).toContain('Dead: Review');
  const { body, type, replyTo } = (
    JSON.parse((await dreamos('read --as planner --json')).out) as {
      message: { body: string; type: string; replyTo: string };
    }
  ).message;
  expect({ type, replyTo }).toEqual({ type: 'notice', replyTo: id });
  const typed = [...body.matchAll(/dreamos (dlq .*)$/gm)].map(([, words = '']) => words);
  expect(typed).toEqual([`dlq show reviewer ${id}`, `dlq retry reviewer ${id}`]);
  const shown = await dreamos(typed[0]!);
  expect(shown.out).toContain('broken');
  expect(shown.out).toContain('planner, by a notice');
  const json = JSON.parse((await dreamos(`${typed[0]} --json`)).out) as object;
  expect(json).toMatchObject({ notice: 'sent', attempts: 1 });
  expect((await dreamos(typed[1]!)).out).toContain(`${id} ready`);
});

test('a line of a batch asks for it, or the option does for all lines that do not say', async () => {
  const { dreamos } = await createRig();
  const line = (more: object): string => JSON.stringify({ to: 'reviewer', body: 'x', ...more });
  await dreamos('send --batch --as planner', { stdin: `${line({ notify: true })}\n${line({})}\n` });
  await dreamos('send --batch --as planner --notify', { stdin: `${line({})}\n${line({ notify: false })}\n` });
  for (let n = 0; n < 4; n++) {
    await dreamos('read --as reviewer');
    await dreamos(`${reject} no`);
  }
  expect((await dreamos('list planner --json')).out.trim().split('\n')).toHaveLength(2);
  expect((await dreamos('dlq list reviewer --json')).out.trim().split('\n')).toHaveLength(4);
});

test('a schedule keeps it, and a reply and a publish take it', async () => {
  const { dreamos } = await createRig();
  await dreamos(['schedule', 'add', 'n', '0 9 * * *', 'reviewer', 'hi', '--as', 'planner', '--notify']);
  expect((await dreamos('schedule show n')).out).toContain('its sender is told when it dies');
  expect(JSON.parse((await dreamos('schedule show n --json')).out)).toMatchObject({ message: { notify: true } });
  await dreamos('subscribe news --as reviewer');
  expect(await dreamos('publish news hello --notify --as planner')).toMatchObject({ code: 0 });
  const { out } = await dreamos('read --as reviewer --json');
  expect(out).toContain('"notify":true');
  expect(await dreamos('reply hi --notify --ack --as reviewer')).toMatchObject({ code: 0 });
  expect((await dreamos('read --as planner --json')).out).toContain('"notify":true');
});
