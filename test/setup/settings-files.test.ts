/** Settings as people have them: put in, again, looked at, taken out; byte for byte. */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { applyPatch } from 'diff';
import { describe, expect, test } from 'vitest';
import { setUpFile, takeDownFile } from '../../src/setup/apply.ts';
import { hookCommand } from '../../src/setup/commands.ts';
import type { HostName } from '../../src/setup/hosts.ts';
import { projectOf, type Target, targetsOf, type Wish } from '../../src/setup/targets.ts';
import { scratch } from '../scratch.ts';

const caller = { program: 'dreamos', as: 'reviewer' };
const plain: Wish = {
  hosts: ['claude'],
  scope: 'local',
  callerFor: () => caller,
  wake: true,
  guard: false,
  mcp: false,
  instructions: false,
  page: '# Mail\n',
};

function targetIn(dir: string, wish: Partial<Wish> = {}, part = 'hooks'): Target {
  const target = targetsOf({ ...plain, ...wish }, { project: dir, home: undefined, env: {} }).find(({ parts }) =>
    parts.some((one) => one === part),
  );
  if (!target) throw new Error(`nothing to write for ${part}`);
  return target;
}

function settings(text: string | Buffer | undefined): { dir: string; path: string } {
  const dir = scratch();
  const path = targetIn(dir).path;
  mkdirSync(dirname(path), { recursive: true });
  if (text !== undefined) writeFileSync(path, text);
  return { dir, path };
}

const tell = hookCommand('claude', 'tell', caller);
const group = (command: string, more: object = {}) => ({ hooks: [{ type: 'command', command, ...more }] });
const theirs = {
  $schema: 'https://json.schemastore.org/claude-code-settings.json',
  permissions: { allow: ['Bash(npm run *)', 'Read(~/**)'], deny: [] },
  hooks: {
    Stop: [group('say done')],
    PreToolUse: [{ matcher: 'Bash', ...group('./check.sh') }],
  },
  env: { A: '1', 'with "quotes"': 'ünï ✓ \u2028' },
};
const pretty = `${JSON.stringify(theirs, null, 2)}\n`;
const mixed = {
  hooks: {
    Stop: [
      {
        hooks: [
          { type: 'command', command: tell },
          { type: 'command', command: 'say done' },
        ],
      },
    ],
  },
};

/** What can be changed; each is to come back as it was. */
const good: Readonly<Record<string, string | undefined>> = {
  'no file': undefined,
  'an empty file': '',
  'a file of white space': '\n  \n',
  '{}': '{}',
  '{} and a newline': '{}\n',
  'an object over two lines': '{\n}\n',
  'an object with a blank in it': '{ }',
  'other settings and hooks': pretty,
  'four blanks': `${JSON.stringify(theirs, null, 4)}\n`,
  'one blank': `${JSON.stringify(theirs, null, 1)}\n`,
  tabs: `${JSON.stringify(theirs, null, '\t')}\n`,
  CRLF: pretty.replaceAll('\n', '\r\n'),
  'no newline at the end': pretty.trimEnd(),
  'several newlines at the end': `${pretty}\n\n`,
  'one line': JSON.stringify(theirs),
  'one line, and a newline': `${JSON.stringify(theirs)}\n`,
  'one line with blanks': '{ "permissions": { "allow": [ ] }, "hooks": { "Stop": [ ] } }\n',
  'lists of hooks in one line each': `{\n  "hooks": {\n    "Stop": [${JSON.stringify(group('a'))}],\n    "SessionStart": []\n  }\n}\n`,
  'empty hooks': '{\n  "hooks": {}\n}\n',
  'an empty list of hooks': '{\n  "model": "opus",\n  "hooks": {\n    "Stop": []\n  }\n}\n',
  'hooks in the middle': '{\n  "a": 1,\n  "hooks": {\n    "Stop": [\n    ]\n  },\n  "b": 2\n}\n',
  'an odd indent': '{\n   "a": {\n         "b": 1\n   },\n "c": []}\n',
  'large numbers, and exponents': '{\n  "n": 12345678901234567890,\n  "e": 1.50e+03,\n  "z": 0.0\n}\n',
  escapes: '{\n  "\\u0061\\/b": "\\ud83d\\ude00 \\u0000 {[,\\"]}",\n  "hooks": {}\n}\n',
  'a hook of another version of itself': `${JSON.stringify({ hooks: { Stop: [group('FOO=1 dreamos hook claude || :')] } }, null, 2)}\n`,
  "a user's edited copy": `${JSON.stringify({ hooks: { Stop: [group(`${tell} # mine`)] } }, null, 2)}\n`,
  'hooks of events that are not known':
    '{\n  "hooks": {\n    "Later": [\n      {\n        "x": null\n      }\n    ]\n  }\n}\n',
  'hooks that are no objects':
    '{\n  "hooks": {\n    "Stop": [\n      null,\n      7,\n      "x",\n      {\n        "hooks": "none"\n      }\n    ]\n  }\n}\n',
  'a key called __proto__': '{\n  "__proto__": {\n    "hooks": 1\n  },\n  "constructor": 2\n}\n',
  'a hundred kilobytes': `${JSON.stringify({ ...theirs, big: Array.from({ length: 5000 }, (_, i) => `item ${i}`) }, null, 2)}\n`,
  'a hundred levels': `{\n  "deep": ${'['.repeat(100)}${']'.repeat(100)}\n}\n`,
};

