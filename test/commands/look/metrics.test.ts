import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { scratch } from '../../scratch.ts';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
  await rig.dreamos('send reviewer hello --as planner');
  await rig.dreamos('read reviewer --ack');
  await rig.dreamos('send reviewer again --as planner');
});

test('metrics prints OpenMetrics, of what is true now and of what has happened', async () => {
  const { code, out, err } = await rig.dreamos('metrics');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/^dreamos_messages\{root="[^"]*",mailbox="reviewer",state="ready"\} 1$/m);
  expect(out).toMatch(/^dreamos_events_total\{root="[^"]*",mailbox="reviewer",event="acked"\} 1$/m);
  expect(out).toMatch(/^dreamos_build_info\{/m);
  expect(out).toMatch(/\n# EOF\n$/);
});

test('with --json each family is an object', async () => {
  const { json } = await rig.dreamos('metrics --json');
  const messages = json.find(({ name }) => name === 'dreamos_messages');
  expect(messages).toMatchObject({ type: 'gauge', help: expect.any(String) });
  expect(messages?.samples).toContainEqual({
    labels: { root: expect.any(String), mailbox: 'reviewer', state: 'archived' },
    value: 1,
  });
});

test('a textfile gets the older text, whole, and a name that nobody reads is warned of', async () => {
  const path = join(scratch(), 'dreamos.prom');
  const { code, out, err } = await rig.dreamos(['metrics', '--textfile', path]);
  expect({ code, out, err }).toEqual({ code: 0, out: '', err: `Wrote ${path}\n` });
  expect(readFileSync(path, 'utf8')).toBe((await rig.dreamos('metrics --format prometheus')).out);
  expect(await rig.dreamos(['metrics', '--quiet', '--textfile', path])).toMatchObject({ code: 0, out: '', err: '' });
  const { code: other, err: warned } = await rig.dreamos(['metrics', '--textfile', `${path}.txt`]);
  expect(other).toBe(0);
  expect(warned).toContain('reads only files that end in .prom');
});

test('one that cannot be written is exit 7; what is no format, or not for a textfile, is exit 2', async () => {
  const path = join(scratch(), 'nowhere', 'dreamos.prom');
  expect(await rig.dreamos(['metrics', '--textfile', path])).toMatchObject({ code: 7, out: '' });
  expect((await rig.dreamos('metrics --format xml')).err).toContain('One of: openmetrics, prometheus');
  const here = join(scratch(), 'dreamos.prom');
  expect(await rig.dreamos(['metrics', '--format', 'openmetrics', '--textfile', here])).toMatchObject({ code: 2 });
  expect(existsSync(here)).toBe(false);
  expect((await rig.dreamos(['metrics', '--textfile', ''])).code).toBe(2);
});

test("another root's textfile is exit 5, and stays", async () => {
  const path = join(scratch(), 'dreamos.prom');
  await rig.dreamos(['metrics', '--textfile', path]);
  const before = readFileSync(path, 'utf8').replaceAll(/root="[^"]*"/g, 'root="/srv/other"');
  writeFileSync(path, before);
  expect(await rig.dreamos(['metrics', '--textfile', path])).toMatchObject({ code: 5, out: '' });
  expect(readFileSync(path, 'utf8')).toBe(before);
});

test('without agents it tells of the root', async () => {
  const empty = await createRig([]);
  const { code, out } = await empty.dreamos('metrics');
  expect(code).toBe(0);
  expect(out).toContain('# EOF');
});
