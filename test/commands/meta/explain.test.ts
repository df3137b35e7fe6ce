import { beforeEach, expect, test } from 'vitest';
import { errorCodes } from '../../../src/contract/error-codes.ts';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

test('explain tells what happened, what to type and the exit code', async () => {
  const { code, out } = await rig.dreamos('explain LEASE_LOST');
  expect(code).toBe(0);
  expect(out).toMatch(/^LEASE_LOST \(exit 5, conflict\)\nWhat happened: .*\nWhat to type: .*dreamos read <agent>/s);
  for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  for (const same of ['lease_lost', 'lease-lost']) expect((await rig.dreamos(['explain', same])).out).toBe(out);
});

test('explain --json is one object', async () => {
  const { kind, happened, next } = errorCodes.MAILBOX_FULL;
  const { json, err } = await rig.dreamos('explain MAILBOX_FULL --json');
  expect(json).toEqual([{ code: 'MAILBOX_FULL', kind, exitCode: 5, happened, next }]);
  expect(err).toBe('');
});

test('explain without a code lists all of them, a line each', async () => {
  const { out } = await rig.dreamos('explain');
  for (const { happened } of Object.values(errorCodes)) expect(out).toContain(happened);
  const onTerminal = await rig.dreamos('explain', { terminal: true, env: { NO_COLOR: '1' } });
  const lines = onTerminal.out.trimEnd().split('\n');
  expect(lines.map((line) => line.split(' ')[0])).toEqual(Object.keys(errorCodes));
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
});

test('an unknown code is refused with the nearest one, and where all are', async () => {
  expect(await rig.dreamos('explain LEASE_LSOT')).toMatchObject({
    code: 2,
    out: '',
    err: 'Error: There is no error code "LEASE_LSOT".\n  Next: Did you mean "LEASE_LOST"? If not: dreamos explain\n',
  });
  expect((await rig.dreamos('explain why')).err).toContain('Next: dreamos explain');
});
