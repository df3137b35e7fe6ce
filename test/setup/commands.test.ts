/** The lines that tools run, run as tools run them: by real shells, with dreamos missing, old, crashing and well. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hookCommand, isMcpCall, known, mcpArguments } from '../../src/setup/commands.ts';
import { hookEntry, moments } from '../../src/setup/hosts.ts';
import { scratch } from '../scratch.ts';

const shells = [
  ['sh', '-c'],
  ['dash', '-c'],
  ['bash', '-c'],
] as const;
const hosts = ['claude', 'codex', 'gemini', 'cursor'] as const;
const roles = ['tell', 'wait', 'guard'] as const;
const lines = hosts.flatMap((host) =>
  roles.filter((role) => moments[host].events[role].length > 0).map((role) => ({ host, role })),
);

/** What a dreamos does, in sh; each has read what it was told, as a real one does. */
const bodies: Readonly<Record<string, string>> = {
  'is old, and knows no such verb': 'echo "Error: Unknown command" >&2; exit 2',
  'ends with 1': 'echo half; exit 1',
  'ends with 126': 'exit 126',
  'ends with 127': 'exit 127',
  'is killed': 'printf "{\\"hookSpec"; kill -9 $$',
  'is ended by SIGSEGV': 'printf "{\\"hookSpec"; kill -s SEGV $$',
  'prints garbage, and ends with 2': 'echo "garbage {"; exit 2',
};

function shell(words: readonly string[], line: string, program?: string, stdin = '{}') {
  const dir = scratch();
  mkdirSync(join(dir, 'bin'));
  if (program !== undefined) {
    writeFileSync(join(dir, 'bin', 'dreamos'), `#!/bin/sh\ncat > /dev/null\n${program}\n`);
    chmodSync(join(dir, 'bin', 'dreamos'), 0o755);
  }
  const [file = 'sh', ...args] = words;
  const env = { PATH: `${join(dir, 'bin')}:/usr/bin:/bin`, HOME: dir, LC_ALL: 'C' };
  const { status, stdout, signal } = spawnSync(file, [...args, line], { input: stdin, env, encoding: 'utf8' });
  return { status, stdout, signal };
}

describe.each(shells)('by %s %s', (...words) => {
  test.each(lines)('the $role of $host does nothing without a dreamos', ({ host, role }) => {
    const line = hookCommand(host, role, { program: 'dreamos', as: 'reviewer' });
    expect(shell(words, line)).toEqual({ status: 0, stdout: '', signal: null });
    const gone = hookCommand(host, role, { program: '/no such place/dreamos', as: 'reviewer' });
    expect(shell(words, gone)).toEqual({ status: 0, stdout: '', signal: null });
  });

  test.each(lines.flatMap((line) => Object.keys(bodies).map((does) => ({ ...line, does }))))(
    'the $role of $host does nothing where dreamos $does',
    ({ host, role, does }) => {
      const line = hookCommand(host, role, { program: 'dreamos', as: 'reviewer' });
      expect(shell(words, line, bodies[does])).toEqual({ status: 0, stdout: '', signal: null });
    },
  );

  test.each(lines)('the $role of $host hands on what dreamos says, to the byte', ({ host, role }) => {
    const line = hookCommand(host, role, { program: 'dreamos', as: 'reviewer' });
    const says = `printf '%s' '{"a":"100%% \\\\n $HOME"}'`;
    const hands = role === 'wait' && host === 'claude' ? '' : '{"a":"100%% \\\\n $HOME"}';
    expect(shell(words, line, says)).toEqual({ status: 0, stdout: hands, signal: null });
    expect(shell(words, line, 'exit 0')).toEqual({ status: 0, stdout: '', signal: null });
  });

  test('mail is 2 for the waiter of Claude Code alone', () => {
    for (const { host, role } of lines) {
      const line = hookCommand(host, role, { program: 'dreamos', as: 'reviewer' });
      const isCall = role === 'wait' && host === 'claude';
      expect({ host, role, ...shell(words, line, 'echo mail; exit 10') }).toEqual({
        host,
        role,
        status: isCall ? 2 : 0,
        stdout: isCall ? 'mail' : '',
        signal: null,
      });
    }
  });

  test('what the tool tells arrives, with the words that were written', () => {
    const program = 'cat > /dev/null; echo "$@"';
    const line = hookCommand('claude', 'guard', { program: 'dreamos', as: 'reviewer', root: "/a b/it's" });
    expect(shell(words, line, program).stdout).toBe("hook claude --guard --as reviewer --root /a b/it's");
    const inner = hookCommand('codex', 'wait', { program: 'dreamos', root: "/a b/it's" });
    expect(shell(words, inner, program).stdout).toBe("hook codex --wait --root /a b/it's");
    expect(shell(words, hookCommand('gemini', 'tell', { program: 'dreamos' }), program).stdout).toBe('hook gemini');
  });
});

