import { beforeEach, expect, test } from 'vitest';
import { list } from '../../src/core/look/list.ts';
import { type Rig, createRig } from '../commands/rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

test.for([
  [['send', 'reviewer', '--help'], 'dreamos send reviewer -- --help'],
  [['send', 'reviewer', '-h', '--as', 'planner'], 'dreamos send reviewer --as planner -- -h'],
  [['send', '--as', 'planner', 'reviewer', '--version'], 'dreamos send --as planner reviewer -- --version'],
  [['request', 'reviewer', '-V'], 'dreamos request reviewer -- -V'],
  [['publish', 'build.done', '--help'], 'dreamos publish build.done -- --help'],
  [
    ['schedule', 'add', 'a', '0 3 * * *', 'reviewer', '--help'],
    "dreamos schedule add a '0 3 * * *' reviewer -- --help",
  ],
] as const)('%j is refused: a text may be meant', async ([words, next]) => {
  const { code, out, err } = await rig.dreamos([...words, '--json']);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  const [, typed = ''] =
    /As a text: (.*?); if not: /.exec((JSON.parse(err) as { error: { hint: string } }).error.hint) ?? [];
  expect(typed.replace(' --json', '')).toBe(next);
});

test('the help is there where no text can be meant', async () => {
  for (const line of [
    'send --help',
    'send --help reviewer',
    'send --as planner --help',
    'list reviewer --help',
    '--help',
  ])
    expect(await rig.dreamos(line)).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringContaining('Usage: dreamos') as string,
    });
});

test('a text that looks like an option is sent behind `--`, as it is said', async () => {
  const refused = await rig.dreamos(['send', 'reviewer', "-x it's", '--as', 'planner']);
  expect(refused.code).toBe(2);
  expect(refused.err).toContain(`dreamos send reviewer --as planner -- '-x it'\\''s'; if not: dreamos send --help`);
  expect((await rig.dreamos(['send', 'reviewer', '--as', 'planner', '--', "-x it's"])).code).toBe(0);
  for await (const { message } of list(rig.root, 'reviewer')) expect(message?.body).toBe("-x it's");
});

test('options behind `--` are told to be texts there, with the order that works', async () => {
  const { code, err } = await rig.dreamos(['send', 'reviewer', '--', '-x y', '--as', 'planner']);
  expect(code).toBe(2);
  expect(err).toContain(`Behind "--" there are no options any more: dreamos send reviewer --as planner -- '-x y'\n`);
  const long = await rig.dreamos(['send', 'reviewer', '--', 'a\nb', '--as', 'planner']);
  expect(long.err).toContain('they come before it: dreamos send --help\n');
});

test.each([
  [['send', 'reviewer', '--body', 'hello', '--as', 'planner'], 'dreamos send reviewer hello --as planner'],
  [['request', 'reviewer', '--as', 'planner', '-m', 'a b'], "dreamos request reviewer --as planner 'a b'"],
  [['reply', '01JD3Y6Q0V8M5T2B7K9XWZ4RCE', '--text', 'yes'], 'dreamos reply 01JD3Y6Q0V8M5T2B7K9XWZ4RCE yes'],
  [['send', 'reviewer', '--content', 'hello', '--as', 'planner'], 'dreamos send reviewer hello --as planner'],
  [['send', 'reviewer', '--message', 'hello', '--as', 'planner'], 'dreamos send reviewer hello --as planner'],
  [['send', 'reviewer', 'hello', '--body', 'again', '--as', 'planner'], 'dreamos send --help'],
])('%j has its text where other tools want it, and is told where it goes here', async (words, next) => {
  const { code, err } = await rig.dreamos([...words, '--json']);
  const { hint } = (JSON.parse(err) as { error: { hint: string } }).error;
  expect({ code, hint: hint.replace(' --json', '') }).toEqual({ code: 2, hint: `The text is an argument: ${next}` });
});

test.each([
  ['list reviewer --inflight', 'dreamos list reviewer --state inflight'],
  ['search hello --dead', 'dreamos search hello --state dead'],
  ['list --all', 'dreamos list --state all'],
])('`%s` is told how states are asked for', async (words, next) => {
  const { code, err } = await rig.dreamos(`${words} --json`);
  const { hint } = (JSON.parse(err) as { error: { hint: string } }).error;
  expect({ code, hint: hint.replace(' --json', '') }).toEqual({ code: 2, hint: next });
});
