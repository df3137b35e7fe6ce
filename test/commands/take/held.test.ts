/** What is held and was forgotten: it is said where nothing comes, and a bare verb means it. */
import { beforeEach, expect, test } from 'vitest';
import { commandsToType } from '../../e2e/commands-to-type.ts';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig(['planner', 'reviewer', 'swarm']);
});

const reviewer = { env: { DREAMOS_AGENT: 'reviewer' } };
const stateOf = async (id: string): Promise<string[]> =>
  (await rig.root.store.look.find(id)).map(({ mailbox, state }) => `${state} in ${mailbox}`);
/** Every line of a text that is a command. */
const commandsIn = (text: string): string[] =>
  text.split('\n').flatMap((line) => /^dreamos (.*)$/.exec(line)?.[1] ?? []);

test('a bare ack after a read finishes what was read', async () => {
  const id = await rig.sent();
  await rig.dreamos('read reviewer');
  expect(await rig.dreamos('ack')).toMatchObject({ code: 0, out: `${id} archived\n`, err: '' });
  const second = await rig.sent();
  await rig.dreamos('read', reviewer);
  expect((await rig.dreamos('ack --json', reviewer)).json).toMatchObject([{ id: second, state: 'archived' }]);
});

test('a bare nack gives it back, and a bare renew extends it', async () => {
  const id = await rig.sent();
  await rig.dreamos('read reviewer');
  const { json } = await rig.dreamos('renew --lease 1h --json');
  expect(json).toMatchObject([{ id, leaseUntil: '2026-11-20T10:00:00.000Z' }]);
  expect(await rig.dreamos(['nack', '--dead', '--reason', 'broken'])).toMatchObject({ out: `${id} dead\n` });
});

test.each<[string, string[], string | undefined]>([
  ['an argument', ['reply', 'blue', '--ack'], undefined],
  ['a sentence', ['reply', 'Yes: merge it', '--ack'], undefined],
  ['a link', ['reply', 'https://example.org/a/very/long/one', '--ack'], undefined],
  ['a word that could be the end of an id', ['reply', 'green', '--ack'], undefined],
  ['stdin', ['reply', '--ack'], 'from stdin'],
  ['stdin by name', ['reply', '-', '--ack'], 'from stdin'],
])('a bare reply by %s answers what is held, and finishes it', async (_name, line, stdin) => {
  const id = await rig.sent();
  await rig.dreamos('read reviewer');
  const { code, json } = await rig.dreamos([...line, '--json'], stdin === undefined ? {} : { stdin });
  expect({ code, json }).toMatchObject({ code: 0, json: [{ to: ['planner'], acked: { id } }] });
  const [answer] = (await rig.dreamos('read planner --json')).json;
  const body = stdin ?? line[1];
  expect(answer).toMatchObject({ message: { from: 'reviewer', replyTo: id, body } });
});

test('one word of reply that is a message is the message', async () => {
  const id = await rig.sent();
  const receipt = await rig.claimed();
  const words: string[][] = [[receipt], [id], [id.slice(-6).toLowerCase()], ['abc', '--body-file', 'a.txt']];
  for (const word of words.slice(0, 3)) {
    const { code, json } = await rig.dreamos(['reply', ...word, '--again', '--json'], { stdin: 'words' });
    expect({ code, json }).toMatchObject({ code: 0, json: [{ to: ['planner'] }] });
  }
  const { json } = await rig.dreamos('list planner --json');
  expect(json.map(({ message }) => (message as { body: string }).body)).toEqual(['words', 'words', 'words']);
  expect(await rig.dreamos(['reply', ...(words[3] ?? [])], { files: { 'a.txt': 'x' } })).toMatchObject({ code: 6 });
  expect(await rig.dreamos(`reply ${receipt.slice(0, -1)}`, { stdin: 'words' })).toMatchObject({ code: 6 });
});

test('a text of several words is answered to what is held, with the standard input below it', async () => {
  await rig.sent();
  await rig.claimed();
  const { code, out } = await rig.dreamos(['reply', 'As you asked:', '-', '--as', 'reviewer'], { stdin: '+ a\n' });
  expect(code).toBe(0);
  const { json } = await rig.dreamos(`show ${out.trim()} --json`);
  expect(json).toMatchObject([{ message: { body: 'As you asked:\n+ a\n' } }]);
});

