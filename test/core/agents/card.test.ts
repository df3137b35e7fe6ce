import { beforeEach, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { a2aCardOf } from '../../../src/core/agents/a2a.ts';
import { registerAgent, resolveAgent, retireAgent } from '../../../src/core/agents/agents.ts';
import type { CardFields } from '../../../src/core/agents/card.ts';
import { changeAgentIn } from '../../storage/contract/ways.ts';
import { type CoreRig, createCoreRig, expectRefusal, refusal } from '../rig.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

const skill = { id: 'ts', name: 'TypeScript', description: 'reviews it', tags: ['review'], examples: ['review a.ts'] };
const whole = {
  title: 'The reviewer',
  version: '1.2.0',
  skills: [skill, { id: 'go', name: 'Go', description: 'reads it', tags: [] }],
  modes: { input: ['text/plain', 'application/json'], output: ['text/*'] },
  provider: { organization: 'Us', url: 'https://us.example' },
  urls: { documentation: 'https://us.example/doc', icon: 'https://us.example/i.png' },
};
const say = async (card: CardFields) => (await registerAgent(rig.root, { name: 'reviewer', card })).card;

test('a card says who one is; what is not given stays, what is null goes, and what is not known is kept', async () => {
  expect(await say({ ...whole, color: { deep: ['blue'] } })).toMatchObject({ ...whole, color: { deep: ['blue'] } });
  await registerAgent(rig.root, { name: 'reviewer', description: 'reads patches' });
  const changed = await say({ version: '1.3.0', urls: null, color: null });
  const { urls: _, ...kept } = whole;
  expect(changed).toMatchObject({ ...kept, version: '1.3.0', description: 'reads patches' });
  expect(Object.keys(changed)).not.toContain('urls');
  expect(Object.keys(changed)).not.toContain('color');
  expect(await resolveAgent(rig.root, 'reviewer')).toEqual(changed);
  // What the card says besides is nobody's to lose.
  await retireAgent(rig.root, 'reviewer');
  expect(await resolveAgent(rig.root, 'reviewer')).toMatchObject({ skills: whole.skills });
});

test.for<[fields: unknown, why: RegExp]>([
  [{ title: '' }, /title: must not be empty/],
  [{ version: 2 }, /version: has to be a text/],
  [{ skills: [{ ...skill, tags: undefined }] }, /skills\.0\.tags: is missing/],
  [{ skills: [skill, skill] }, /skills: has to have each id once/],
  [{ skills: [{ ...skill, id: '' }] }, /skills\.0\.id: must not be empty/],
  [{ modes: { input: ['text'] } }, /modes\.input\.0: has to be a media type/],
  [{ provider: { organization: 'Us' } }, /provider\.url: is missing/],
  [{ provider: { organization: 'Us', url: 'javascript:x' } }, /provider\.url: has to be a URL/],
  [{ urls: { icon: 'i.png' } }, /urls\.icon: has to be a URL/],
  [{ name: 'other' }, /name is not said here/],
  [{ groups: ['a'] }, /groups is not said here/],
  [{ settings: {} }, /settings is not said here/],
  [{ deletedAt: null }, /deletedAt is not said here/],
  [{ color: 'x\uD800' }, /half a character/],
  [{ color: JSON.parse('['.repeat(200) + ']'.repeat(200)) as unknown }, /nested deeper/],
  [['x'], /it: has to be an object/],
])('a card cannot say %j', async ([fields, why]) => {
  const before = await resolveAgent(rig.root, 'reviewer');
  const error = await refusal(say(fields as CardFields));
  expect(error).toMatchObject({ kind: 'invalid', code: 'CARD_INVALID' });
  expect(error.message).toMatch(why);
  expect(await resolveAgent(rig.root, 'reviewer')).toEqual(before);
});

/** AgentCard of A2A v1.0 (a2a.proto): what it wants and may have, and nothing else. */
const text = z.string().check(z.minLength(1));
const agentCard = z.strictObject({
  name: text,
  description: text,
  supportedInterfaces: z
    .array(
      z.strictObject({
        url: text,
        protocolBinding: z.enum(['JSONRPC', 'GRPC', 'HTTP+JSON']),
        protocolVersion: text,
        tenant: z.optional(text),
      }),
    )
    .check(z.minLength(1)),
  version: text,
  capabilities: z.strictObject({
    streaming: z.optional(z.boolean()),
    pushNotifications: z.optional(z.boolean()),
    extensions: z.optional(z.array(z.unknown())),
    extendedAgentCard: z.optional(z.boolean()),
  }),
  defaultInputModes: z.array(text),
  defaultOutputModes: z.array(text),
  skills: z.array(
    z.strictObject({
      id: text,
      name: text,
      description: text,
      tags: z.array(text),
      examples: z.optional(z.array(text)),
      inputModes: z.optional(z.array(text)),
      outputModes: z.optional(z.array(text)),
    }),
  ),
  provider: z.optional(z.strictObject({ url: text, organization: text })),
  documentationUrl: z.optional(text),
  iconUrl: z.optional(text),
});
const url = 'https://agents.example/reviewer';

test('an A2A card says what the card says, and nothing else', async () => {
  await registerAgent(rig.root, { name: 'reviewer', description: 'reads patches' });
  await say({ ...whole, color: 'blue', skills: [{ ...skill, ...{ level: 3 } }, ...whole.skills.slice(1)] });
  const card = await a2aCardOf(rig.root, 'REVIEWER', { url, binding: 'GRPC' });
  expect(z.safeParse(agentCard, JSON.parse(JSON.stringify(card))).error).toBeUndefined();
  expect(card).toEqual({
    name: 'The reviewer',
    description: 'reads patches',
    supportedInterfaces: [{ url, protocolBinding: 'GRPC', protocolVersion: '1.0' }],
    version: '1.2.0',
    capabilities: {},
    defaultInputModes: ['text/plain', 'application/json'],
    defaultOutputModes: ['text/*'],
    skills: whole.skills,
    provider: { url: 'https://us.example', organization: 'Us' },
    documentationUrl: 'https://us.example/doc',
    iconUrl: 'https://us.example/i.png',
  });
  expect(rig.warnings).toEqual([]);
});

test('of a bare card the least that the protocol wants is there, and a warning says so', async () => {
  const card = await a2aCardOf(rig.root, 'reviewer', { url });
  expect(z.safeParse(agentCard, JSON.parse(JSON.stringify(card))).error).toBeUndefined();
  expect(card).toEqual({
    name: 'reviewer',
    description: 'reviewer',
    supportedInterfaces: [{ url, protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
    version: '0.0.0',
    capabilities: {},
    defaultInputModes: ['text/plain'],
    defaultOutputModes: ['text/plain'],
    skills: [],
  });
  expect(rig.warnings).toEqual([expect.stringMatching(/^The card of reviewer says no version and no description, /)]);
});

test('what is left of a skill that was written by hand is no skill', async () => {
  await changeAgentIn(rig.root.store, 'reviewer', (card) => ({ ...card, skills: [{ id: 'x' }, skill] }) as never);
  expect((await a2aCardOf(rig.root, 'reviewer', { url })).skills).toEqual([skill]);
});

test('an agent answers at https, or on this machine', async () => {
  for (const here of ['http://localhost:8080/a', 'http://127.0.0.1', 'http://[::1]:1', 'https://a.example:8443/x?y'])
    expect((await a2aCardOf(rig.root, 'reviewer', { url: here })).supportedInterfaces[0]?.url).toBe(here);
  for (const bad of ['', 'agents.example', 'http://agents.example', 'ftp://x', 'https://u:p@x.example', 'file:///x'])
    await expectRefusal(a2aCardOf(rig.root, 'reviewer', { url: bad }), 'USAGE');
  await expectRefusal(a2aCardOf(rig.root, 'reviewer', { url, binding: 'SOAP' as never }), 'USAGE');
  await expectRefusal(a2aCardOf(rig.root, 'nobody', { url }), 'AGENT_NOT_FOUND');
});
