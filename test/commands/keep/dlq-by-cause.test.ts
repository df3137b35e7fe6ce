import { beforeEach, expect, test } from 'vitest';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

const hourMs = 3_600_000;

async function dead(reason: string, agent = 'reviewer'): Promise<string> {
  rig.time.nowMs += hourMs;
  const id = await rig.sent(`send ${agent} hello --as planner --subject Look`);
  const [claim] = (await rig.dreamos(`read ${agent} --json`)).json;
  await rig.dreamos(['nack', String(claim?.['receipt']), '--dead', '--reason', reason]);
  return id;
}

test('dlq list without a name tells of all mailboxes, whoever acts, and where each is', async () => {
  const [one, two] = [await dead('ETIMEDOUT'), await dead('cannot parse', 'planner')];
  const { code, out, err } = await rig.dreamos('dlq list', { env: { DREAMOS_AGENT: 'reviewer' } });
  expect(code).toBe(0);
  expect(out).toMatch(/^id +mailbox +dead since +attempts +from +subject +reason\n/);
  expect(out).toMatch(new RegExp(`${two} +planner .*cannot parse\n${one} +reviewer .*ETIMEDOUT\n`));
  expect(err).toBe(
    `\nTry one again: dreamos dlq retry planner ${two}\nAll of a cause: dreamos dlq retry --reason 'cannot parse'\n`,
  );
  expect((await rig.dreamos('dlq list --reason etime --json')).json).toMatchObject([{ id: one }]);
  expect((await rig.dreamos('dlq list --older-than 30m -n 1 --json')).json).toMatchObject([{ id: one }]);
  expect((await rig.dreamos('dlq list --from nobody')).err).toBe('No dead letter fits.\n');
  expect((await rig.dreamos('dlq list planner --subject none')).err).toBe('No dead letter for planner fits.\n');
});

test('what is dead of a deleted agent is listed and purged with all, and retried once it is made anew', async () => {
  const [one, two] = [await dead('ETIMEDOUT'), await dead('cannot parse', 'planner')];
  const deleted = await rig.dreamos('agent delete reviewer');
  expect(deleted.err).toContain('\nSo can its dead letters: dreamos dlq list reviewer\n');
  const anew = 'reviewer is deleted. To retry what it had, make it anew: dreamos agent register reviewer\n';
  const all = await rig.dreamos('dlq list');
  expect(all.out).toMatch(new RegExp(`${two} +planner .*\n${one} +reviewer `));
  expect(all.err).toContain(`Try one again: dreamos dlq retry planner ${two}\n`);
  expect(all.err).toContain(anew);
  expect((await rig.dreamos('dlq list reviewer')).err).toBe(`\n${anew}`);
  expect((await rig.dreamos('dlq retry --all --dry-run --json')).json).toMatchObject([{ id: two }]);
  expect(await rig.dreamos('dlq retry --all')).toMatchObject({ code: 0, out: `${two} ready at planner\n` });
  expect((await rig.dreamos('dlq purge --all --dry-run --json')).json).toMatchObject([{ id: one }]);
  await rig.dreamos('agent register reviewer');
  expect((await rig.dreamos('dlq retry --all')).out).toBe(`${one} ready at reviewer\n`);
});

test('all that is dead is purged, of a deleted agent, too', async () => {
  const id = await dead('ETIMEDOUT');
  await rig.dreamos('agent delete reviewer');
  expect((await rig.dreamos('dlq purge --all --force')).out).toBe(`${id} purged at reviewer\n`);
  expect((await rig.dreamos('dlq list')).err).toBe('No dead letters.\n');
});

test('what dlq list says to type next works when it is pasted', async () => {
  for (const reason of ["it's\nbroken", 'a'.repeat(60), 'word '.repeat(20), '-x', 'Exit 1: "no" $HOME']) {
    await dead(reason);
    const { err } = await rig.dreamos('dlq list reviewer');
    const [, typed = ''] = /All of a cause: dreamos (.*)/.exec(err) ?? [];
    const words = [...typed.matchAll(/'((?:[^']|'\\'')*)'|(\S+)/g)].map(
      ([, quoted, plain]) => quoted?.replaceAll(`'\\''`, "'") ?? plain ?? '',
    );
    expect({ reason, out: (await rig.dreamos(words)).out }).toMatchObject({ out: expect.stringMatching(/ ready\n$/) });
    expect((await rig.dreamos('dlq purge --all --force')).code).toBe(0);
  }
});

test('on a terminal of 80 columns a line is a dead letter, with its age', async () => {
  await dead('connect ETIMEDOUT 10.0.0.1:5432 after 30000 ms, three times, and nobody answers');
  rig.time.nowMs += hourMs;
  const { out } = await rig.dreamos('dlq list', { terminal: true, env: { NO_COLOR: '1' } });
  const lines = out.trimEnd().split('\n');
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(/^id +mailbox +dead for +subject +reason$/);
  expect(lines[1]).toMatch(/ reviewer +1h +Look +connect ETIMEDOUT.*…$/);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
});

test('on a terminal the end of an id is what is to be typed, and it works; elsewhere the id is whole', async () => {
  const id = await dead('ETIMEDOUT');
  expect((await rig.dreamos('dlq list')).err).toContain(`dreamos dlq retry reviewer ${id}\n`);
  const { err } = await rig.dreamos('dlq list', { terminal: true });
  const [, end = ''] = /dreamos dlq retry reviewer (\w+)\n/.exec(err) ?? [];
  expect(end).toBe(id.slice(-8));
  expect((await rig.dreamos(`dlq retry reviewer ${end}`)).out).toBe(`${id} ready\n`);
});