test('a mistyped id is no answer, and how it can be one is said', async () => {
  await rig.sent();
  await rig.dreamos('read reviewer');
  const { code, out, err } = await rig.dreamos('reply QRX8 --ack', { stdin: 'the real answer' });
  expect({ code, out }).toEqual({ code: 4, out: '' });
  expect(err).toContain('There is no message whose id ends in QRX8 in any mailbox.');
  expect(err).toContain('If it is your answer: echo QRX8 | dreamos reply');
  expect((await rig.dreamos('list planner --json')).json).toEqual([]);
  expect(await rig.dreamos('reply 4096 --ack')).toMatchObject({ code: 0 });
});

test('what somebody else holds is never finished by a bare verb', async () => {
  const id = await rig.sent();
  await rig.dreamos('read reviewer --as worker-1');
  for (const line of ['ack', 'nack', 'renew', 'reply no']) {
    for (const who of [' --as reviewer', ' --as planner', ' --as worker-2']) {
      const { code, out, err } = await rig.dreamos(`${line}${who}`);
      expect({ code, out }).toEqual({ code: 4, out: '' });
      expect(err).toContain(`${who.slice(6)} holds no message.`);
    }
    expect(await rig.dreamos(line)).toMatchObject({ code: 2, out: '' });
  }
  expect(await stateOf(id)).toEqual(['inflight in reviewer']);
  expect((await rig.dreamos('ack --as reviewer')).err).toContain(`others hold ${id} (by worker-1)`);
  const { err } = await rig.dreamos('ack');
  expect(err).toContain('It is not known who you are');
  const next = /dreamos (ack .*)/.exec(err)?.[1] ?? '';
  expect(next).toBe(`ack ${id} --as worker-1`);
  expect(await rig.dreamos(next)).toMatchObject({ code: 0, out: `${id} archived\n` });
});

test('who reads for another agent finishes what he holds', async () => {
  const id = await rig.sent();
  await rig.dreamos('read reviewer --as worker-1');
  expect(await rig.dreamos('ack --as WORKER-1')).toMatchObject({ code: 0, out: `${id} archived\n` });
});

test('between two it does not guess, and says how each is named', async () => {
  const ids = [await rig.sent(), await rig.sent()];
  await rig.dreamos('read reviewer -n 2');
  for (const terms of [{}, reviewer]) {
    const { code, out, err } = await rig.dreamos('ack', terms);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    for (const id of ids) expect(err).toContain(id);
  }
  const { err } = await rig.dreamos('ack', reviewer);
  expect(err).toContain(`reviewer holds 2 messages: ${ids[0]} "hello", ${ids[1]} "hello".`);
  const lines = commandsToType(err);
  expect(lines).toHaveLength(2);
  for (const [at, line] of lines.entries()) {
    expect(line).toMatch(/^dreamos ack [0-9A-Z]{4,6}$/);
    const { code, out } = await rig.dreamos(line.replace('dreamos ', ''), reviewer);
    expect({ code, out }).toEqual({ code: 0, out: `${ids[at]} archived\n` });
  }
});

test.each([
  ['ack reviewer', ['dreamos ack --as reviewer']],
  ['nack reviewer --as planner', ['dreamos nack --as reviewer']],
  ['renew reviewer', ['dreamos renew --as reviewer']],
  [
    'reply reviewer hello --as planner',
    ['dreamos reply "your answer" --as reviewer', 'dreamos send reviewer "your text" --as planner'],
  ],
])('`dreamos %s` names an agent, and is told what it may mean', async (line, meant) => {
  await rig.sent();
  await rig.dreamos('read reviewer');
  const { code, err } = await rig.dreamos(line);
  expect(code).toBe(6);
  expect(err).toContain('"reviewer" is an agent, and no message.');
  expect(commandsToType(err)).toEqual(meant);
});

test('where nobody acts, what two agents hold is not guessed either', async () => {
  for (const to of ['reviewer', 'swarm']) await rig.sent(`send ${to} hello --as planner`);
  for (const agent of ['reviewer', 'swarm']) await rig.dreamos(`read ${agent}`);
  const { code, err } = await rig.dreamos('ack');
  expect(code).toBe(2);
  expect(err).toContain('It is not known who you are, and 2 messages are held: ');
  const lines = commandsToType(err);
  expect(lines.map((line) => / --as \w+$/.exec(line)?.[0])).toEqual([' --as reviewer', ' --as swarm']);
  for (const line of lines) expect(await rig.dreamos(line.replace('dreamos ', ''))).toMatchObject({ code: 0 });
});

test('a bare verb of who holds nothing says so, and what to type', async () => {
  expect(await rig.dreamos('ack')).toMatchObject({ code: 4, err: expect.stringContaining('Nobody holds') as string });
  const { code, err } = await rig.dreamos('ack --as reviewer');
  expect(code).toBe(4);
  expect(err).toContain('reviewer holds no message.');
  expect(err).toContain('dreamos read reviewer');
  expect(await rig.dreamos('reply yes --quiet')).toMatchObject({ code: 4, out: '' });
});

