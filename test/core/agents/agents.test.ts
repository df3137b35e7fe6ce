import { beforeEach, expect, test } from 'vitest';
import { listAgents, registerAgent, resolveAgent, retireAgent } from '../../../src/core/agents/agents.ts';
import { send } from '../../../src/core/send/send.ts';
import { type CoreRig, createCoreRig, expectRefusal, refusal } from '../rig.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

test('an agent is known by its name in any case', async () => {
  expect((await resolveAgent(rig.root, 'builder')).name).toBe('Builder');
});

test('an unknown agent is not found, and the nearest known name is the hint', async () => {
  const error = await refusal(resolveAgent(rig.root, 'reviwer'));
  expect(error).toMatchObject({ kind: 'not-found', code: 'AGENT_NOT_FOUND' });
  expect(error.message).toContain('reviwer');
  expect(error.hint).toContain('"reviewer"');
});

test('a name that is like no other hints at registering it', async () => {
  expect((await refusal(resolveAgent(rig.root, 'tester'))).hint).toBe('dreamos agent register tester');
});

test('a retired agent is not suggested', async () => {
  await retireAgent(rig.root, 'reviewer');
  expect((await refusal(resolveAgent(rig.root, 'reviewr'))).hint).not.toContain('"reviewer"');
});

test.for(['../x', 'a/b', '', 'a'.repeat(65), 'a\nb', '.hidden', '-x', 'ü'])('%j cannot be a name', async (name) => {
  await expectRefusal(resolveAgent(rig.root, name), 'NAME_INVALID');
  const error = await refusal(registerAgent(rig.root, { name }));
  expect(error).toMatchObject({ kind: 'invalid', code: 'NAME_INVALID' });
  // A name is quoted so that it cannot break out of its line.
  expect(error.message).not.toContain('\n');
  expect(await listAgents(rig.root)).toHaveLength(3);
});

test('registering again is fine, and changes what is given and nothing else', async () => {
  const first = await registerAgent(rig.root, { name: 'tester', description: 'tests', groups: ['qa'] });
  expect(first.created).toBe(true);
  rig.clock.advance(1000);
  const again = await registerAgent(rig.root, { name: 'TESTER', description: 'tests more' });
  expect(again.created).toBe(false);
  expect(again.card).toEqual({ ...first.card, description: 'tests more' });
});

test('settings of a card are checked, and added to those that are there', async () => {
  await expectRefusal(registerAgent(rig.root, { name: 'reviewer', settings: { lease: '13h' } }), 'CONFIG_INVALID');
  await expectRefusal(registerAgent(rig.root, { name: 'reviewer', settings: { maxAttempts: 0 } }), 'CONFIG_INVALID');
  await registerAgent(rig.root, { name: 'reviewer', settings: { lease: '1h' } });
  const { card } = await registerAgent(rig.root, { name: 'reviewer', settings: { maxAttempts: 2 } });
  expect(card.settings).toEqual({ lease: '1h', maxAttempts: 2 });
});

test('a setting that there is not is refused, with the nearest name, and nothing is made', async () => {
  const settings = { leese: '1m' } as never;
  expect(await refusal(registerAgent(rig.root, { name: 'scribe', settings }))).toMatchObject({
    code: 'CONFIG_INVALID',
    hint: 'Did you mean "lease"?',
  });
  await expectRefusal(resolveAgent(rig.root, 'scribe'), 'AGENT_NOT_FOUND');
});

test("a setting of a card is unset with undefined, and the root's holds again", async () => {
  await registerAgent(rig.root, { name: 'reviewer', settings: { lease: '1h', maxAttempts: 2 } });
  const { card } = await registerAgent(rig.root, { name: 'reviewer', settings: { lease: undefined } });
  expect(card.settings).toEqual({ maxAttempts: 2 });
});

test('agents are listed by name', async () => {
  expect((await listAgents(rig.root)).map(({ name }) => name)).toEqual(['Builder', 'planner', 'reviewer']);
});

test('a retired agent takes no new mail until it is registered again', async () => {
  const card = await retireAgent(rig.root, 'REVIEWER');
  expect(card).toMatchObject({ name: 'reviewer', retiredAt: new Date(rig.clock.now()).toISOString() });
  const error = await refusal(send(rig.root, { to: 'reviewer', body: 'x' }));
  expect(error).toMatchObject({ kind: 'conflict', code: 'AGENT_RETIRED' });
  const { card: back, created } = await registerAgent(rig.root, { name: 'reviewer' });
  expect(created).toBe(false);
  expect(back.retiredAt).toBeUndefined();
  expect((await send(rig.root, { to: 'reviewer', body: 'x' })).mailboxes).toEqual(['reviewer']);
});

test('retiring twice keeps the first time', async () => {
  const first = await retireAgent(rig.root, 'reviewer');
  rig.clock.advance(1000);
  expect(await retireAgent(rig.root, 'reviewer')).toEqual(first);
});
