import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { bytesIn, farEnd, idsIn, twoRoots } from './bridging.ts';
import { project, test } from './rig.ts';

test('a message, its signature and its answer go from one root to the other and back', async ({ bare: rig }) => {
  const { a, b } = await twoRoots(rig);
  // Signing is left to Node.
  const ann = { cwd: a, env: { DREAMOS_AGENT: 'ann', DREAMOS_RUNTIME: 'node' } };
  expect(await rig.dreamos('identity create ann', ann)).toMatchObject({ code: 0 });
  await rig.dreamos('config set signatures=warn', ann);
  const id = await rig.sent(
    ['send', 'bob', 'what is ready, ä "quoted"?', '--data', '{"n":1.0}', '--dedupe-key', 'k'],
    ann,
  );
  const before = bytesIn(a, 'bob', 'ready');
  expect(JSON.parse(before)).toHaveProperty('sig');
  const there = await rig.dreamos(['bridge', 'b', '--via', farEnd(b), '--once', '--json'], ann);
  expect(there).toMatchObject({ code: 0, err: '' });
  expect(there.json).toEqual([
    { event: 'up', peer: 'b' },
    { event: 'forwarded', id, mailbox: 'bob', peer: 'b' },
  ]);
  expect(bytesIn(b, 'bob', 'ready')).toBe(before);
  // By another name nobody lives there; by its own there is only no more mail.
  const misspelt = await rig.dreamos(['bridge', 'bb', '--via', farEnd(b), '--once'], ann);
  expect(misspelt).toMatchObject({ code: 0, out: '' });
  expect(misspelt.err).toContain("No agent's card says at bb; there are: b\n");
  const again = await rig.dreamos(['bridge', 'b', '--via', farEnd(b), '--once'], ann);
  expect(again.err).not.toContain("agent's card");
  expect((await rig.dreamos(['trace', id, '--json'], ann)).json.map(({ event }) => event)).toContain('forwarded');

  const bob = { cwd: b, env: { DREAMOS_AGENT: 'bob' } };
  expect((await rig.dreamos('read --json', bob)).json).toMatchObject([{ message: { id, from: 'ann' } }]);
  const answer = await rig.sent(['reply', id, 'all of it', '--ack'], bob);
  const back = await rig.dreamos(['bridge', 'a', '--via', farEnd(a), '--once'], bob);
  expect(back).toMatchObject({ code: 0, out: `${answer} ann forwarded\n` });
  expect((await rig.dreamos('read --json', ann)).json).toMatchObject([
    { message: { id: answer, replyTo: id, body: 'all of it' } },
  ]);
});

test('what is refused there is a dead letter, and what cannot be reached stays', async ({ bare: rig }) => {
  const { a, b } = await twoRoots(rig);
  await rig.dreamos('agent retire bob', { cwd: b });
  const id = await rig.sent('send bob hello --as ann', { cwd: a });
  const away = await rig.dreamos(['bridge', 'b', '--via', 'echo no such host >&2; exit 255', '--once', '--json'], {
    cwd: a,
  });
  expect(away).toMatchObject({ code: 8, out: '' });
  expect(away.err).toContain('ended with exit 255: no such host');
  expect(JSON.parse(away.err)).toMatchObject({ error: { code: 'PEER_UNREACHABLE' } });
  expect(await idsIn(rig, a, 'bob', 'ready')).toEqual([id]);
  const refused = await rig.dreamos(['bridge', 'b', '--via', `echo welcome; ${farEnd(b)}`, '--once'], { cwd: a });
  expect(refused).toMatchObject({
    code: 0,
    out: `${id} bob refused: AGENT_RETIRED: bob has retired and takes no new mail.\n`,
  });
  expect((await rig.dreamos('dlq list bob --json', { cwd: a })).json).toMatchObject([
    { id, reason: 'b refused it: AGENT_RETIRED: bob has retired and takes no new mail.' },
  ]);
});

