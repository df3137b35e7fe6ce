/** That what is printed arrives whole and in order, whatever reads it and however slowly. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { type Rig, test } from './rig.ts';

// More than a pipe holds, so that somebody has to wait.
const count = 400;

async function filled(rig: Rig): Promise<void> {
  const lines = Array.from({ length: count }, (_, n) => `${JSON.stringify({ body: `${n} ${'x'.repeat(1000)}` })}\n`);
  const sent = await rig.dreamos('send reviewer --batch --quiet --as planner', { stdin: lines.join('') });
  expect(sent).toMatchObject({ code: 0, err: '' });
}

const bodies = (text: string): number[] =>
  text
    .trim()
    .split('\n')
    .map((line) => Number((JSON.parse(line) as { message: { body: string } }).message.body.split(' ', 1)[0]));
const all = Array.from({ length: count }, (_, n) => n);

describe.concurrent('what is printed arrives whole and in order', () => {
  test('in a file, behind what is there already', async ({ rig }) => {
    await filled(rig);
    const script = `echo '{"message":{"body":"-1 "}}' > all; dreamos peek reviewer -n ${count} --json >> all`;
    expect(await rig.shell(script)).toMatchObject({ code: 0, err: '' });
    expect(bodies(readFileSync(join(rig.dir, 'all'), 'utf8'))).toEqual([-1, ...all]);
  });

  test('in a pipe whose reader is slow', async ({ rig }) => {
    await filled(rig);
    const { out } = await rig.shell(`dreamos peek reviewer -n ${count} --json | (sleep 1; cat)`);
    expect(bodies(out)).toEqual(all);
  });

  test('in a pipe that is full and that another process has made non-blocking', async ({ rig }) => {
    await rig.sent(['send', 'reviewer', 'x'.repeat(9000), '--as', 'planner']);
    // Node makes its pipe non-blocking for all that share it; the other one stays until all is read.
    const filler = `process.stdout.write('y'.repeat(60000)); setTimeout(() => {}, 3000)`;
    const script = `(node -e "${filler}" & sleep 0.5; dreamos peek reviewer --json; echo; echo "code $?" >&2; wait) | (sleep 2; cat)`;
    const { out, err } = await rig.shell(script);
    expect(err).toBe('code 0\n');
    const line = out.replace(/^y+/, '');
    expect(out.length - line.length).toBe(60_000);
    expect((JSON.parse(line) as { message: { body: string } }).message.body).toBe('x'.repeat(9000));
  });

  test('on stdout and stderr in one pipe', async ({ rig }) => {
    const id = await rig.sent('send reviewer hello --as planner');
    const { out } = await rig.shell(
      `dreamos cancel nonsense ${id} --json 2>&1; dreamos cancel ${id} 01JD3Y6Q0V8M5T2B7K9XWZ4RCE --json 2>&1`,
    );
    const lines = out
      .trim()
      .split('\n')
      .map((line) => Object.keys(JSON.parse(line) as object)[0]);
    expect(lines).toEqual(['error', 'id', 'error']);
  });
});

test('a reader that has gone ends a one-shot command quietly', async ({ rig }) => {
  await rig.sent('send reviewer hello --as planner');
  const ended = await rig.shell('(sleep 1; dreamos peek reviewer --json; echo "code $?" >&2) | true');
  expect(ended).toMatchObject({ err: 'code 0\n' });
});

test('who waits for a reader that does not read still hears SIGTERM', async ({ rig }) => {
  await rig.sent('send reviewer hello --as planner');
  const fill = 'mkfifo full && exec 3<>full && timeout 0.5 cat /dev/zero >&3';
  const ended = await rig.shell(`${fill}; timeout --preserve-status -k 5 2 dreamos peek reviewer --json >&3`);
  expect(ended.code).toBe(143);
});

// A script that takes exit 7 for "nothing was done" would send it twice.
test.for([
  ['send reviewer more --as planner', 'is sent'],
  ['reply "$receipt" done --as reviewer', 'is sent'],
  ['publish build.done green --as planner', 'is published'],
  ['ack "$receipt"', 'archived'],
  ['nack "$receipt" --delay 5m', 'delayed'],
  ['renew "$receipt" --lease 5m', 'inflight'],
  ['agent register late', 'late'],
  ['subscribe build.done --as reviewer', 'build.done'],
  ['schedule add daily "0 9 * * *" reviewer tick --as planner', 'Added daily'],
  ['config set lease 5m', 'lease = 5m'],
] as const)('what was done by `%s` is told by the error when it cannot be printed', async ([line, did], { rig }) => {
  await rig.sent('send reviewer hello --as planner');
  const receipt = 'receipt=$(dreamos read reviewer --json | grep -o \'"receipt":"[^"]*\' | cut -d\\" -f4)';
  const ended = await rig.shell(`${receipt}; dreamos ${line} --json > /dev/full`);
  expect(ended.code).toBe(7);
  const { error } = JSON.parse(ended.err) as { error: { message: string; hint: string } };
  expect(error.message).toMatch(/ENOSPC.* But it is done: /);
  expect(error.message).toContain(did);
  expect(error.hint).toBe('Do not do it again.');
});

test('a full disk is an error, not a success', async ({ rig }) => {
  await rig.sent('send reviewer hello --as planner');
  const ended = await rig.shell('dreamos peek reviewer --json > /dev/full');
  expect(ended.code).toBe(7);
  expect(ended.err).toContain('ENOSPC');
});

test('who has nothing for stdout ends as ever, whatever that is', async ({ rig }) => {
  expect(await rig.shell('dreamos doctor > /dev/full')).toMatchObject({ code: 0, err: 'Nothing is wrong.\n' });
});
