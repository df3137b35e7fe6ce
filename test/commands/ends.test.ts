/** Wherever a command takes an id, its end will do. */
import { beforeEach, expect, test } from 'vitest';
import { type Rig, createRig } from './rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig(['planner', 'reviewer', 'beta']);
});

/** In another case of letters than it was printed. */
const endOf = (id: string): string => id.slice(-6).toLowerCase();

const dead = async (agent = 'reviewer') => {
  const id = await rig.sent(`send ${agent} hello --as planner`);
  const { json } = await rig.dreamos(`read ${agent} --json`);
  await rig.dreamos(['nack', String(json[0]?.['receipt']), '--dead']);
  return id;
};
const finished = async () => {
  const id = await rig.sent();
  await rig.dreamos(`ack ${await rig.claimed()}`);
  return id;
};
const claimed = async () => {
  const id = await rig.sent();
  await rig.claimed();
  return id;
};

test.each<[string, () => Promise<string>, string]>([
  ['show', () => rig.sent(), 'show END'],
  ['trace', () => rig.sent(), 'trace END'],
  ['thread', () => rig.sent(), 'thread END'],
  ['cancel', () => rig.sent(), 'cancel END'],
  ['list --id', () => rig.sent(), 'list reviewer --id END'],
  ['search --id', () => rig.sent(), 'search hello --id END'],
  ['peek --id', () => rig.sent(), 'peek reviewer --id END'],
  ['read --id', () => rig.sent(), 'read reviewer --id END'],
  ['work --id', () => rig.sent(), 'work reviewer --id END -n 1 --wait 1s --json -- true'],
  ['ack', claimed, 'ack END --as reviewer'],
  ['nack', claimed, 'nack END --as reviewer'],
  ['renew', claimed, 'renew END'],
  ['reply', claimed, 'reply END fine --as reviewer'],
  ['send --reply-to', claimed, 'send planner fine --as reviewer --reply-to END'],
  ['publish --reply-to', claimed, 'publish b.c fine --as reviewer --reply-to END'],
  ['archive show', finished, 'archive show END'],
  ['archive show of one', finished, 'archive show reviewer END'],
  ['archive list --id', finished, 'archive list reviewer --id END'],
  ['archive search --id', finished, 'archive search hello --id END'],
  ['archive export --id', finished, 'archive export reviewer --id END'],
  ['dlq list --id', dead, 'dlq list --id END'],
  ['dlq retry --id', dead, 'dlq retry --id END'],
  ['archive restore', finished, 'archive restore reviewer END'],
  ['dlq show', dead, 'dlq show END'],
  ['dlq show of one', dead, 'dlq show reviewer END'],
  ['dlq retry', dead, 'dlq retry END'],
  ['dlq purge', dead, 'dlq purge END'],
])('%s', async (_name, make, line) => {
  const id = await make();
  const { code, err, out } = await rig.dreamos(`${line.replace('END', endOf(id))} --json`);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  if (/--reply-to|^reply/.test(line)) expect((await rig.dreamos('list planner --json')).out + out).toContain('"id"');
  else expect(out).toContain(id);
});

test('an answer to an end is one to the message', async () => {
  const id = await claimed();
  await rig.dreamos(`send planner fine --as reviewer --reply-to ${endOf(id)}`);
  expect((await rig.dreamos('list planner --json')).json).toMatchObject([{ message: { replyTo: id } }]);
  expect(await rig.dreamos('send planner fine --as reviewer --reply-to QQQQ')).toMatchObject({ code: 4, out: '' });
  expect(await rig.dreamos('send planner fine --as reviewer --reply-to theirs-1')).toMatchObject({ code: 0 });
});

test.each(['show', 'trace', 'cancel', 'read reviewer --id'])('%s of what is too short for an end', async (verb) => {
  await rig.sent();
  const { code, err } = await rig.dreamos(`${verb} QR9`);
  expect(code).toBe(2);
  expect(err).toContain('"QR9" is not a message id.');
  expect(err).toContain('its last 4 or more are enough');
});

test('a word that is an agent is the agent, before it is the end of an id', async () => {
  await dead('beta');
  expect(await rig.dreamos('dlq retry beta')).toMatchObject({ code: 2 });
  expect(await rig.dreamos('dlq retry beta --all')).toMatchObject({ code: 0 });
  const { code, err } = await rig.dreamos('dlq retry meta --all');
  expect({ code, err }).toEqual({ code: 4, err: expect.stringContaining('Did you mean "beta"?') as string });
});

test('show --body prints the body alone, to the last byte', async () => {
  const id = await rig.sent(['send', 'reviewer', 'one\ttwo\n\u001b[31mthree', '--as', 'planner']);
  expect(await rig.dreamos(`show ${endOf(id)} --body`)).toMatchObject({
    code: 0,
    out: 'one\ttwo\n\u001b[31mthree',
    err: '',
  });
  const shown = await rig.dreamos(`show ${endOf(id)} --body`, { terminal: true });
  expect(shown.out).toBe('one\ttwo\n\\x1b[31mthree\n');
  expect(await rig.dreamos(`show ${id} --body --json`)).toMatchObject({ code: 2, out: '' });
  expect(await rig.dreamos('show 01JD3Y6Q0V8M5T2B7K9XWZ4RCE --body')).toMatchObject({ code: 4, out: '' });
});

test('archive show and restore find the mailbox themselves, and ask where there are several', async () => {
  const id = await finished();
  expect((await rig.dreamos(`archive show ${endOf(id)} --as planner --json`)).json).toMatchObject([
    { mailbox: 'reviewer' },
  ]);
  expect(await rig.dreamos(`archive restore ${endOf(id)} --as planner`)).toMatchObject({ out: `${id} ready\n` });
  expect(await rig.dreamos(`archive restore ${id}`)).toMatchObject({ code: 5 });
  await rig.dreamos('read reviewer --ack');
  const both = await rig.sent('send reviewer,planner hello --as planner');
  for (const agent of ['reviewer', 'planner']) await rig.dreamos(`read ${agent} --ack`);
  const { code, err } = await rig.dreamos(`archive restore ${endOf(both)}`);
  expect(code).toBe(2);
  const next = /Name one: dreamos (.*)/.exec(err)?.[1] ?? '';
  expect(await rig.dreamos(next)).toMatchObject({ code: 0, out: `${both} ready\n` });
});