test('they read what the tool tells on stdin', () => {
  const dir = scratch();
  writeFileSync(join(dir, 'dreamos'), '#!/bin/sh\ncat\n', { mode: 0o755 });
  for (const host of hosts) {
    const line = hookCommand(host, 'tell', { program: join(dir, 'dreamos') });
    expect(spawnSync('sh', ['-c', line], { input: '{"x":"1\\n2"}', encoding: 'utf8' }).stdout).toBe('{"x":"1\\n2"}');
  }
});

const callers = [
  { program: 'dreamos', as: undefined, root: undefined },
  { program: 'dreamos', as: 'a.b-c_1', root: undefined },
  { program: '/usr/local/bin/dreamos', as: 'reviewer', root: '/srv/mail' },
  { program: "/home/o'neil/my bin/dreamos", as: 'reviewer', root: "/srv/it's & mail" },
  { program: '/opt/dreamos/bin/dreamos.cjs', as: undefined, root: '/a b' },
];

test.each(callers.flatMap((caller) => lines.map((line) => ({ ...line, caller }))))(
  'the $role of $host for $caller is known again',
  ({ host, role, caller }) => {
    const line = hookCommand(host, role, caller);
    expect(known(line, host)).toEqual({ role, caller });
    for (const other of hosts.filter((one) => one !== host)) expect(known(line, other)).toBeUndefined();
  },
);

test.each([
  [' in front', (line: string) => `FOO=1 ${line}`],
  [' behind', (line: string) => `${line} `],
  [' as a second command', (line: string) => `${line}; echo done`],
  [' in the middle', (line: string) => line.replace('hook claude', 'hook claude --quiet')],
  [', another program', (line: string) => line.replace('dreamos', 'my-dreamos')],
  [', a substitution for the name', (line: string) => line.replace('--as reviewer', '--as $(id)')],
])('a line that somebody has changed is theirs:%s', (_, change) => {
  for (const role of roles) {
    const line = hookCommand('claude', role, { program: 'dreamos', as: 'reviewer' });
    expect(known(line, 'claude')?.role).toBe(role);
    expect(known(change(line), 'claude')).toBeUndefined();
  }
});

test('nothing that is installed can end with 2 but by mail', () => {
  for (const { host, role } of lines) {
    const line = hookCommand(host, role, { program: 'dreamos' });
    for (const code of [2, 3, 11, 12, 20, 100, 102, 130, 255]) {
      const { status } = shell(['sh', '-c'], line, `exit ${code}`);
      expect({ line, code, status }).toEqual({ line, code, status: 0 });
    }
  }
});

test('the waiter of Claude Code alone rewakes, and Gemini counts in milliseconds', () => {
  expect(hookEntry('claude', 'Stop', 'wait', 'x')).toEqual({
    hooks: [{ type: 'command', command: 'x', asyncRewake: true, timeout: 86_400 }],
  });
  expect(hookEntry('claude', 'SessionEnd', 'tell', 'x')).toEqual({
    hooks: [{ type: 'command', command: 'x', timeout: 1 }],
  });
  expect(hookEntry('codex', 'SessionEnd', 'tell', 'x')).toEqual({
    hooks: [{ type: 'command', command: 'x', timeout: 3 }],
  });
  expect(hookEntry('gemini', 'AfterTool', 'tell', 'x')).toEqual({
    hooks: [{ name: 'dreamos', type: 'command', command: 'x', timeout: 5000 }],
  });
  // It would run at every turn: `auto` is told before anybody knows whether it compresses.
  expect(hookEntry('gemini', 'PreCompress', 'tell', 'x')).toMatchObject({ matcher: 'manual' });
  expect(hookEntry('gemini', 'BeforeTool', 'tell', 'x')).toMatchObject({ matcher: 'invoke_agent' });
  expect(hookEntry('gemini', 'BeforeTool', 'guard', 'x')).toMatchObject({ matcher: 'write_file|replace' });
  expect(hookEntry('cursor', 'stop', 'tell', 'x')).toEqual({ command: 'x', loop_limit: 3 });
});

test('a call of the MCP server is known by all of its words', () => {
  expect(isMcpCall('dreamos', mcpArguments({}))).toBe(true);
  expect(isMcpCall('/usr/bin/dreamos', mcpArguments({ as: 'a', root: '/b' }))).toBe(true);
  expect(isMcpCall('dreamos', ['mcp', '--as', 'a', '--verbose'])).toBe(false);
  expect(isMcpCall('dreamos', ['mcp', '--as'])).toBe(false);
  expect(isMcpCall('npx', ['dreamos', 'mcp'])).toBe(false);
});
