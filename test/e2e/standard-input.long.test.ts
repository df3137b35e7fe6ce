/** A body as an argument beside a standard input: whose input it is, as shells and other programs really hand it on. */
import { readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { native, type Rig, test } from './rig.ts';

async function bodies(rig: Rig): Promise<string[]> {
  const { json } = await rig.dreamos('peek reviewer -n 100 --json');
  return json.map(({ message }) => message.body);
}

/** A script of another language: what it starts, as a line and as words. */
function program(rig: Rig, language: 'python3' | 'node', script: string, line = `exec ${send} hello`): string {
  const words = ['-c', line];
  const head =
    language === 'node'
      ? `const { spawn, spawnSync } = require('node:child_process'), stdio = ['pipe', 'inherit', 'inherit'], line = ${JSON.stringify(line)}, file = 'sh', words = ${JSON.stringify(words)};`
      : `import subprocess; line = ${JSON.stringify(line)}; words = ${JSON.stringify(['sh', ...words])};`;
  writeFileSync(join(rig.dir, 'program'), `${head}\n${script}\n`);
  return `${language} program`;
}

const send = 'dreamos send reviewer --as planner';
// What it is started by writes after it has started it: the native program has sent before that where two processors are few.
const late = `sleep 1; exec ${send} hello`;
const twice = { code: 2, out: '', err: expect.stringContaining('The body is given twice') as string };

describe.concurrent('a body as an argument', () => {
  test.for<[kind: string, script: string]>([
    ['a pipe', `printf x | ${send} hello`],
    ['a pipe of a shell in a shell', `sh -c 'printf x | ${send} hello'`],
    ['a file', `${send} hello < notes.md`],
    ['the rest of a here-document', `${send} hello <<EOF\nx\nEOF`],
    ['a substituted process', `${send} hello < <(printf x)`],
    [
      'a pipe of which a part was read, and nobody is left to read the rest',
      `printf '1\\nx' | (read -r a; ${send} "$a")`,
    ],
    ['a pipe beside a body file', `printf x | ${send} --body-file notes.md`],
    ['a pipe into a reply', `id=$(${send} question); printf x | dreamos reply "$id" --as reviewer hello`],
    ['a pipe into a publish', `printf x | dreamos publish news --as planner hello`],
    ['a pipe whose writer has written nothing so far', `sleep 4 | { exec ${send} hello; }`],
    ['a pipe through timeout', `printf x | timeout 60 ${send} hello`],
    ['a pipe through two programs that only hand it on', `printf x | flock lock timeout 60 ${send} hello`],
    ['a slow pipe into a line of a shell', `{ sleep 4; echo x; } | timeout 60 sh -c '${send} hello'`],
    ['a pipe into a schedule', `printf x | dreamos schedule add s '0 3 * * *' reviewer --as planner hello`],
  ])('and bytes in %s are refused', async ([kind, script], { rig }) => {
    writeFileSync(join(rig.dir, 'notes.md'), 'notes');
    expect(await rig.shell(script)).toMatchObject(twice);
    expect(await bodies(rig)).toEqual(kind === 'a pipe into a reply' ? ['question'] : []);
  });

  test.for(
    ['bash', 'dash', 'zsh'].flatMap((shell) => [
      [shell, 'a pipe', `printf '1\\n2\\n3\\n' | while read -r line; do ${send} "$line"; done`],
      [shell, 'a file', `while read -r line; do ${send} "$line"; done < lines`],
      [
        shell,
        'a pipe, in a shell of its own',
        `printf '1\\n2\\n3\\n' | while read -r line; do (${send} "$line"); done`,
      ],
    ]),
  )('in a loop of %s over %s takes nothing of its input', async ([shell = '', , script = ''], { rig, skip }) => {
    writeFileSync(join(rig.dir, 'lines'), '1\n2\n3\n');
    writeFileSync(join(rig.dir, 'script'), script);
    if ((await rig.shell(`command -v ${shell}`)).code !== 0) skip(`there is no ${shell} here`);
    expect(await rig.shell(`${shell} script`)).toMatchObject({ code: 0, err: '' });
    expect(await bodies(rig)).toEqual(['1', '2', '3']);
  });

  test.for<[kind: string, script: string]>([
    ['an empty pipe that stays open', `sleep 30 | { ${send} hello; kill -9 0; }`],
    ['a closed standard input', `${send} hello <&-`],
    ['a pipe that is empty', `true | ${send} hello`],
    ['an empty file', `: > empty; ${send} hello < empty`],
    ['an input of the script that others read, too', `printf 'x' | { ${send} hello; cat >/dev/null; }`],
  ])('does not wait for %s', async ([, script], { rig }) => {
    const { err } = await rig.shell(script);
    expect(err).toBe('');
    expect(await bodies(rig)).toEqual(['hello']);
  });

  test.for<[kind: string, language: 'python3' | 'node', script: string]>([
    ['a text of Python', 'python3', `subprocess.run(words, input=b'diff --git')`],
    ['a text of Python to a shell', 'python3', `subprocess.run(line, shell=True, input=b'diff --git')`],
    [
      'a pipe of Python that it has not closed',
      'python3',
      `p = subprocess.Popen(words, stdin=-1); p.stdin.write(b'x'); p.stdin.flush(); p.wait()`,
    ],
    ['a text of Node', 'node', `spawn(file, words, { stdio }).stdin.end('diff --git')`],
    [
      'a text of Node that it has not ended',
      'node',
      `spawn(file, words, { stdio }).on('exit', () => process.exit()).stdin.write('x')`,
    ],
    ['a text of Node at once', 'node', `spawnSync(file, words, { stdio, input: 'diff --git' })`],
    ['a text of Node to a shell', 'node', `spawnSync(line, { shell: true, stdio, input: 'diff --git' })`],
  ])('beside %s is refused', async ([, language, script], { rig }) => {
    const { err } = await rig.shell(program(rig, language, script, late));
    expect(err).toContain('The body is given twice');
    expect(await bodies(rig)).toEqual([]);
  });

  test.for<[kind: string, language: 'python3' | 'node', script: string]>([
    ['a JSON object of Python, as hooks get it', 'python3', `subprocess.run(words, input=b' {"hook": 1}')`],
    ['a pipe of Python that stays open and empty', 'python3', `subprocess.Popen(words, stdin=-1).wait()`],
    ['an empty text of Python', 'python3', `subprocess.run(words, input=b'')`],
    ['a JSON object of Node', 'node', `spawn(file, words, { stdio }).stdin.end('{"hook": 1}')`],
    [
      'a socket of Node that stays open and empty',
      'node',
      `spawn(file, words, { stdio }).on('exit', () => process.exit())`,
    ],
    ['an empty text of Node', 'node', `spawnSync(file, words, { stdio, input: '' })`],
    ['the input of Node itself', 'node', `spawnSync(file, words, { stdio: 'inherit' })`],
  ])('beside %s is sent, without waiting', async ([, language, script], { rig }) => {
    expect(await rig.shell(`printf x | ${program(rig, language, script)}`)).toMatchObject({ code: 0, err: '' });
    expect(await bodies(rig)).toEqual(['hello']);
  });

  test.for([
    ['xargs', `printf '1\\n2\\n3\\n' | xargs -I{} ${send} {}`],
    ['a loop through timeout', `printf '1\\n2\\n3\\n' | while read -r line; do timeout 60 ${send} "$line"; done`],
    ['a loop through a shell', `printf '1\\n2\\n3\\n' | while read -r line; do sh -c "${send} $line"; done`],
    ['a loop of Python', `printf '1\\n2\\n3\\n' | python3 loop.py`],
  ])('is sent by %s for each line', async ([, script = ''], { rig }) => {
    const loop = `import subprocess, sys\nfor line in sys.stdin: subprocess.run('${send}'.split() + [line.strip()], check=True)`;
    writeFileSync(join(rig.dir, 'loop.py'), loop);
    expect(await rig.shell(script)).toMatchObject({ code: 0, err: '' });
    expect(await bodies(rig)).toEqual(['1', '2', '3']);
  });

  test.for([
    ['a pipe', `printf 'x\\n' | ${send} "Please review:" -`, 'Please review:\nx\n'],
    ['a slow pipe', `{ sleep 0.5; printf x; } | ${send} "Please review:" -`, 'Please review:\nx'],
    ['an empty file', `${send} hello - < /dev/null`, 'hello'],
  ])('and - is sent with %s below it', async ([, script = '', body], { rig }) => {
    expect(await rig.shell(script)).toMatchObject({ code: 0, err: '' });
    expect(await bodies(rig)).toEqual([body]);
  });

  test('is sent by a program that hands all it starts something on stdin, as a worker does', async ({ rig }) => {
    await rig.sent('send planner job --as reviewer');
    const worked = await rig.dreamos(['work', 'planner', '-n', '1', '--', 'sh', '-c', `${send} hello`]);
    expect(worked.code).toBe(0);
    const hook = `import subprocess; subprocess.run(${JSON.stringify(`${send} hook`)}, shell=True, input=b'{}', check=True)`;
    writeFileSync(join(rig.dir, 'hook.py'), hook);
    expect(await rig.shell('python3 hook.py')).toMatchObject({ code: 0, err: '' });
    expect(await bodies(rig)).toEqual(['hello', 'hook']);
  });
});

describe.concurrent('a body on the standard input', () => {
  // What a pipe holds, and what is beside it.
  const texts = [0, 1, 65_535, 65_536, 65_537, 200_000].map((size) => 'x'.repeat(size));

  test('is read whole from a file and from a pipe, however long it is, and where another has begun to read', async ({
    rig,
  }) => {
    for (const [i, text] of texts.entries()) {
      writeFileSync(join(rig.dir, `${i}`), text);
      writeFileSync(join(rig.dir, `begun${i}`), `first\n${text}`);
    }
    const lines = texts.flatMap((_, i) => [
      `${send} --allow-empty < ${i}`,
      `cat ${i} | ${send} --allow-empty`,
      `{ read -r first; ${send} --allow-empty; } < begun${i}`,
    ]);
    expect(await rig.shell(lines.join(' && '))).toMatchObject({ code: 0, err: '' });
    expect(await bodies(rig)).toEqual(texts.flatMap((text) => [text, text, text]));
  });

  test('is read whole from a pipe that pauses, before, within and behind what it holds', async ({ rig }) => {
    writeFileSync(join(rig.dir, 'long'), 'x'.repeat(65_536));
    const written = ['sleep 1; printf 1', 'printf 1; sleep 1; printf 2', 'cat long; sleep 1; printf 3; sleep 1'];
    const ended = await Promise.all(written.map((script) => rig.shell(`{ ${script}; } | ${send}`)));
    expect(ended.map(({ code, err }) => `${code}${err}`)).toEqual(['0', '0', '0']);
    expect((await bodies(rig)).sort()).toEqual(['1', '12', `${'x'.repeat(65_536)}3`]);
  });

  // Node's streams are a tenth of a send.
  test.skipIf(native)('needs no stream where a file or a pipe has it', async ({ rig }) => {
    const told = `process.on('exit', () => process.moduleLoadList.includes('NativeModule net') && console.error('net'))`;
    writeFileSync(join(rig.dir, 'told.cjs'), told);
    writeFileSync(join(rig.dir, 'notes.md'), 'notes');
    const run = (line: string) => rig.shell(`export NODE_OPTIONS='--require ./told.cjs'; ${line}`);
    expect((await run(`sleep 1 | ${send} --allow-empty`)).err).toBe('net\n');
    expect((await run(`printf x | { sleep 0.1; exec ${send}; }`)).err).toBe('');
    expect((await run(`${send} < notes.md`)).err).toBe('');
    expect((await run(`dreamos hook claude --as reviewer < notes.md`)).err).toBe('');
  });
});

describe.concurrent('a body file that is a FIFO', () => {
  const named = (rig: Rig) => ['send', 'reviewer', '--as', 'planner', '--body-file', join(rig.dir, 'fifo')];

  test.for(['SIGINT', 'SIGTERM'] as const)('which nobody writes is waited for until %s', async (signal, { rig }) => {
    await rig.shell('mkfifo fifo');
    const waiting = rig.start(named(rig));
    await hasOpened(waiting.child.pid, join(rig.dir, 'fifo'));
    expect(await waiting.kill(signal)).toMatchObject({ code: signal === 'SIGINT' ? 130 : 143, signal: null, out: '' });
    expect(await bodies(rig)).toEqual([]);
  });

  test('is read to its end, whoever comes first, and how slowly', async ({ rig }) => {
    await rig.shell('mkfifo fifo');
    const waiting = rig.start(named(rig));
    await hasOpened(waiting.child.pid, join(rig.dir, 'fifo'));
    await rig.shell('{ printf 1; sleep 0.3; printf 2; } > fifo');
    expect(await waiting.ended).toMatchObject({ code: 0, err: '' });
    expect(await rig.shell(`printf 3 > fifo & ${send} --body-file fifo; wait`)).toMatchObject({ code: 0, err: '' });
    expect(await rig.shell(`${send} --body-file <(printf 4)`)).toMatchObject({ code: 0, err: '' });
    expect(await rig.shell(`${send} --body-file <(true) --allow-empty`)).toMatchObject({ code: 0, err: '' });
    expect(await bodies(rig)).toEqual(['12', '3', '4', '']);
  });
});

async function hasOpened(pid: number | undefined, path: string): Promise<void> {
  const isIt = (fd: string): boolean => {
    try {
      return readlinkSync(`/proc/${String(pid)}/fd/${fd}`) === path;
    } catch {
      return false;
    }
  };
  await expect.poll(() => readdirSync(`/proc/${String(pid)}/fd`).some(isIt), { timeout: 20_000 }).toBe(true);
}