describe.each(Object.entries(good))('%s', (_, text) => {
  test('gets the hooks, and keeps all else', async () => {
    const { dir, path } = settings(text);
    const target = targetIn(dir);
    const done = await setUpFile(target, { dryRun: false });
    expect(done).toMatchObject({ change: text === undefined ? 'made' : 'changed', path });
    const now = readFileSync(path, 'utf8');
    const value = JSON.parse(now) as { hooks: Record<string, unknown[]> };
    const before = JSON.parse(text?.trim() ? text : '{}') as { hooks?: Record<string, unknown[]> };
    const { hooks, ...rest } = value;
    const { hooks: hooksBefore = {}, ...restBefore } = before;
    expect(rest).toEqual(restBefore);
    for (const event of Object.keys({ ...hooks, ...hooksBefore })) {
      const [old = [], all = []] = [hooksBefore[event], hooks[event]];
      // Only appended: what Codex keeps of its trust goes by the place in the list.
      expect(all.slice(0, old.length)).toEqual(old);
      const waits = event === 'Stop' || event === 'SessionStart' ? 1 : 0;
      const tells = ['SessionStart', 'UserPromptSubmit', 'PostToolBatch', 'Stop', 'SessionEnd'].includes(event) ? 1 : 0;
      expect({ event, added: all.length - old.length }).toEqual({ event, added: tells + waits });
    }
    expect(now.includes('\r\n')).toBe(text?.includes('\r\n') ?? false);
    expect(/[^\r]\n/.test(now) && now.includes('\r\n')).toBe(false);
    if (text?.trim()) expect(now.endsWith('\n')).toBe(text.endsWith('\n'));
    if (text?.includes('\n\t')) expect(now).not.toMatch(/^ /m);
    // Every line that was there is there, in its order, but for a comma behind it or what stands between two brackets.
    const bare = (line: string): string => line.replace(/,\s*$/, '').trimEnd();
    const left = now.split(/\r?\n/).map(bare);
    let at = 0;
    for (const line of (text ?? '')
      .split(/\r?\n/)
      .map(bare)
      .filter((one) => one !== '' && /"/.test(one) && !/[[{].*[\]}]/.test(one))) {
      if (!(text ?? '').trim().includes('\n')) break;
      at = left.indexOf(line, at) + 1;
      expect({ line, found: at > 0 }).toEqual({ line, found: true });
    }
  });

  test('is left alone by a second run', async () => {
    const { dir, path } = settings(text);
    await setUpFile(targetIn(dir), { dryRun: false });
    const [bytes, { ino, mtimeMs }] = [readFileSync(path), statSync(path)];
    expect(await setUpFile(targetIn(dir), { dryRun: false })).toMatchObject({ change: 'none' });
    expect(readFileSync(path).equals(bytes)).toBe(true);
    expect(statSync(path)).toMatchObject({ ino, mtimeMs });
  });

  test('is only shown by a dry run, as a diff that makes the same of it', async () => {
    const { dir, path } = settings(text);
    const { change, diff = '' } = await setUpFile(targetIn(dir), { dryRun: true });
    expect(change).not.toBe('none');
    expect(existsSync(path) ? readFileSync(path, 'utf8') : undefined).toBe(text);
    expect(readdirSync(dirname(path))).toHaveLength(text === undefined ? 0 : 1);
    expect(diff).toMatch(/^--- .*\n\+\+\+ .*\n@@ /);
    const patched = applyPatch(text ?? '', diff, { autoConvertLineEndings: false });
    await setUpFile(targetIn(dir), { dryRun: false });
    expect(patched).toBe(readFileSync(path, 'utf8'));
  });

  test('comes back byte for byte', async () => {
    const { dir, path } = settings(text);
    await setUpFile(targetIn(dir), { dryRun: false });
    expect(existsSync(`${path}.dreamos-backup`)).toBe(text !== undefined);
    const done = await takeDownFile(targetIn(dir), dir, { dryRun: false });
    expect(done.change).toBe(text === undefined ? 'removed' : 'restored');
    expect(existsSync(path) ? readFileSync(path, 'utf8') : undefined).toBe(text);
    if (existsSync(dirname(path)))
      expect(readdirSync(dirname(path))).toEqual(text === undefined ? [] : ['settings.local.json']);
    expect(await takeDownFile(targetIn(dir), dir, { dryRun: false })).toMatchObject({ change: 'none' });
  });

  test('comes back byte for byte after more was put in, step by step', async () => {
    const { dir, path } = settings(text);
    await setUpFile(targetIn(dir, { wake: false }), { dryRun: false });
    await setUpFile(targetIn(dir, { guard: true, wake: false }), { dryRun: false });
    expect(await setUpFile(targetIn(dir), { dryRun: false })).toMatchObject({ change: 'changed' });
    expect(readFileSync(path, 'utf8')).toContain('--guard');
    await takeDownFile(targetIn(dir), dir, { dryRun: false });
    expect(existsSync(path) ? readFileSync(path, 'utf8') : undefined).toBe(text);
  });

  test('keeps what was written since, and loses what is ours alone', async () => {
    const { dir, path } = settings(text);
    await setUpFile(targetIn(dir, { guard: true }), { dryRun: false });
    const since = JSON.parse(readFileSync(path, 'utf8')) as { hooks: Record<string, unknown[]>; since?: string };
    since.since = 'later';
    since.hooks['Stop']?.push(group('later'));
    const spaced = JSON.stringify(since, null, 3);
    writeFileSync(path, spaced);
    const done = await takeDownFile(targetIn(dir), dir, { dryRun: false });
    expect(done.change).toBe('changed');
    const { hooks = {}, ...rest } = JSON.parse(text?.trim() ? text : '{}') as { hooks?: Record<string, unknown[]> };
    const left = readFileSync(path, 'utf8');
    expect(JSON.parse(left)).toEqual({
      ...rest,
      hooks: { ...hooks, Stop: [...(hooks['Stop'] ?? []), group('later')] },
      since: 'later',
    });
    expect(left).toContain('\n   "since": "later"');
  });
});

/** What cannot be changed safely, and what is said of it. */
const bad: readonly [name: string, content: string | Buffer, why: string][] = [
  ['comments', '{\n  // mine\n  "hooks": {}\n}\n', 'not plain JSON (line 2)'],
  ['a comment at the end', '{}\n/* x */\n', 'not plain JSON'],
  ['a comma too many', '{\n  "a": 1,\n}\n', 'not plain JSON'],
  ['a byte order mark', `\uFEFF${pretty}`, 'byte order mark'],
  ['half a file', pretty.slice(0, 80), 'not plain JSON'],
  ['text', 'hello\n', 'not plain JSON'],
  ['two values', '{}{}', 'not plain JSON'],
  ['a list', '[]\n', 'not an object'],
  ['a text in JSON', '"x"\n', 'not an object'],
  ['null', 'null\n', 'not an object'],
  ['hooks that are a list', '{"hooks":[]}', '"hooks" is not an object'],
  ['hooks that are null', '{"hooks":null}', '"hooks" is not an object'],
  ['an event that is an object', '{"hooks":{"Stop":{}}}', '"hooks.Stop" is not a list'],
  ['a key twice', '{"hooks":{},"hooks":{"Stop":[]}}', 'the key "hooks" twice'],
  ['a key twice, far below', '{"a":[{"b":{"c":1,"c":2}}]}', 'the key "c" twice'],
  ['a key twice, once escaped', '{"hooks":{},"\\u0068ooks":{}}', 'the key "hooks" twice'],
  ['bytes that are not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 'not UTF-8'],
  ['UTF-16', Buffer.from('\uFEFF{}', 'utf16le'), 'not UTF-8'],
  ['a hundred thousand levels', `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 'nested too deeply'],
];

test.each(bad)('%s: it is left as it is, and what belongs into it is printed', async (_, content, why) => {
  const { dir, path } = settings(content);
  const before = readFileSync(path);
  for (const dryRun of [false, true]) {
    if (why === 'not UTF-8') {
      await expect(setUpFile(targetIn(dir), { dryRun })).rejects.toMatchObject({ code: 'HOST_FILE_REFUSED' });
      continue;
    }
    const done = await setUpFile(targetIn(dir), { dryRun });
    expect(done).toMatchObject({ change: 'refused', path, why: expect.stringContaining(why) as string });
    const { hooks } = JSON.parse(done.snippet ?? '') as { hooks: object };
    expect(Object.keys(hooks)).toEqual(['SessionStart', 'UserPromptSubmit', 'PostToolBatch', 'Stop', 'SessionEnd']);
  }
  expect(readFileSync(path).equals(before)).toBe(true);
  expect(readdirSync(dirname(path))).toEqual(['settings.local.json']);
});

test.each(bad)('%s: what never had anything of dreamos is left alone by an uninstall', async (_, content, why) => {
  const { dir, path } = settings(content);
  const before = readFileSync(path);
  const done = takeDownFile(targetIn(dir), dir, { dryRun: false });
  if (why === 'not UTF-8') await expect(done).rejects.toMatchObject({ code: 'HOST_FILE_REFUSED' });
  else expect(await done).toMatchObject({ change: 'none', remarks: [] });
  expect(readFileSync(path).equals(before)).toBe(true);
});

test('of several who take it out at once each finds it gone, though its folder goes with it', async () => {
  for (let round = 0; round < 5; round++) {
    const dir = scratch();
    await setUpFile(targetIn(dir), { dryRun: false });
    const done = await Promise.all(
      Array.from({ length: 6 }, () => takeDownFile(targetIn(dir), dir, { dryRun: false })),
    );
    expect(done.map(({ change }) => change).toSorted()).toEqual([...Array<string>(5).fill('none'), 'removed']);
    expect(readdirSync(dir)).toEqual([]);
  }
});

describe('what is no ordinary file', () => {
  test('a folder, a fifo-like device or a link to nothing is left as it is', async () => {
    for (const make of [
      (path: string) => mkdirSync(path),
      (path: string) => symlinkSync('/dev/null', path),
      (path: string) => symlinkSync('nowhere.json', path),
      (path: string) => symlinkSync('settings.local.json', path),
    ]) {
      const { dir, path } = settings(undefined);
      make(path);
      const before = lstatSync(path);
      await expect(setUpFile(targetIn(dir), { dryRun: false })).rejects.toMatchObject({
        code: expect.stringMatching(/HOST_FILE_REFUSED|DISK_FAILED/) as string,
      });
      expect(lstatSync(path).ino).toBe(before.ino);
    }
  });

  test('a link stays one, and what it leads to is changed and comes back', async () => {
    const { dir, path } = settings(undefined);
    mkdirSync(join(dir, 'dotfiles'));
    const real = join(dir, 'dotfiles', 'claude.json');
    writeFileSync(real, pretty);
    symlinkSync('../dotfiles/claude.json', path);
    await setUpFile(targetIn(dir), { dryRun: false });
    expect(readlinkSync(path)).toBe('../dotfiles/claude.json');
    expect(readFileSync(real, 'utf8')).toContain('dreamos hook claude');
    expect(readdirSync(dirname(path))).toEqual(['settings.local.json']);
    await takeDownFile(targetIn(dir), dir, { dryRun: false });
    expect(readlinkSync(path)).toBe('../dotfiles/claude.json');
    expect(readFileSync(real, 'utf8')).toBe(pretty);
    expect(readdirSync(dirname(real))).toEqual(['claude.json']);
  });

  test('a link out of a project is not followed: a repository could lead it anywhere', async () => {
    const { dir, path } = settings(undefined);
    const out = scratch();
    writeFileSync(join(out, 'rc'), 'alias x=y\n');
    symlinkSync(join(out, 'rc'), join(dir, 'AGENTS.md'));
    const instructions = targetIn(dir, { hosts: ['codex'], instructions: true }, 'instructions');
    await expect(setUpFile(instructions, { dryRun: false })).rejects.toMatchObject({
      code: 'HOST_FILE_REFUSED',
      message: expect.stringContaining(join(out, 'rc')) as string,
    });
    symlinkSync(out, join(dir, '.codex'));
    const hooks = targetIn(dir, { hosts: ['codex'] });
    await expect(setUpFile(hooks, { dryRun: false })).rejects.toMatchObject({ code: 'HOST_FILE_REFUSED' });
    expect(readdirSync(out)).toEqual(['rc']);
    expect(readFileSync(join(out, 'rc'), 'utf8')).toBe('alias x=y\n');
    expect(existsSync(path)).toBe(false);
    // In a home links are one's own.
    const home = scratch();
    symlinkSync(out, join(home, '.codex'));
    const [own] = targetsOf({ ...plain, hosts: ['codex'], scope: 'user' }, { project: dir, home, env: {} });
    expect(own && (await setUpFile(own, { dryRun: false }))).toMatchObject({ change: 'made' });
    expect(statSync(join(out, 'hooks.json')).mode & 0o777).toBe(0o600);
  });

  test.each([0o600, 0o640, 0o644, 0o664, 0o755])('the mode %o stays, whatever the umask', async (mode) => {
    const { dir, path } = settings(pretty);
    chmodSync(path, mode);
    await setUpFile(targetIn(dir), { dryRun: false });
    expect(statSync(path).mode & 0o7777).toBe(mode);
    expect(statSync(`${path}.dreamos-backup`).mode & 0o7777).toBe(mode & ~0o022);
    await takeDownFile(targetIn(dir), dir, { dryRun: false });
    expect(statSync(path).mode & 0o7777).toBe(mode);
  });

  test('a read-only file is left as it is, whoever asks', async () => {
    const { dir, path } = settings(pretty);
    chmodSync(path, 0o444);
    await expect(setUpFile(targetIn(dir), { dryRun: false })).rejects.toMatchObject({
      code: 'HOST_FILE_REFUSED',
      hint: `chmod u+w ${path}`,
    });
    expect(readFileSync(path, 'utf8')).toBe(pretty);
  });
});

describe('its own entries', () => {
  const all = (path: string): string => readFileSync(path, 'utf8');

  test('of another agent, or another place, are brought up to date where they stand', async () => {
    const { dir, path } = settings(pretty);
    const older = { program: '/old place/dreamos', as: 'planner' };
    await setUpFile(targetIn(dir, { callerFor: () => older }), { dryRun: false });
    const before = JSON.parse(all(path)) as object;
    await setUpFile(targetIn(dir), { dryRun: false });
    const expected = JSON.stringify(before)
      .replaceAll("o=$('/old place/dreamos'", 'o=$(dreamos')
      .replaceAll('planner', 'reviewer');
    expect(JSON.parse(all(path))).toEqual(JSON.parse(expected));
    await takeDownFile(targetIn(dir), dir, { dryRun: false });
    expect(all(path)).toBe(pretty);
  });

  test('that stand twice, or where no hook of ours is any more, are taken out; the rest of their group stays', async () => {
    const odd = {
      hooks: {
        Stop: [...mixed.hooks.Stop, group(tell, { timeout: 60 })],
        Notification: [group(tell), group('beep')],
      },
    };
    const { dir, path } = settings(JSON.stringify(odd, null, 2));
    await setUpFile(targetIn(dir), { dryRun: false });
    const { hooks } = JSON.parse(all(path)) as { hooks: Record<string, { hooks: object[] }[]> };
    expect(hooks['Notification']).toEqual([group('beep')]);
    expect(hooks['Stop']?.[0]).toEqual(mixed.hooks.Stop[0]);
    expect(JSON.stringify(hooks['Stop']).split(JSON.stringify(tell))).toHaveLength(2);
    expect(existsSync(`${path}.dreamos-backup`)).toBe(false);
    await takeDownFile(targetIn(dir), dir, { dryRun: false });
    expect(JSON.parse(all(path))).toEqual({ hooks: { Notification: [group('beep')], Stop: [group('say done')] } });
  });

  test('with a time that somebody has changed are still ours, and keep it', async () => {
    const { dir, path } = settings(undefined);
    await setUpFile(targetIn(dir), { dryRun: false });
    writeFileSync(path, all(path).replaceAll('"timeout": 5', '"timeout": 30'));
    expect(await setUpFile(targetIn(dir), { dryRun: false })).toMatchObject({ change: 'none' });
    expect(all(path)).toContain('"timeout": 30');
  });

  test('lose their waiter by --no-wake, and keep their guard', async () => {
    const { dir, path } = settings(pretty);
    await setUpFile(targetIn(dir, { guard: true }), { dryRun: false });
    await setUpFile(targetIn(dir, { wake: false }), { dryRun: false });
    expect(all(path)).not.toContain('--wait');
    expect(all(path)).toContain('--guard');
  });

  test("a user's edited copy is told of and left, put in and taken out", async () => {
    const copy = { hooks: { Stop: [group(`nice ${tell}`)] } };
    const { dir, path } = settings(JSON.stringify(copy));
    const { remarks } = await setUpFile(targetIn(dir), { dryRun: false });
    expect(remarks).toEqual(['A hook of Stop runs dreamos in other words, and is left as it is.']);
    writeFileSync(path, `${all(path)} `);
    await takeDownFile(targetIn(dir), dir, { dryRun: false });
    expect(JSON.parse(all(path))).toEqual(copy);
  });

  test('a backup is never written over', async () => {
    const { dir, path } = settings(pretty);
    writeFileSync(`${path}.dreamos-backup`, 'older\n');
    await setUpFile(targetIn(dir), { dryRun: false });
    expect(readFileSync(`${path}.dreamos-backup`, 'utf8')).toBe('older\n');
    await takeDownFile(targetIn(dir), dir, { dryRun: false }).catch(() => undefined);
    expect(readFileSync(`${path}.dreamos-backup`, 'utf8')).toBe('older\n');
  });
});

describe.each([
  ['claude', 'mcp', '.mcp.json'],
  ['gemini', 'mcp', '.gemini/settings.json'],
  ['cursor', 'mcp', '.cursor/mcp.json'],
  ['opencode', 'mcp', 'opencode.json'],
  ['codex', 'mcp', '.codex/config.toml'],
  ['claude', 'instructions', 'CLAUDE.md'],
  ['codex', 'instructions', 'AGENTS.md'],
  ['cursor', 'hooks', '.cursor/hooks.json'],
  ['codex', 'hooks', '.codex/hooks.json'],
  ['gemini', 'hooks', '.gemini/settings.json'],
] as const)('%s, its %s in %s', (host: HostName, part, name) => {
  const wish: Partial<Wish> = { hosts: [host], mcp: part === 'mcp', instructions: true, guard: part === 'hooks' };
  const contents = name.endsWith('.json')
    ? [
        undefined,
        '',
        '{}',
        '{\n\t"mcpServers": {\n\t\t"other": {\n\t\t\t"command": "x"\n\t\t}\n\t},\n\t"mcp": {}\n}',
        '{"version":1,"a":[]}',
      ]
    : name.endsWith('.toml')
      ? [undefined, '', 'model = "x"', 'model = "x"\r\n[mcp_servers.other]\r\ncommand = "y"\r\n', '# only\n\n']
      : [undefined, '', '# Rules\n\nBe kind.\n', '# Rules\r\n\r\nBe kind.', '\uFEFF# Rules\n\n\n'];
  test.each(contents)('comes into %j, stays at a second run, and out of it', async (text) => {
    const dir = scratch();
    const target = targetIn(dir, wish, part);
    expect(target.path).toBe(join(dir, name));
    mkdirSync(dirname(target.path), { recursive: true });
    if (text !== undefined) writeFileSync(target.path, text);
    await setUpFile(target, { dryRun: false });
    const now = readFileSync(target.path, 'utf8');
    expect(now).toContain('dreamos');
    if (text?.trim() && !text.startsWith('{')) expect(now.startsWith(text.trimEnd())).toBe(true);
    expect(await setUpFile(targetIn(dir, wish, part), { dryRun: false })).toMatchObject({ change: 'none' });
    expect(await target.editor.lacks(now)).toEqual([]);
    await takeDownFile(targetIn(dir, wish, part), dir, { dryRun: false });
    expect(existsSync(target.path) ? readFileSync(target.path, 'utf8') : undefined).toBe(text);
  });

  test('goes out of a file that was changed since', async () => {
    const dir = scratch();
    const target = targetIn(dir, wish, part);
    await setUpFile(target, { dryRun: false });
    const now = readFileSync(target.path, 'utf8');
    writeFileSync(target.path, name.endsWith('.json') ? now.replace('{', '{\n  "x": 1,') : `${now}\nmore = 1\n`);
    expect(await takeDownFile(target, dir, { dryRun: false })).toMatchObject({ change: 'changed' });
    const left = readFileSync(target.path, 'utf8');
    expect(left).not.toContain('dreamos');
    expect(left).toContain(name.endsWith('.json') ? '"x": 1' : 'more = 1');
  });
});

test.each([
  '[mcp_servers.dreamos]\ncommand = "mine"\n',
  '[mcp_servers."dreamos"]\ncommand = "mine"\n',
  'mcp_servers = { a = { command = "b" } }\n',
  'mcp_servers.a.command = "b"\n',
  '# dreamos:begin\n',
])("Codex's config.toml with %j is left as it is", async (text) => {
  const dir = scratch();
  const target = targetIn(dir, { hosts: ['codex'], mcp: true }, 'mcp');
  mkdirSync(dirname(target.path), { recursive: true });
  writeFileSync(target.path, text);
  expect(await setUpFile(target, { dryRun: false })).toMatchObject({ change: 'refused' });
  expect(readFileSync(target.path, 'utf8')).toBe(text);
});

test('an MCP server of the same name that is another is told of and left', async () => {
  const dir = scratch();
  const mine = '{"mcpServers":{"dreamos":{"command":"node","args":["mine.js"]}}}';
  writeFileSync(join(dir, '.mcp.json'), mine);
  const target = targetIn(dir, { mcp: true }, 'mcp');
  const { change, remarks } = await setUpFile(target, { dryRun: false });
  expect({ change, remarks }).toEqual({
    change: 'none',
    remarks: ['There is another MCP server called dreamos, which is left as it is.'],
  });
  await takeDownFile(target, dir, { dryRun: false });
  expect(readFileSync(join(dir, '.mcp.json'), 'utf8')).toBe(mine);
});

describe('the skill and the plugin', () => {
  test.each([
    ['claude', 'skill'],
    ['codex', 'skill'],
    ['opencode', 'hooks'],
  ] as const)(
    'of %s are replaced by a newer one, and left where somebody has changed them (%s)',
    async (host, part) => {
      const dir = scratch();
      const target = targetIn(dir, { hosts: [host] }, part);
      await setUpFile(target, { dryRun: false });
      const first = readFileSync(target.path, 'utf8');
      expect(existsSync(`${target.path}.dreamos-backup`)).toBe(false);
      const newer: Partial<Wish> = {
        hosts: [host],
        page: '# Other\n',
        callerFor: () => ({ program: 'dreamos', as: 'b' }),
      };
      expect(await setUpFile(targetIn(dir, newer, part), { dryRun: false })).toMatchObject({ change: 'changed' });
      const edited = first.replace('dreamos-setup 1', 'dreamos-setup 1').concat('// mine\n');
      writeFileSync(target.path, edited);
      expect(await setUpFile(target, { dryRun: false })).toMatchObject({
        change: 'none',
        remarks: ['It was changed by hand, and is left as it is.'],
      });
      expect(await takeDownFile(target, dir, { dryRun: false })).toMatchObject({ change: 'none' });
      expect(readFileSync(target.path, 'utf8')).toBe(edited);
      writeFileSync(target.path, first);
      expect(await takeDownFile(target, dir, { dryRun: false })).toMatchObject({ change: 'removed' });
      expect(readdirSync(dir)).toEqual([]);
    },
  );
});

test('a project begins where its root or its repository is, whichever is nearer', () => {
  const dir = scratch();
  const inside = join(dir, 'a', 'b', 'c');
  mkdirSync(inside, { recursive: true });
  writeFileSync(join(dir, '.git'), 'gitdir: elsewhere\n');
  expect(projectOf(inside)).toBe(dir);
  mkdirSync(join(dir, 'a', 'runtime', 'agent_comms'), { recursive: true });
  expect(projectOf(inside)).toBe(join(dir, 'a'));
  mkdirSync(join(inside, '.git'));
  expect(projectOf(inside)).toBe(inside);
});
