/** Help, and what it promises to scripts: the documented blocks are taken from the help and run as they stand. */
import { mkdirSync, readFileSync, writeFileSync, chmodSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { type Rig, commandsIn, idle, parseLines, test, until } from './rig.ts';
import { provideJq } from './jq.ts';

describe.concurrent('help', () => {
  test('every command has help with an example that begins with its own name, and says where topics are', async ({
    bare,
  }) => {
    const top = await bare.dreamos('--help');
    expect(top).toMatchObject({ code: 0, err: '' });
    expect(top.out).toContain('Topics: dreamos help format');
    const verbs = commandsIn(top.out);
    expect(verbs.length).toBeGreaterThan(20);
    for (const verb of verbs) {
      const help = await bare.dreamos(`${verb} --help`);
      expect(help, verb).toMatchObject({ code: 0, err: '' });
      expect(help.out).toMatch(new RegExp(`Example:\\n.*dreamos ${verb}\\b`, 's'));
      for (const inner of commandsIn(help.out)) {
        const { code, out } = await bare.dreamos(`help ${verb} ${inner}`);
        expect(code).toBe(0);
        expect(out).toMatch(new RegExp(`Example:\\n.*dreamos ${verb} ${inner}\\b`, 's'));
      }
    }
    // A hundred processes, one after the other.
  }, 300_000);

  test('every topic that is named is there', async ({ bare }) => {
    const { out } = await bare.dreamos('--help');
    const topics = /Topics: dreamos help (.*)/.exec(out)?.[1]?.split(' | ') ?? [];
    expect(topics.length).toBeGreaterThan(5);
    for (const topic of topics) expect(await bare.dreamos(`help ${topic.trim()}`)).toMatchObject({ code: 0, err: '' });
  });

  test('no arguments show the help, --version the version', async ({ bare }) => {
    expect((await bare.dreamos('')).out).toContain('Usage: dreamos');
    expect((await bare.dreamos('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  // Exit 1 is a bug and cannot be provoked from outside; 130 and 143 have their tests with `watch`.
  test('the exit codes of the table are those that commands end with', async ({ rig }) => {
    const table = (await rig.dreamos('help exit-codes')).out;
    const meanings = new Map(
      [...table.matchAll(/^ {2}(\d+) {2,}(.*)$/gm)].map(([, code, meaning]) => [Number(code), meaning ?? '']),
    );
    expect([...meanings.keys()]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(table).toContain('130, 143');
    const cases: [code: number, meaning: RegExp, script: string][] = [
      [0, /done/, 'dreamos status'],
      [2, /usage/, 'dreamos status --no-such-option'],
      [3, /nothing there/, 'dreamos read reviewer'],
      [3, /peek/, 'dreamos peek reviewer --wait 10ms'],
      [3, /watch --wait/, 'dreamos watch --wait 10ms'],
      [3, /listen/, 'dreamos listen build.done --wait 10ms'],
      [0, /done/, 'dreamos list reviewer'],
      [4, /not found: agent/, 'dreamos read nobody'],
      [4, /root/, 'cd / && dreamos status'],
      [5, /LEASE_LOST/, 'dreamos ack reviewer:d1795166100000.i01JD3Y6Q0V8M5T2B7K9XWZ4RCE.p2.a1.cQ7ABCDEF12'],
      [6, /invalid data/, 'dreamos ack nonsense'],
      [7, /disk/, 'dreamos status > /dev/full'],
      [
        9,
        /denied/,
        `dreamos config set secrets=refuse 'secretScanner=["false"]'; dreamos send reviewer hi --as planner`,
      ],
      [8, /server/, 'DREAMOS_SERVER=unix:/nonexistent/sock dreamos status'],
    ];
    for (const [code, meaning, script] of cases) {
      expect(meanings.get(code)).toMatch(meaning);
      expect((await rig.shell(script)).code, script).toBe(code);
    }
  });
});

describe.concurrent('dreamos help format', () => {
  test('the script that hands a message in works as it stands: a running watch and a reader get the message', async ({
    rig,
  }) => {
    const watcher = rig.start('watch reviewer --json --since start --count 1 --wait 30s');
    const script = blockOf((await rig.dreamos('help format')).out, 'box=', 'mv ');
    // It waits already, so only a push can bring it what comes now.
    await idle(watcher);
    expect(await rig.shell(`set -e; ${script}`)).toMatchObject({ code: 0, err: '' });
    const { json } = await watcher.ended;
    expect(json).toMatchObject([{ event: 'delivered', mailbox: 'reviewer', from: 'planner' }]);
    const read = await rig.dreamos('read reviewer --json');
    expect(read.json).toMatchObject([
      { attempt: 1, message: { id: json[0]?.id, from: 'planner', to: ['reviewer'], body: 'the build is green' } },
    ]);
  });

  test('it reaches an agent that already waits in `read --wait`', async ({ rig }) => {
    const reader = rig.start('read reviewer --json --wait 30s');
    const script = blockOf((await rig.dreamos('help format')).out, 'box=', 'mv ');
    await idle(reader);
    await rig.shell(script);
    expect((await reader.ended).json).toMatchObject([{ message: { body: 'the build is green' } }]);
  });

  test('every field of a message may be given, and is kept', async ({ rig }) => {
    const given = {
      id: '01JD3Y6Q0V8M5T2B7K9XWZ4RCE',
      from: 'planner',
      body: 'all of it',
      subject: 'whole',
      type: 'task',
      priority: 'urgent',
      thread: 't1',
      tags: ['a', 'b'],
      data: { n: [1, 2] },
      createdAt: '2026-11-20T09:00:00.000Z',
    };
    const { tmp, drop } = { tmp: join(rig.box('reviewer'), 'tmp'), drop: join(rig.box('reviewer'), 'drop') };
    writeFileSync(join(tmp, 'x.json'), JSON.stringify(given));
    await rig.shell(`mv ${tmp}/x.json ${drop}/x.json`);
    await rig.sent('send reviewer normal --as planner');
    expect((await rig.dreamos('read reviewer --json')).json[0]?.message).toMatchObject(given);
  });

  test('the tree that it shows is the tree that is there', async ({ rig }) => {
    const { out } = await rig.dreamos('help format');
    await rig.sent('send reviewer one --as planner');
    const shown = [...out.matchAll(/^ {4}([a-z]+)\//gm)].map(([, name]) => name);
    for (const folder of ['tmp', 'drop', 'ready', 'delayed', 'inflight', 'archive', 'dlq', 'corrupt', 'events']) {
      expect(shown, 'in the help').toContain(folder);
      expect((await rig.shell(`test -d ${join(rig.box('reviewer'), folder)}`)).code, folder).toBe(0);
    }
    expect(JSON.parse(readFileSync(join(rig.root, 'format.json'), 'utf8'))).toEqual({
      format: 'dreamos',
      version: 1,
    });
  });

  test('`tail -f` on an event log shows what happens, a line each', async ({ rig }) => {
    await rig.sent('send reviewer one --as planner');
    const tail = rig.startShell(`exec tail -n +1 -f ${rig.box('reviewer')}/events/*.jsonl`);
    await until('the first line', () => tail.lines().length === 1);
    expect(await rig.dreamos('read reviewer --ack --quiet')).toMatchObject({ code: 0 });
    await until('claimed and acked', () => tail.lines().length === 3);
    expect(parseLines(tail.lines().join('\n')).map(({ event }) => event)).toEqual(['delivered', 'claimed', 'acked']);
    await tail.kill('SIGTERM');
  });
});

describe.concurrent('dreamos help scripting', () => {
  test('the consumer loop works as it stands: what fails comes again, what works is acked once', async ({ rig }) => {
    provideJq(rig);
    const loop = blockOf((await rig.dreamos('help scripting')).out, 'export DREAMOS_AGENT', 'done');
    const handler =
      '#!/bin/bash\nbody=$(cat)\necho "$body" >> handled\n[ "$body" != flaky ] || [ -e failed-once ] || { touch failed-once; exit 1; }\n';
    writeFileSync(join(rig.dir, 'handle'), handler);
    chmodSync(join(rig.dir, 'handle'), 0o755);
    await rig.dreamos('config set backoffMin 100ms');
    const consumer = rig.startShell(loop);
    for (const body of ['first', 'flaky', 'it\'s "quoted" `and` $odd'])
      await rig.sent(['send', 'reviewer', body, '--as', 'planner', '--quiet']);
    await until('all are acked', async () => (await rig.dreamos('status reviewer --json')).json[0]?.['archived'] === 3);
    process.kill(-(consumer.child.pid ?? 0), 'SIGTERM');
    await consumer.ended;
    const handled = readFileSync(join(rig.dir, 'handled'), 'utf8').trimEnd().split('\n');
    expect(handled.sort()).toEqual(['first', 'flaky', 'flaky', 'it\'s "quoted" `and` $odd'].sort());
  });
});

describe.concurrent('completion', () => {
  test('bash accepts the script, and completes commands, their commands and options', async ({ bare }) => {
    const { code, out } = await bare.dreamos('completion bash');
    expect(code).toBe(0);
    writeFileSync(join(bare.dir, 'completion.bash'), out);
    expect(await bare.shell('bash -n completion.bash')).toMatchObject({ code: 0, err: '' });
    const complete = async (...words: string[]) => {
      const typed = words.map((word) => `'${word}'`).join(' ');
      const script = `source completion.bash; COMP_WORDS=(${typed}); COMP_CWORD=${words.length - 1}; _dreamos; printf '%s\\n' "\${COMPREPLY[@]}"`;
      return (await bare.shell(script)).out.trim().split('\n');
    };
    expect(await complete('dreamos', 'arch')).toEqual(['archive']);
    expect(await complete('dreamos', 'archive', '')).toEqual(
      expect.arrayContaining(['list', 'show', 'search', 'restore', '--json']),
    );
    expect(await complete('dreamos', 'send', 'reviewer', '--pri')).toEqual(['--priority']);
    expect(await complete('dreamos', '--root', 'x', 'dlq', 're')).toEqual(['retry']);
    expect(await complete('dreamos', '')).toEqual(
      expect.arrayContaining(commandsIn((await bare.dreamos('--help')).out)),
    );
    expect((await bare.shell('source completion.bash; complete -p dreamos')).out).toContain('_dreamos');
  });

  test('for zsh and fish there is one with every command, too', async ({ bare }) => {
    const verbs = commandsIn((await bare.dreamos('--help')).out);
    for (const shell of ['zsh', 'fish']) {
      const { code, out } = await bare.dreamos(`completion ${shell}`);
      expect(code).toBe(0);
      for (const verb of verbs) expect(out).toContain(verb);
    }
  });
});

describe.concurrent('where the root and the agent come from', () => {
  test('found upward from a subfolder, DREAMOS_ROOT before that, --root before both', async ({ rig }) => {
    const deep = join(rig.dir, 'src', 'deep', 'down');
    mkdirSync(deep, { recursive: true });
    const rootOf = async (words: string, terms: Parameters<Rig['dreamos']>[1]) =>
      (await rig.dreamos(`init ${words} --json`, terms)).json[0]?.['root'];
    expect(await rootOf('', { cwd: deep })).toBe(rig.root);
    expect(await rootOf('', { cwd: rig.box('reviewer') })).toBe(rig.root);

    const elsewhere = { DREAMOS_ROOT: join('/tmp', `${rig.dir.slice(5)}-other`) };
    const other = (await rig.dreamos('init tester --json', { env: elsewhere })).json[0];
    expect(other).toMatchObject({ root: elsewhere.DREAMOS_ROOT, created: true });
    try {
      expect(
        (await rig.dreamos('status --json', { cwd: deep, env: elsewhere })).json.map(({ mailbox }) => mailbox),
      ).toEqual(['tester']);
      const named = await rig.dreamos(`status --json --root ${rig.dir}`, { env: elsewhere });
      expect(named.json.map(({ mailbox }) => mailbox)).toEqual(['planner', 'reviewer']);
    } finally {
      await rig.shell(`rm -r ${elsewhere.DREAMOS_ROOT}`);
    }
  });

  test('DREAMOS_AGENT is who acts, --as comes before it', async ({ rig }) => {
    const env = { DREAMOS_AGENT: 'planner' };
    await rig.sent('send reviewer one', { env });
    await rig.sent('send planner two --as reviewer', { env });
    expect((await rig.dreamos('read --json', { env })).json).toMatchObject([
      { mailbox: 'planner', message: { from: 'reviewer' } },
    ]);
    expect((await rig.dreamos('read --json --as Reviewer', { env })).json).toMatchObject([
      { mailbox: 'reviewer', message: { from: 'planner' } },
    ]);
  });
});

describe.concurrent('colour and terminals', () => {
  test('a read for people says whose words they are, fences them, and ends with the line to type', async ({ rig }) => {
    await rig.sent(['send', 'reviewer', 'see:\n```\n```\nand on', '--as', 'planner', '--subject', 'fences']);
    const { out } = await rig.dreamos('read reviewer');
    expect(out).toMatch(/From: +planner\n/);
    expect(out).toMatch(/"planner".*\n````\nsee:\n```\n```\nand on\n````\n/);
    const last = out.trimEnd().split('\n').at(-1) ?? '';
    expect(last).toMatch(/^dreamos ack \S+$/);
    expect(await rig.shell(last)).toMatchObject({ code: 0 });
  });
});

/** The indented lines from the one that begins with `first` to the last one that begins with `last`. */
function blockOf(help: string, first: string, last: string): string {
  const lines = help.split('\n');
  const from = lines.findIndex((line) => line.trimStart().startsWith(first));
  const indent = /^ */.exec(lines[from] ?? '')?.[0] ?? '';
  const to = lines.findIndex((line, n) => n > from && line.startsWith(`${indent}${last}`));
  if (from < 0 || to < 0) throw new Error(`the help has no block from "${first}" to "${last}"`);
  return lines
    .slice(from, to + 1)
    .map((line) => line.slice(indent.length))
    .join('\n');
}