test('dlq retry by cause says what it has made ready, and where if no mailbox was named', async () => {
  const [one, two] = [await dead('ETIMEDOUT'), await dead('cannot parse')];
  const there = await dead('etimedout', 'planner');
  const dry = await rig.dreamos('dlq retry --reason ETIMEDOUT --dry-run');
  expect(dry.out).toMatch(new RegExp(`${one} +reviewer .*\n${there} +planner .*\n$`));
  expect(dry.err).toBe('\n2 would be retried; without --dry-run they are.\n');
  expect((await rig.dreamos('dlq retry --reason ETIMEDOUT --dry-run --json')).json).toMatchObject([
    { id: one, state: 'dead', dryRun: true },
    { id: there, state: 'dead', dryRun: true },
  ]);
  expect(await rig.dreamos('dlq retry --reason ETIMEDOUT')).toMatchObject({
    code: 0,
    out: `${one} ready at reviewer\n${there} ready at planner\n`,
    err: '',
  });
  expect((await rig.dreamos('dlq retry reviewer --reason ETIMEDOUT')).err).toBe('No dead letter for reviewer fits.\n');
  expect((await rig.dreamos('dlq retry reviewer --subject look')).out).toBe(`${two} ready\n`);
});

test('dlq purge wants a filter, or --force beside --all; a dry run purges nothing', async () => {
  const [one, two] = [await dead('a'), await dead('b', 'planner')];
  for (const [words, hint] of [
    ['dlq purge --all', 'dreamos dlq purge --all --force'],
    ['dlq purge reviewer --all', 'dreamos dlq purge reviewer --all --force'],
    ['dlq purge --all -n 1', 'dreamos dlq purge --all --force'],
  ] as const) {
    const { code, out, err } = await rig.dreamos(words);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(`Next: ${hint}\n`);
  }
  expect((await rig.dreamos('dlq purge --all --dry-run')).err).toBe(
    '\n2 would be purged; without --dry-run they are.\n',
  );
  expect((await rig.dreamos(`dlq purge ${one} --dry-run --json`)).json).toEqual([
    { id: one, mailbox: 'reviewer', dryRun: true },
  ]);
  expect((await rig.dreamos('dlq purge --reason a --json')).json).toEqual([
    { id: one, mailbox: 'reviewer', purged: true },
  ]);
  expect((await rig.dreamos('dlq purge --all --force')).out).toBe(`${two} purged at planner\n`);
});

test('what cannot be meant is refused by name, and nothing is done', async () => {
  const id = await dead('a');
  for (const [words, said] of [
    [['dlq', 'purge', '--reason', ''], 'Leave out --reason, or give a part of it.'],
    [['dlq', 'list', '--subject', ''], 'Leave out --subject, or give a part of it.'],
    [['dlq', 'retry', id, '--reason', 'a'], 'Ids and a filter'],
    [['dlq', 'retry', id, '-n', '1'], 'Ids and a filter'],
    [['dlq', 'retry', 'reviewer', '-n', '1'], '"dlq retry" needs message ids, a filter, or --all.'],
    [['dlq', 'purge', 'reviewer'], 'dlq list reviewer; all of them: dreamos dlq purge reviewer --all --dry-run'],
    [['dlq', 'purge', '--older-than', 'old'], '"old" is not a duration for --older-than.'],
    [['dlq', 'purge', '--priority', 'odd'], '"odd" is not a priority.'],
    [['dlq', 'list', '-n', '0'], '--limit'],
  ] as const) {
    const { code, out, err } = await rig.dreamos([...words]);
    expect({ words, code, out }).toEqual({ words, code: 2, out: '' });
    expect(err).toContain(said);
  }
  expect((await rig.dreamos('dlq retry nobody --reason a')).code).toBe(4);
  expect((await rig.dreamos('dlq list --json')).json).toMatchObject([{ id }]);
});

test('search and list tell why a message is dead', async () => {
  const id = await dead('connect ETIMEDOUT');
  expect((await rig.dreamos('search etimedout')).out).toBe(
    `dead      ${id}  reviewer  from planner: Look  reason: connect ETIMEDOUT\n`,
  );
  expect((await rig.dreamos('list reviewer --reason etimedout')).out).toMatch(/reason: connect ETIMEDOUT\n$/);
  expect((await rig.dreamos('list reviewer --reason other')).err).toBe('Nothing in reviewer that fits is dead.\n');
  expect((await rig.dreamos('list reviewer --state all --subject look --json')).json).toMatchObject([
    { id, reason: 'connect ETIMEDOUT' },
  ]);
});

test('archive list, search and export take the filters of a look', async () => {
  for (const subject of ['one', 'two']) {
    await rig.sent(`send reviewer word --as planner --subject ${subject}`);
    await rig.dreamos('read reviewer --ack');
    rig.time.nowMs += hourMs;
  }
  for (const words of ['archive list reviewer', 'archive search word', 'archive export reviewer']) {
    const subjects = async (more: string): Promise<unknown[]> =>
      (await rig.dreamos(`${words} ${more} --json`)).json.map(
        ({ message }) => (message as { subject: string }).subject,
      );
    expect(await subjects('--subject ON')).toEqual(['one']);
    expect(await subjects('--older-than 90m')).toEqual(['one']);
    expect(await subjects('--type task')).toEqual([]);
    expect(await subjects('-n 1')).toHaveLength(1);
  }
  expect((await rig.dreamos('archive search word --type task')).err).toBe(
    'Nothing that fits in any archive has "word".\n',
  );
});
