import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { Output, wantsColor } from '../../src/cli/output.ts';
import { DreamosError } from '../../src/model/errors.ts';
import { closedPipe } from '../commands/rig.ts';

type Env = Record<string, string>;

function terminal(isTTY: boolean) {
  return Object.assign(new Writable({ write: (_chunk, _encoding, done) => done() }), { isTTY });
}

test.each<[Env, boolean, boolean | undefined, boolean]>([
  [{}, true, undefined, true],
  [{}, false, undefined, false],
  [{ NO_COLOR: '1' }, true, undefined, false],
  [{ NO_COLOR: '' }, true, undefined, true],
  [{ TERM: 'dumb' }, true, undefined, false],
  [{ FORCE_COLOR: '1' }, false, undefined, true],
  [{ FORCE_COLOR: '0' }, true, undefined, false],
  [{ FORCE_COLOR: '1' }, true, false, false],
])('with %j, terminal %s and flag %s, colour is %s', (env, isTTY, flag, expected) => {
  expect(wantsColor(terminal(isTTY), env, flag)).toBe(expected);
});

test('a table is coloured only where colour is wanted', async () => {
  const table = (env: Env) => outputTo(terminal(true), env).table(['a'], [['1']]);
  expect(await table({ NO_COLOR: '1' })).toBe('a\n1');
  expect(await table({})).toContain('\u001B[1m');
});

test('a write waits until the stream has taken it', async () => {
  let take: (() => void) | undefined;
  const slow = new Writable({ write: (_chunk, _encoding, done) => void (take = done) });
  let written = false;
  const writing = outputTo(slow)
    .data('x')
    .then(() => (written = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(written).toBe(false);
  take?.();
  await writing;
  expect(written).toBe(true);
});

test('a reader that has gone is its own error', async () => {
  await expect(outputTo(closedPipe()).data('x')).rejects.toMatchObject({ code: 'OUTPUT_CLOSED' });
});

test('a full disk behind stdout is a failure of the disk', async () => {
  const full = new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })),
  });
  await expect(outputTo(full).data('x')).rejects.toMatchObject({ code: 'DISK_FAILED', kind: 'disk' });
});

test('progress is on a terminal only, and is gone before the next words', async () => {
  const told: string[] = [];
  const stderr = new Writable({ write: (chunk, _encoding, done) => (told.push(String(chunk)), done()) });
  const output = outputTo(terminal(true), {}, Object.assign(stderr, { isTTY: true }));
  output.progress('3 of 9');
  await output.note('done');
  expect(told).toEqual(['\r\u001B[K3 of 9', '\r\u001B[K', 'done\n']);
  const piped = outputTo(terminal(true), {}, Object.assign(stderr, { isTTY: false }));
  told.length = 0;
  piped.progress('3 of 9');
  expect(told).toEqual([]);
});

test('an error is a sentence and the next thing to type; what it quotes cannot steer the terminal', async () => {
  const told: string[] = [];
  const stderr = new Writable({ write: (chunk, _encoding, done) => (told.push(String(chunk)), done()) });
  const error = new DreamosError('not-found', 'AGENT_NOT_FOUND', 'There is no agent "\u001B[31mx".', {
    hint: 'dreamos agent list',
  });
  await outputTo(terminal(false), {}, stderr).error(error);
  expect(told.join('')).toBe('Error: There is no agent "\\x1b[31mx".\n  Next: dreamos agent list\n');
});

function outputTo(stdout: Writable, env: Env = {}, stderr: Writable = terminal(false)): Output {
  return new Output({ env, stdout, stderr } as never, {});
}
