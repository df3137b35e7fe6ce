/** A body as an argument beside a standard input: whose input it is, as shells and other programs really hand it on. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { type Rig, test } from './rig.ts';

async function bodies(rig: Rig): Promise<string[]> {
  const { json } = await rig.dreamos('peek reviewer -n 100 --json');
  return json.map(({ message }) => message.body);
}

const send = 'dreamos send reviewer --as planner';
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
