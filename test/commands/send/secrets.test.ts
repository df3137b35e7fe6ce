import { beforeEach, expect, test } from 'vitest';
import { type Rig, createRig } from '../rig.ts';

// Put together here, so that nobody who looks through this repository takes it for a real one.
const token = ['ghp', 'wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx'].join('_');

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

const ready = async (): Promise<number> => (await rig.root.store.look.counts('reviewer')).ready;

test('under refuse a send of a secret is exit 9 with what to do, and says nothing of it', async () => {
  await rig.dreamos('config set secrets refuse');
  const { code, out, err } = await rig.dreamos(['send', 'reviewer', `use ${token}`, '--as', 'planner']);
  expect({ code, out }).toEqual({ code: 9, out: '' });
  expect(err).toContain('GITHUB_TOKEN in the body. Nothing was sent.');
  expect(err).toContain('dreamos help security');
  expect(err).not.toContain(token);
  const asJson = await rig.dreamos(['send', 'reviewer', token, '--as', 'planner', '--json']);
  expect(JSON.parse(asJson.err)).toMatchObject({ error: { code: 'SECRET_FOUND' } });
  expect((await rig.dreamos(['send', 'reviewer', token, '--as', 'planner', '--dry-run'])).code).toBe(9);
  expect(await ready()).toBe(0);
});

test('so is a reply, a publish and a request; of a batch the other lines are sent', async () => {
  const id = await rig.sent();
  await rig.dreamos('config set secrets=refuse');
  const lines = [
    ['reply', id, token, '--as', 'reviewer'],
    ['publish', 'build.done', token, '--as', 'planner'],
    ['request', 'reviewer', token, '--as', 'planner', '--wait', '1s'],
  ];
  for (const words of lines) expect(await rig.dreamos(words), words[0]).toMatchObject({ code: 9, out: '' });
  const stdin = ['one', token, 'three'].map((body) => JSON.stringify({ to: 'reviewer', body })).join('\n');
  const { code, err, json } = await rig.dreamos('send --batch --as planner --json', { stdin });
  expect(code).toBe(9);
  expect(err).not.toContain(token);
  expect(err.trim().split('\n')).toHaveLength(1);
  expect(json).toHaveLength(2);
  expect(await ready()).toBe(3);
});

test('under warn it is sent, with a warning', async () => {
  await rig.dreamos('config set secrets warn');
  const { code, out, err } = await rig.dreamos(['send', 'reviewer', token, '--as', 'planner']);
  expect(code).toBe(0);
  expect(out.trim()).toHaveLength(26);
  expect(err).toContain('looks as if it held a secret: GITHUB_TOKEN in the body. It is sent');
  expect(await ready()).toBe(1);
});