test('a read that finds nothing says what its reader still holds, since when, and how to go on', async () => {
  const id = await rig.sent('send reviewer hello --as planner --subject Look');
  await rig.dreamos('read reviewer');
  rig.time.nowMs += 300_000;
  const { code, out, err } = await rig.dreamos('read reviewer');
  expect({ code, out }).toEqual({ code: 3, out: '' });
  expect(err).toBe(
    [
      'Nothing came for reviewer.',
      'reviewer still holds what it has not finished:',
      `  ${id}  from planner: Look`,
      '    held for 5m, until 2026-11-20T09:15:00.000Z (10m more)',
      'See it again, and finish it:',
      `dreamos show ${id.slice(-4)}`,
      `dreamos ack ${id.slice(-4)} --as reviewer`,
      '',
    ].join('\n'),
  );
  expect(err.split('\n').filter((line) => line.length > 80)).toEqual([]);
  for (const line of commandsIn(err)) expect(await rig.dreamos(line)).toMatchObject({ code: 0, err: '' });
  expect(await stateOf(id)).toEqual(['archived in reviewer']);
  expect((await rig.dreamos('read reviewer')).err).toBe('Nothing came for reviewer.\n');
});

test('what somebody else holds is none of what the reader holds', async () => {
  await rig.sent();
  await rig.dreamos('read reviewer --as worker-1');
  expect((await rig.dreamos('read reviewer')).err).toBe('Nothing came for reviewer.\n');
  expect((await rig.dreamos('read reviewer --as worker-1')).err).toContain('worker-1 still holds');
});

test('for programs it is in the error, and with --quiet nothing is told', async () => {
  const id = await rig.sent();
  await rig.dreamos('read', reviewer);
  const { code, err } = await rig.dreamos('read --json', reviewer);
  expect(code).toBe(3);
  expect(err.trim().split('\n')).toHaveLength(1);
  expect(JSON.parse(err)).toMatchObject({
    error: {
      code: 'NOTHING_THERE',
      message: `Nothing came for reviewer. reviewer still holds ${id} (since 2026-11-20T09:00:00.000Z, until 2026-11-20T09:15:00.000Z).`,
      hint: `dreamos ack ${id.slice(-4)}`,
    },
  });
  expect(await rig.dreamos('read --quiet', reviewer)).toMatchObject({ code: 3, out: '', err: '' });
});

test('of many that are held five are shown', async () => {
  for (let i = 0; i < 7; i++) await rig.sent();
  await rig.dreamos('read reviewer -n 7');
  const { err } = await rig.dreamos('read reviewer');
  expect(err).toContain('  and 2 more\n');
  expect(err.match(/held for/g)).toHaveLength(5);
});

test('what is printed after a read works when it is typed, however many are held', async () => {
  await rig.sent();
  const alone = commandsIn((await rig.dreamos('read reviewer')).out);
  expect(alone).toEqual(['ack --as reviewer', expect.stringMatching(/^ack reviewer:/)]);
  expect(await rig.dreamos(alone[0] ?? '')).toMatchObject({ code: 0 });
  await rig.sent();
  expect(commandsIn((await rig.dreamos('read', reviewer)).out)[0]).toBe('ack');
  expect(await rig.dreamos('ack', reviewer)).toMatchObject({ code: 0 });
  await rig.sent();
  await rig.sent();
  const several = commandsIn((await rig.dreamos('read reviewer -n 2')).out);
  expect(several).toHaveLength(2);
  for (const line of several) expect(await rig.dreamos(line)).toMatchObject({ code: 0 });
});

test('where hundreds are in flight nothing is said of them, and a bare verb finds its own all the same', async () => {
  for (let i = 0; i < 51; i++) await rig.sent();
  await rig.dreamos('read reviewer -n 50 --as worker-1');
  await rig.dreamos('read reviewer --as worker-2');
  expect((await rig.dreamos('read reviewer --as worker-2')).err).toBe('Nothing came for reviewer.\n');
  expect(await rig.dreamos('ack --as worker-2')).toMatchObject({ code: 0 });
});

test('a bare ack of a name that is nearly an agent asks whether that one is meant', async () => {
  const { code, err } = await rig.dreamos('ack --as reviewr');
  expect(code).toBe(4);
  expect(err).toContain('There is no agent of this name.');
  expect(err).toContain('Did you mean "reviewer"? If not: dreamos status');
});
