import { expect, beforeEach, test } from 'vitest';
import { Context } from '../../src/cli/context.ts';
import { findCommand } from '../../src/cli/find-verb.ts';
import type { Surroundings } from '../../src/cli/surroundings.ts';
import { needless, otherArguments, otherOptions } from '../../src/program/other-options.ts';
import { createProgram } from '../../src/program/program.ts';
import { type Rig, createRig } from '../commands/rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

const program = createProgram(new Context({} as Surroundings)).whole();
const commands = program.commands.flatMap((one) => (one.commands.length > 0 ? one.commands : [one]));

async function hintOf(words: readonly string[]): Promise<string> {
  const { code, out, err } = await rig.dreamos([...words, '--json']);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  return (JSON.parse(err) as { error: { hint: string } }).error.hint.replace(/ --json(?= |$)/, '');
}

test.for([
  [['request', 'reviewer', 'which colour?', '--timeout', '60s'], "dreamos request reviewer 'which colour?' --wait 60s"],
  [['read', 'reviewer', '--timeout=5s'], 'dreamos read reviewer --wait 5s'],
  [
    ['work', 'reviewer', '--timeout', '5s', '--', './h', '--to'],
    'dreamos work reviewer --handler-timeout 5s -- ./h --to',
  ],
  [['work', 'reviewer', '-j', '4', '--', 'cat'], 'dreamos work reviewer --concurrency 4 -- cat'],
  [['read', 'reviewer', '--limit', '3'], 'dreamos read reviewer --count 3'],
  [['list', 'reviewer', '--max', '3'], 'dreamos list reviewer --limit 3'],
  [['watch', '--follow', '-n', '2'], 'dreamos watch --count 2'],
  [['status', '-f'], 'dreamos status --watch'],
  [['read', 'reviewer', '--no-ack'], 'dreamos read reviewer'],
  [['read', '--agent', 'reviewer'], 'dreamos read --as reviewer'],
  [['read', '--mailbox', 'reviewer'], 'dreamos read reviewer'],
  [['send', '--to', 'reviewer', 'hi'], 'dreamos send reviewer hi'],
  [['send', 'hi', '--to', 'reviewer', '--urgent'], 'dreamos send reviewer hi --priority urgent'],
  [['send', 'reviewer', 'hi', '-s', 'a b'], "dreamos send reviewer hi --subject 'a b'"],
  [['send', 'reviewer', 'hi', '--in', '5m', '--tags', 'x'], 'dreamos send reviewer hi --delay 5m --tag x'],
  [['send', 'reviewer', 'hi', '--idempotency-key', 'k'], 'dreamos send reviewer hi --dedupe-key k'],
  [['send', 'reviewer', 'hi', '--format', 'json'], 'dreamos send reviewer hi --json'],
  [['send', 'reviewer', 'hi', '--quiet=true'], 'dreamos send reviewer hi --quiet'],
  [['send', 'reviewer', 'hi', '--prio', 'high'], 'dreamos send reviewer hi --priority high'],
  [['list', 'reviewer', '--old', '3d'], 'dreamos list reviewer --older-than 3d'],
  [['send', 'reviewer', 'hi', '--de', 'x'], 'dreamos send --help'],
  [['nack', '--message', 'build is red'], "dreamos nack --reason 'build is red'"],
  [['dlq', 'list', '--cause', 'ETIMEDOUT'], 'dreamos dlq list --reason ETIMEDOUT'],
  [
    ['schedule', 'add', 'n', 'reviewer', 'run', '--cron', '0 2 * * *'],
    "dreamos schedule add n '0 2 * * *' reviewer run",
  ],
  [
    ['schedule', 'add', 'n', '@daily', '--to', 'reviewer', 'x', '--timezone', 'UTC'],
    'dreamos schedule add n @daily reviewer x --tz UTC',
  ],
] as const)('%j is told how it is typed here', async ([words, next]) => {
  expect(await hintOf(words)).toBe(next);
});

test('--body and --to together are both put where they go', async () => {
  for (const words of [
    ['--to', 'reviewer', '--body', 'hi'],
    ['--message', 'hi', '--to', 'reviewer'],
  ])
    expect(await hintOf(['send', ...words])).toMatch(/^(The text is an argument: )?dreamos send reviewer hi$/);
});

test.for([
  ['a flag that is refused', ['send', 'reviewer', 'hi', '--quiet=false']],
  ['a text that is there already', ['send', 'reviewer', 'hi', '--strange']],
  ['two recipients', ['send', 'reviewer', 'hi', '--to', 'planner']],
  ['a recipient that is missing', ['send', '--body', 'hi']],
  ['one known option and one that means nothing', ['send', 'reviewer', 'hi', '--in', '5m', '--strange']],
  ['a schedule without a line', ['schedule', 'add', 'n', 'reviewer', 'x', '--every', '5m']],
] as const)('%s leads to no line that would fail, but to the help', async ([, words]) => {
  expect(await hintOf(words)).toMatch(/^dreamos (send|schedule add) --help$/);
});

test('each option and argument of the table is one that a command has', () => {
  for (const ours of Object.keys(otherOptions)) {
    const has = [program, ...commands].some(({ options }) => options.some(({ long }) => long === ours.split(' ')[0]));
    expect({ ours, has }).toEqual({ ours, has: true });
  }
  for (const place of Object.keys(otherArguments)) {
    const has = commands.some((one) => one.registeredArguments.some((argument) => argument.name() === place));
    expect({ place, has }).toEqual({ place, has: true });
  }
  for (const [verb, options] of Object.entries(needless)) {
    const known = findCommand(program, verb.split(' '))?.options.flatMap(({ long, short }) => [long, short]);
    expect(options.split(' ').filter((one) => known?.includes(one))).toEqual([]);
  }
});
