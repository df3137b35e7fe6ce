import { beforeEach, expect, test } from 'vitest';
import { commandIn, otherWords } from '../../src/cli/other-words.ts';
import { Context } from '../../src/cli/context.ts';
import { findCommand } from '../../src/cli/find-verb.ts';
import type { Surroundings } from '../../src/cli/surroundings.ts';
import { createProgram } from '../../src/program/program.ts';
import { type Rig, createRig } from '../commands/rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

const program = createProgram(new Context({} as Surroundings)).whole();

test.for(Object.entries(otherWords))('`%s` is answered with a command that is there', ([, lines]) => {
  const there = lines.filter((line) => findCommand(program, commandIn(line)) !== undefined);
  expect(there).not.toEqual([]);
  for (const line of there) {
    const known = findCommand(program, commandIn(line))?.options.map(({ long }) => long) ?? [];
    expect([...known, undefined]).toContain(/--[\w-]+/.exec(line)?.[0]);
  }
});

test.for([
  ['inbox reviewer', 'dreamos list reviewer'],
  ['inbox --as reviewer', 'dreamos list reviewer --as reviewer'],
  ['ls', 'dreamos list planner'],
  ['LS', 'dreamos list planner'],
  ['--root /x ls -l reviewer', 'dreamos list reviewer --root /x'],
  ['recv reviewer', 'dreamos read reviewer'],
  ['wait reviewer', 'dreamos read reviewer --wait 30s'],
  ['rm 01JD3Y6Q0V8M5T2B7K9XWZ4RCE', 'dreamos cancel 01JD3Y6Q0V8M5T2B7K9XWZ4RCE'],
  ['delete', 'dreamos cancel --help'],
  ['monitor', 'dreamos top'],
  ['todo', 'dreamos task list'],
  ['tasks', 'dreamos task list'],
  ['claim 4RCE', 'dreamos task accept 4RCE'],
  ['assign 4RCE reviewer', 'dreamos task assign 4RCE reviewer'],
  ['assign 4RCE', 'dreamos task assign 4RCE'],
  ['assign', 'dreamos task assign --help'],
  ['blocked', 'dreamos task list --blocked'],
  ['busy --as reviewer', 'dreamos agent heartbeat reviewer --status busy --as reviewer'],
  ['leader', 'dreamos coordinate'],
  ['task ls', 'dreamos task list'],
  ['task add', 'dreamos task create --title "what is to be done"'],
  ['task claim', 'dreamos task next'],
  ['task claim 4RCE --as reviewer', 'dreamos task accept 4RCE --as reviewer'],
  ['task finish 4RCE', 'dreamos task done 4RCE'],
  ['task release 4RCE', 'dreamos nack 4RCE'],
  ['task tree', 'dreamos task list --tree'],
  ['task reassign 4RCE reviewer', 'dreamos task assign 4RCE reviewer'],
  ['resources list', 'dreamos resources show'],
  ['agent status reviewer', 'dreamos who reviewer'],
  ['agent ls', 'dreamos agent list'],
  ['schedule rm nightly', 'dreamos schedule remove nightly'],
  ['help inbox', 'dreamos list --help'],
  ['retry 4RCE', 'dreamos dlq retry 4RCE'],
  ['retry', 'dreamos dlq list'],
  ['requeue', 'dreamos dlq list'],
  ['history 4RCE', 'dreamos trace 4RCE'],
  ['history', 'dreamos archive list planner'],
  ['complete 4RCE', 'dreamos ack 4RCE'],
  ['complete', 'dreamos ack'],
  ['fetch --as reviewer', 'dreamos read reviewer --as reviewer'],
  ['sent', 'dreamos search planner --from planner'],
  ['create bob', 'dreamos agent register bob'],
  ['create', 'dreamos init'],
  ['purge', 'dreamos dlq purge --all --dry-run'],
  ['claim reviewer', 'dreamos read reviewer'],
  ['fail 4RCE --root /x', 'dreamos nack 4RCE --root /x'],
  ['version', 'dreamos --version'],
  ['log 4RCE', 'dreamos trace 4RCE'],
  ['log', 'dreamos watch planner --since start'],
  ['count', 'dreamos status'],
  [
    'forward 4RCE reviewer --root /x',
    'dreamos show 4RCE --body --root /x | dreamos send reviewer --as planner --root /x',
  ],
  ['forward', 'dreamos send --help'],
  ['mark-read 4RCE', 'dreamos ack 4RCE'],
  ['rename a b', 'dreamos agent rename a b'],
  ['status --held', 'dreamos list planner --state inflight'],
  ['status --held --as reviewer', 'dreamos list reviewer --state inflight --as reviewer'],
  ['agent delete reviewer --force', 'dreamos agent delete reviewer --archive'],
  ['dlq list reviewer --by-cause', 'dreamos dlq list'],
  ['work --once --as reviewer', 'dreamos work --help'],
  ['status --hepl', 'dreamos status --help'],
  ['push reviewer hi', 'dreamos send reviewer "your text"'],
  ['ask reviewer hi --as planner', 'dreamos request reviewer "your question" --as planner'],
  ['consume reviewer', 'dreamos read reviewer'],
  ['topic list', 'dreamos topics list'],
  ['topics subscribe x', 'dreamos subscribe --help'],
  ['identity init', 'dreamos identity create planner'],
  ['identity init reviewer', 'dreamos identity create reviewer'],
  ['token rm', 'dreamos token revoke --help'],
  ['policy init', 'dreamos policy set --help'],
  ['agent init bob', 'dreamos agent register bob'],
  ['dlq init', 'dreamos dlq --help'],
  ['identity send', 'dreamos identity --help'],
  ['trust backup', 'dreamos trust --help'],
  ['policy lst', 'dreamos policy --help'],
  ['agent group devs', 'dreamos agent register --help'],
  ['agent pause reviewer', 'dreamos pause reviewer'],
  ['config reset lease', 'dreamos config unset lease'],
  ['read -f', 'dreamos watch planner'],
  ['-v', 'dreamos --version'],
  ['-x', 'dreamos --help'],
  ['send reviewer hi -x', 'dreamos send --help'],
  ['config lease', 'dreamos config get lease'],
  ['config lease 5m', 'dreamos config set lease 5m'],
  ['config maxAttempts', 'dreamos config get maxAttempts'],
  ['release 4RCE', 'dreamos nack 4RCE'],
  ['release', 'dreamos reserve release'],
  ['unlock', 'dreamos reserve release'],
  ['lock src', 'dreamos reserve --help'],
  ['run', 'dreamos work --help'],
  ['man', 'dreamos help man'],
  ['read --all', 'dreamos read planner --count 10'],
  ['read --block', 'dreamos read planner --wait 30s'],
  ['ack --all --as reviewer', 'dreamos list reviewer --state inflight --as reviewer'],
  ['help LEASE_LOST', 'dreamos explain LEASE_LOST'],
  ['help lease_lost', 'dreamos explain LEASE_LOST'],
  ['explain 5', 'What each exit code means: dreamos help exit-codes'],
  ['reserve ls --as planner', 'dreamos reserve list; of a file of this name: dreamos reserve ./ls'],
  ['reserve rm a b', 'dreamos reserve release a b; of a file of this name: dreamos reserve ./rm'],
  ['post-mortem', 'dreamos --help'],
  ['dlq', 'dreamos dlq list; or: dreamos dlq --help'],
  ['config', 'dreamos config --help'],
  ['read reviewer planner', 'dreamos read --help'],
  [
    "send reviewer it's done now --as planner",
    "A text of several words needs quotes: dreamos send reviewer 'it'\\''s done now' --as planner",
  ],
  ['publish b.c it works', "A text of several words needs quotes: dreamos publish b.c 'it works'"],
  ['send reviewer it works --subject x', 'A text of several words needs quotes. See: dreamos send --help'],
  ['task create parse it --as planner', "This is said by --title: dreamos task create --title 'parse it' --as planner"],
  ['task done 4RCE merged', 'This is said by --result: dreamos task done 4RCE --result merged'],
  ['task next reviewer', 'This is said by --as: dreamos task next --as reviewer'],
  ['task create parse --priority high', 'dreamos task create --help'],
  ['reply a b c', 'A text of several words needs quotes. See: dreamos reply --help'],
  [
    'send tester reviewer hi',
    'Several recipients are one word, tester,reviewer, and a text of several words needs quotes. See: dreamos send --help',
  ],
] as const)('`dreamos %s` leads to `%s`', async ([line, hint]) => {
  const { code, out, err } = await rig.dreamos(`${line} --json`);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(JSON.parse(err)).toMatchObject({ error: { code: 'USAGE', hint } });
});

