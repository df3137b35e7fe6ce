/** What dreamos says is to be typed next is pasted into a shell, in a root as it was when that was said. */
import { describe, expect } from 'vitest';
import { errorCodes } from '../../src/contract/error-codes.ts';
import { scratch } from '../scratch.ts';
import { commandsToType } from './commands-to-type.ts';
import { provocations, withoutProvocation } from './provocations.ts';
import { type Rig, test } from './rig.ts';

/** As a person pastes it; who waits is not waited for. */
async function paste(rig: Rig, line: string, before: string) {
  const typed = line.replaceAll(/--wait \d+[smh]/g, '--wait 300ms');
  const waits =
    /\bdreamos (?:--root \S+ )?(?:watch|listen|work|dashboard|serve(?! s)|status --watch)\b/.test(typed) &&
    !typed.includes('--help');
  const command = waits ? `timeout 2 bash -c ${quoted(`exec ${typed}`)}` : typed;
  const { code, out, err } = await rig.shell(`${before}${command}`);
  return { code: waits && code === 124 ? 0 : code, out, err };
}

async function pasted(rig: Rig, line: string, exits: readonly number[], before = ''): Promise<void> {
  const ended = await paste(rig, line, before);
  expect(exits, `${line}\n${ended.out}${ended.err}`).toContain(ended.code);
  expect(ended.err, line).not.toMatch(/There is no (?:agent|message|thread|dreamos root)|No such file|not found/);
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

describe('a next step can be pasted', { concurrent: true, timeout: 60_000 }, () => {
  test.for(provocations)(
    '$type',
    async ({ begin = '', type, code, next, exits = [0], bare = false }, { rig, bare: empty }) => {
      const place = bare ? empty : rig;
      if (begin !== '') expect(await place.shell(begin), begin).toMatchObject({ code: 0 });
      await place.shell('cp -a . ../$(basename "$PWD").kept');
      const again = (): Promise<unknown> =>
        place.shell('find . -mindepth 1 -delete; cp -a ../$(basename "$PWD").kept/. .');
      try {
        const said = async (): Promise<string> => {
          await again();
          const { out, err } = await place.shell(type);
          return `${out}${err}`;
        };
        const text = await said();
        const [, hint = ''] = /^ *Next: (.*)$/m.exec(text) ?? [];
        expect(hint.replaceAll(/(?:--(?:as|root) |@)<\w+>/g, ''), 'nothing has to be filled in').not.toMatch(
          /<\w+>|\[\w+\]/,
        );
        const lines = commandsToType(text);
        if (lines.length === 0) expect(hint, text).not.toMatch(/dreamos [a-z]/);
        if (next !== undefined) expect(lines).toEqual(next);
        for (const [at, first] of lines.entries()) {
          const line = at === 0 ? first : (commandsToType(await said())[at] ?? '');
          await pasted(place, line, exits);
        }
        if (code === undefined) return;
        await again();
        const told = await place.shell(type.replace(/\bdreamos\b(?!.*\bdreamos\b)/, 'dreamos --json'));
        const { error } = JSON.parse(told.err.trimEnd().split('\n').at(-1) ?? '') as {
          error: { code: string; hint: string };
        };
        expect(error.code).toBe(code);
        // Where nothing is there, people are told no more than that.
        if (hint === '') for (const line of commandsToType(error.hint ?? '')) await pasted(place, line, exits);
      } finally {
        await place.shell('rm -rf ../$(basename "$PWD").kept');
      }
    },
  );
});

/** What stands for what is known only to who has the error, in a root where each of them is there. */
const filling = `export DREAMOS_AGENT=planner; printf body > file; printf '#!/bin/sh\n' > handle; chmod +x handle
{ ready=$(dreamos send reviewer hello); dead=$(dreamos send planner hello); dreamos read planner; dreamos nack --dead
  dreamos send planner hello; receipt=$(dreamos read planner --json | jq -r .receipt)
  task=$(dreamos task create --title hello --json | jq -r .id); dreamos identity create reviewer -q; } > /dev/null
: "\${ready:?}" "\${dead:?}" "\${receipt:?}" "\${task:?}"
declare -px DREAMOS_AGENT ready dead receipt task > filled`;

let kept: Promise<string> | undefined;

/** Made by the first one that needs it, since it takes many commands; the others get a copy. @returns its folder */
async function filledBy(rig: Rig): Promise<string> {
  const dir = scratch();
  const made = await rig.shell(`dreamos init planner reviewer --quiet && { ${filling}; } && cp -a . ${quoted(dir)}`);
  expect(made).toMatchObject({ code: 0 });
  return dir;
}

function filled(line: string): string {
  return line
    .replace(/(?<=\bdlq \w+ )<id>/, '$dead')
    .replaceAll(/(?<=\bdreamos task \w+ )<id>/g, '$task')
    .replaceAll('<id>', '$ready')
    .replaceAll('<receipt>', '$receipt')
    .replaceAll(/<(?:agent|name)>/g, 'reviewer')
    .replaceAll('<path>', 'file')
    .replaceAll('<command>', 'send')
    .replaceAll(/<(file|body|text)>/g, '$1');
}

describe('what explain says is to be typed can be typed', { concurrent: true, timeout: 60_000 }, () => {
  const lines = Object.entries(errorCodes).flatMap(([code, { next }]) =>
    commandsToType(filled(next)).map((line) => ({ code, line })),
  );
  test.for(lines)('$code: $line', async ({ line }, { bare: rig }) => {
    expect(line, 'all of it is filled in').not.toMatch(/<\w+>/);
    await rig.shell(`find . -mindepth 1 -delete; cp -a ${quoted(await (kept ??= filledBy(rig)))}/. .`);
    await pasted(rig, line, /^dreamos (?:read|peek|serve s)/.test(line) ? [0, 3] : [0], '. ./filled\n');
  });

  test('and every code names a command, but for what is done elsewhere', () => {
    const without = Object.entries(errorCodes).filter(([, { next }]) => commandsToType(filled(next)).length === 0);
    expect(without.map(([code]) => code)).toEqual([
      'ALREADY_EXISTS',
      'DEDUPE_MISMATCH',
      'FORMAT_TOO_NEW',
      'OUTPUT_CLOSED',
      'PANE_NOT_FOUND',
      'ROOT_INSIDE_ROOT',
      'SOURCE_NOT_FOUND',
      'UNEXPECTED',
    ]);
  });
});

test('every error is provoked here, or it is said why not', () => {
  const provoked = new Set(provocations.map(({ code }) => code));
  const missing = Object.keys(errorCodes).filter((code) => !provoked.has(code as never));
  expect(missing.sort()).toEqual(Object.keys(withoutProvocation).sort());
});