test('it carries what comes until SIGTERM, ends with 0 then, and leaves nothing claimed or running', async ({
  bare: rig,
}) => {
  const { a, b } = await twoRoots(rig);
  // By its root, because others bridge on this machine, too.
  const processes = async (): Promise<string> =>
    (await rig.shell(`pgrep -fc "receiv[e] --root ${b}" || true`)).out.trim();
  const running = rig.start(['bridge', 'b', '--via', `exec dreamos receive --root ${b}`, '--json'], { cwd: a });
  for (let i = 0; i < 3; i++) await rig.sent(`send bob m${i} --as ann`, { cwd: a });
  while (running.lines().filter((line) => line.includes('forwarded')).length < 3)
    await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await processes()).not.toBe('0');
  const ended = await running.kill('SIGTERM');
  expect(ended).toMatchObject({ code: 0, err: '' });
  expect((await rig.dreamos('peek bob -n 9 --json', { cwd: b })).json.map(({ message }) => message.body)).toEqual([
    'm0',
    'm1',
    'm2',
  ]);
  expect(await idsIn(rig, a, 'bob', 'inflight')).toEqual([]);
  expect(await processes()).toBe('0');
});

test('what comes while the other root is moved is in its new place, and nothing of it is a dead letter', async ({
  bare: rig,
}) => {
  const { a, b } = await twoRoots(rig);
  const running = rig.start(['bridge', 'b', '--via', farEnd(b), '--json'], { cwd: a });
  const forwarded = async (count: number): Promise<void> => {
    while (running.lines().filter((line) => line.includes('forwarded')).length < count)
      await new Promise((resolve) => setTimeout(resolve, 20));
  };
  await rig.sent('send bob before --as ann', { cwd: a });
  await forwarded(1);
  expect(await rig.dreamos(['move', '--to', `file:${join(rig.dir, 'elsewhere')}`], { cwd: b })).toMatchObject({
    code: 0,
  });
  await rig.sent('send bob behind --as ann', { cwd: a });
  await forwarded(2);
  await running.kill('SIGTERM');
  expect(await idsIn(rig, a, 'bob', 'dead')).toEqual([]);
  expect((await rig.dreamos('peek bob -n 9 --json', { cwd: b })).json.map(({ message }) => message.body)).toEqual([
    'before',
    'behind',
  ]);
});

test('what is under way when it is told to end is given back after a second signal, and uses up no attempt', async ({
  bare: rig,
}) => {
  const { a } = await twoRoots(rig);
  await rig.sent('send bob hello --as ann', { cwd: a });
  const silent = `echo '{"dreamos":"receive","v":1}'; cat >> seen`;
  const running = rig.start(['bridge', 'b', '--via', silent, '--json'], { cwd: a });
  while ((await idsIn(rig, a, 'bob', 'inflight')).length === 0);
  running.child.kill('SIGTERM');
  await new Promise((resolve) => setTimeout(resolve, 300));
  const ended = await running.kill('SIGTERM');
  expect(ended.json.at(-1)).toMatchObject({ event: 'given_back' });
  expect((await rig.dreamos('list bob --json', { cwd: a })).json).toMatchObject([{ state: 'ready', attempt: 0 }]);
});

test('a bridge to a broker has to say what its root is called, and that is not its peer', async ({ bare: rig }) => {
  const { a } = await twoRoots(rig);
  const way = ['bridge', 'b', '--via', 'amqp://mail@127.0.0.1:1', '--once'];
  const unnamed = await rig.dreamos(way, { cwd: a });
  expect(unnamed).toMatchObject({ code: 2, out: '' });
  expect(unnamed.err).toContain('that they live: --name host-a');
  expect(await rig.dreamos([...way, '--name', 'B'], { cwd: a })).toMatchObject({ code: 2, out: '' });
});

test('the example of help bridges works as it is printed', async ({ bare: rig }) => {
  const { out } = await rig.dreamos('help bridges');
  const script =
    /## Try it[^]*?```sh\n([^]*?)```/.exec(readFileSync(join(project, 'src/cli/help/bridges.md'), 'utf8'))?.[1] ?? '';
  expect(out).toContain(script.trim().split('\n')[0]);
  const ended = await rig.shell(`set -e\n${script}`);
  expect(ended).toMatchObject({ code: 0 });
  expect(ended.out).toContain('what is ready?');
  expect(ended.out).toContain('all of it');
});