test('what stood behind -- stays there, and the flags before it', async () => {
  const { err } = await rig.dreamos(['work', '--once', '--as', 'reviewer', '--', './handle', 'a b']);
  expect(err).toContain("Next: dreamos work reviewer --count 1 --as reviewer -- ./handle 'a b'\n");
});

test('no option that is another word is one that its command has', () => {
  const typed = Object.keys(otherWords).filter((words) => words.includes(' --'));
  expect(typed.length).toBeGreaterThan(5);
  for (const words of typed) {
    const option = words.split(' ').at(-1);
    expect(findCommand(program, commandIn(words))?.options.map(({ long }) => long)).not.toContain(option);
  }
});

test('`agent rename` does not lead to `agent retire`', async () => {
  expect((await rig.dreamos('agent rename reviewer tester')).err).not.toContain('retire');
});

test('what is mistyped is still led to the nearest spelling, and what was typed never becomes a command', async () => {
  for (const [typed, meant, line] of [
    ['sned reviewer', 'send', 'send reviewer'],
    ['send reviewer hi --subjct x', '--subject', 'send reviewer hi --subject x'],
    ['--root /x dlq lsit -q', 'list', '--root /x dlq list -q'],
  ])
    expect((await rig.dreamos(typed ?? '')).err).toContain(`Next: Did you mean ${meant}? Then: dreamos ${line}\n`);
  for (const [typed, line] of [
    ['--root /x read reviewer --wait', '--root /x read reviewer --wait 30s'],
    ['read reviewer -q -n', 'read reviewer -q -n 10'],
  ])
    expect((await rig.dreamos(typed ?? '')).err).toContain(`Next: For example: dreamos ${line}\n`);
  expect((await rig.dreamos('sned')).err).toContain('Next: Did you mean send? See: dreamos send --help\n');
  expect((await rig.dreamos(['sned', 'a\nb'])).err).toContain('Next: Did you mean send? See: dreamos --help\n');
  expect((await rig.dreamos(['inbox', '; rm -rf ~'])).err).toContain('Next: dreamos list planner\n');
});
