import { expect, test } from 'vitest';
import { createToken, endTokensOf, holds, listTokens, provedBy, revokeToken } from '../../../src/core/tokens/tokens.ts';
import { deleteAgent } from '../../../src/core/keep/delete-agent.ts';
import { renameAgent } from '../../../src/core/keep/rename-agent.ts';
import { createCoreRig, refusal } from '../rig.ts';

const hourMs = 3_600_000;

test('a token proves whose it is until it is revoked', async () => {
  const { root } = await createCoreRig();
  const made = await createToken(root, 'REVIEWER');
  expect(made).toMatchObject({ agent: 'reviewer', by: 'planner', expiresAt: null, expired: false });
  const proved = await provedBy(root, made.token);
  expect(proved).toEqual({ id: made.id, agent: 'reviewer' });
  expect(await provedBy(root, `${made.token.slice(0, -1)}_`)).toBeUndefined();
  expect(await provedBy(root, '')).toBeUndefined();
  expect(await revokeToken(root, 'reviewer')).toMatchObject([{ id: made.id }]);
  expect(await provedBy(root, made.token)).toBeUndefined();
  expect(await holds(root, proved!)).toBe(false);
  expect((await refusal(revokeToken(root, 'reviewer'))).code).toBe('TOKEN_NOT_FOUND');
});

test('what the root keeps of a token is no token', async () => {
  const { root } = await createCoreRig();
  const made = await createToken(root, 'planner');
  const kept = JSON.stringify((await root.store.documents.get('tokens'))?.value);
  expect(kept).toContain(made.id);
  expect(kept).not.toContain(made.token.slice(-43));
  expect(JSON.stringify(await listTokens(root))).not.toContain(made.token.slice(-43));
});

test('a token expires, is listed as that, and is forgotten a month later', async () => {
  const { root, clock } = await createCoreRig();
  const made = await createToken(root, 'planner', { expiresMs: hourMs });
  clock.advance(hourMs - 1);
  expect(await provedBy(root, made.token)).toBeDefined();
  clock.advance(1);
  expect(await provedBy(root, made.token)).toBeUndefined();
  expect(await listTokens(root)).toMatchObject([{ id: made.id, expired: true }]);
  clock.advance(31 * 24 * hourMs);
  await createToken(root, 'reviewer');
  expect(await listTokens(root)).toMatchObject([{ agent: 'reviewer' }]);
});

test('one token of several is revoked by its id, and others are not', async () => {
  const { root } = await createCoreRig();
  const [one, two] = [await createToken(root, 'planner'), await createToken(root, 'planner')];
  const other = await createToken(root, 'reviewer');
  expect((await refusal(revokeToken(root, 'planner', { id: other.id }))).code).toBe('TOKEN_NOT_FOUND');
  await revokeToken(root, 'planner', { id: one.id.toLowerCase() });
  expect((await listTokens(root)).map(({ id }) => id)).toEqual([two.id, other.id]);
  expect(await listTokens(root, 'reviewer')).toHaveLength(1);
});

test('tokens go with an agent to its new name, and end with it', async () => {
  const { root } = await createCoreRig();
  const made = await createToken(root, 'reviewer');
  await renameAgent(root, 'reviewer', 'critic');
  expect(await provedBy(root, made.token)).toEqual({ id: made.id, agent: 'critic' });
  expect((await deleteAgent(root, 'critic')).deletedAt).toBeDefined();
  expect(await provedBy(root, made.token)).toBeUndefined();
  expect(await endTokensOf(root, 'critic')).toBe(0);
});

test('tokens that cannot be read let nobody in, and are not overwritten', async () => {
  const { root } = await createCoreRig();
  await root.store.documents.put('tokens', { tokens: [{ id: 5 }] }, undefined);
  expect((await refusal(provedBy(root, 'x'))).code).toBe('CONFIG_INVALID');
  expect((await refusal(createToken(root, 'planner'))).code).toBe('CONFIG_INVALID');
});

test('there is no token for nobody', async () => {
  const { root } = await createCoreRig();
  expect((await refusal(createToken(root, 'plannr'))).code).toBe('AGENT_NOT_FOUND');
  expect((await refusal(createToken(root, 'planner', { expiresMs: 0 }))).code).toBe('USAGE');
});
