import { PassThrough } from 'node:stream';
import { beforeEach, expect, test } from 'vitest';
import { type Rig, createRig, type Terms } from '../commands/rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

/** Runs a command that waits until it has said so, and then interrupts it. @returns what is on stderr */
async function interrupted(line: string, terms: Terms = {}): Promise<string> {
  const interrupt = new AbortController();
  const running = rig.dreamos(line, {
    ...terms,
    terminal: true,
    signal: interrupt.signal,
    onError: () => interrupt.abort(130),
  });
  const { code, out, err } = await running;
  expect({ code, out: out.replace(/^[0-9A-Z]{26}\n/, '') }).toEqual({ code: 130, out: '' });
  return err;
}

test.for([
  ['read reviewer --wait 10s', /^Waiting for mail to reviewer, Ctrl-C ends it\.\n$/],
  ['peek reviewer --wait 10s', /^Waiting for mail to reviewer, Ctrl-C ends it\.\n$/],
  ['watch', /^Waiting for what happens in any mailbox, Ctrl-C ends it\.\n$/],
  ['watch planner reviewer', /^Waiting for what happens in planner, reviewer, Ctrl-C ends it\.\n$/],
  ['listen build.>', /^Waiting for what is published to build\.>, Ctrl-C ends it\.\n$/],
  [
    'request reviewer question --as planner',
    /^Waiting for an answer from reviewer, Ctrl-C ends it\.\nThe request .* is sent;/,
  ],
  [
    'send reviewer hello --as planner --until acked',
    /^Waiting for reviewer: [0-9A-Z]{26} is not acked yet, Ctrl-C ends\n {2}it\.\n$/,
  ],
] as const)('on a terminal, `%s` says once what it waits for', async ([line, says]) => {
  expect(await interrupted(line)).toMatch(says);
});

test('who waits for room says so', async () => {
  await rig.dreamos('agent register reviewer --set maxMessages=1');
  await rig.sent();
  const says = /to take (it|them); a mailbox may be full, Ctrl-C ends it\.\n/;
  expect(await interrupted('send reviewer hello --as planner --wait 10s')).toMatch(says);
});

test('nobody but a person at a terminal is told, and with --quiet and --json nobody', async () => {
  for (const [more, terminal] of [
    ['', false],
    [' --quiet', true],
    [' --json', true],
  ] as const) {
    const { code, err } = await rig.dreamos(`read reviewer --wait 400ms${more}`, { terminal });
    expect(code).toBe(3);
    expect(err).not.toContain('Waiting');
  }
});

test('what comes right away needs no word, and what came is not waited for again', async () => {
  await rig.sent();
  const { err } = await rig.dreamos('read reviewer -n 2 --wait 10s', { terminal: true });
  expect(err).toBe('');
});

test('a body that does not come is waited for on a standard input that is no terminal', async () => {
  const interrupt = new AbortController();
  const running = rig.dreamos('send reviewer --as planner', {
    stdin: new PassThrough(),
    errTerminal: true,
    signal: interrupt.signal,
    onError: () => interrupt.abort(130),
  });
  expect((await running).err).toBe('Waiting for the body on the standard input, Ctrl-C ends it.\n');
});
