import { beforeEach, expect, test } from 'vitest';
import { changeKnownCard, registerAgent, resolveAgent } from '../../../src/core/agents/agents.ts';
import { setConfig } from '../../../src/core/config/change.ts';
import { effectiveSettings } from '../../../src/core/root/settings.ts';
import { changeSettingsIn } from '../../storage/contract/ways.ts';
import { type CoreRig, createCoreRig, refusal } from '../rig.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

test('the defaults are those of the design', async () => {
  expect(await effectiveSettings(rig.root)).toEqual({
    leaseMs: 15 * 60_000,
    auditsMail: false,
    policy: { maxAttempts: 5, backoffMinMs: 1000, backoffMaxMs: 300_000 },
    ownPolicy: { maxAttempts: 5, backoffMinMs: 1000, backoffMaxMs: 300_000 },
    durability: 'full',
    maxMessageBytes: 1_048_576,
    warnUnreadAfterMs: 3_600_000,
    wakeForMs: 7_200_000,
    heartbeatMs: 300_000,
    topicRetentionMs: 7 * 86_400_000,
    dedupeWindowMs: 2 * 86_400_000,
    signatures: 'off',
    maxMessages: Infinity,
    maxBytes: Infinity,
    sendRate: Infinity,
    ttlMs: Infinity,
    secrets: 'off',
    secretScanner: [],
    retention: {
      packAfterDays: 7,
      archiveDays: Infinity,
      archiveBytes: Infinity,
      eventDays: Infinity,
      eventBytes: Infinity,
    },
  });
});

test('config.json comes before the default, the card before config.json, the environment before the card', async () => {
  const lease = async (env: NodeJS.ProcessEnv = {}): Promise<number> => {
    const root = rig.as('planner', env);
    return (await effectiveSettings(root, await resolveAgent(root, 'reviewer'))).leaseMs;
  };
  expect(await lease()).toBe(15 * 60_000);
  await setConfig(rig.root, 'lease', '10m');
  expect(await lease()).toBe(10 * 60_000);
  await registerAgent(rig.root, { name: 'reviewer', settings: { lease: '5m' } });
  expect(await lease()).toBe(5 * 60_000);
  expect(await lease({ DREAMOS_LEASE: '1m' })).toBe(60_000);
  expect(await lease({ DREAMOS_LEASE: '' })).toBe(5 * 60_000);
});

test('every setting but that of the root alone can come from the environment', async () => {
  const root = rig.as('planner', {
    DREAMOS_LEASE: '2m',
    DREAMOS_MAX_ATTEMPTS: '7',
    DREAMOS_BACKOFF_MIN: '250ms',
    DREAMOS_BACKOFF_MAX: '1s',
    DREAMOS_DURABILITY: 'relaxed',
    DREAMOS_MAX_MESSAGE_BYTES: '2048',
    DREAMOS_WARN_UNREAD_AFTER: '1d',
    DREAMOS_HEARTBEAT: '1m',
    DREAMOS_TOPIC_RETENTION: '2d',
    DREAMOS_WAKE_FOR: '30m',
    DREAMOS_MAX_MESSAGES: '1000',
    DREAMOS_MAX_BYTES: '2000000',
    DREAMOS_SEND_RATE: '60',
    DREAMOS_TTL: '2h',
    DREAMOS_PACK_AFTER_DAYS: '0',
    DREAMOS_ARCHIVE_DAYS: '90',
    DREAMOS_ARCHIVE_BYTES: '3000000',
    DREAMOS_EVENT_DAYS: '30',
    DREAMOS_EVENT_BYTES: 'none',
  });
  expect(await effectiveSettings(root)).toEqual({
    leaseMs: 120_000,
    auditsMail: false,
    policy: { maxAttempts: 7, backoffMinMs: 250, backoffMaxMs: 1000 },
    ownPolicy: { maxAttempts: 5, backoffMinMs: 1000, backoffMaxMs: 300_000 },
    durability: 'relaxed',
    maxMessageBytes: 2048,
    warnUnreadAfterMs: 86_400_000,
    wakeForMs: 1_800_000,
    heartbeatMs: 60_000,
    topicRetentionMs: 2 * 86_400_000,
    dedupeWindowMs: 2 * 86_400_000,
    signatures: 'off',
    maxMessages: 1000,
    maxBytes: 2_000_000,
    sendRate: 60,
    ttlMs: 7_200_000,
    secrets: 'off',
    secretScanner: [],
    retention: {
      packAfterDays: 0,
      archiveDays: 90,
      archiveBytes: 3_000_000,
      eventDays: 30,
      eventBytes: Infinity,
    },
  });
});

test('whether the audit notes mail is said by the root alone, whatever somebody writes into a card', async () => {
  const audits = async () => (await effectiveSettings(rig.root, await resolveAgent(rig.root, 'reviewer'))).auditsMail;
  const write = (audit: 'all' | 'off') =>
    changeKnownCard(rig.root, 'reviewer', (card) => ({ ...card, settings: { audit } }));
  await write('all');
  expect(await audits()).toBe(false);
  await setConfig(rig.root, 'audit', 'all');
  await write('off');
  expect(await audits()).toBe(true);
});

test.for([
  ['DREAMOS_LEASE', 'soon'],
  ['DREAMOS_LEASE', '13h'],
  ['DREAMOS_LEASE', '0'],
  ['DREAMOS_MAX_ATTEMPTS', 'many'],
  ['DREAMOS_MAX_ATTEMPTS', '0'],
  ['DREAMOS_DURABILITY', 'maybe'],
  ['DREAMOS_MAX_MESSAGE_BYTES', '1'],
  ['DREAMOS_MAX_MESSAGES', '0'],
  ['DREAMOS_MAX_MESSAGES', '1.5'],
  ['DREAMOS_MAX_BYTES', '1zB'],
  ['DREAMOS_TTL', '0'],
  ['DREAMOS_TTL', '9999d'],
  ['DREAMOS_EVENT_DAYS', '0'],
  ['DREAMOS_ARCHIVE_DAYS', '30h'],
] as const)('%s=%s is refused, and the variable named', async ([name, value]) => {
  const error = await refusal(effectiveSettings(rig.as('planner', { [name]: value })));
  expect(error).toMatchObject({ kind: 'invalid', code: 'CONFIG_INVALID' });
  expect(error.message).toContain(name);
  expect(error.message).toContain(value);
  expect(error.hint).toMatch(/^Allowed: /);
});

test('a broken config.json is refused, and named', async () => {
  await changeSettingsIn(rig.root.store, () => ({ lease: 'soon' }));
  const error = await refusal(effectiveSettings(rig.root));
  expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
  expect(error.message).toMatch(/config\.json.*lease/);
});

test('a changed config.json is seen by other processes within 50 ms', async () => {
  const other = rig.as('reviewer');
  expect((await effectiveSettings(other)).policy.maxAttempts).toBe(5);
  await setConfig(rig.root, 'maxAttempts', '2');
  rig.clock.advance(49);
  expect((await effectiveSettings(other)).policy.maxAttempts).toBe(5);
  rig.clock.advance(1);
  expect((await effectiveSettings(other)).policy.maxAttempts).toBe(2);
});
