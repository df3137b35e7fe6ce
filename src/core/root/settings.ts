import type { AgentCard } from '../../model/agent.ts';
import { longestMs, parseDuration } from '../../model/duration.ts';
import { DreamosError } from '../../model/errors.ts';
import { explainIssues } from '../../model/message.ts';
import {
  defaultSettings,
  type Durability,
  maxLeaseMs,
  minLeaseMs,
  type RetryPolicy,
  type Settings,
  settingsSchema,
} from '../../model/settings.ts';
import type { Store } from '../../storage/port/store.ts';
import type { Session } from './root.ts';

export type SettingKey = keyof typeof defaultSettings;
export type SettingValue = string | number;
type Complete = { [Key in SettingKey]: NonNullable<Settings[Key]> };

/** The settings that hold for one mailbox, in the units that code works with. */
export interface Effective {
  readonly leaseMs: number;
  readonly policy: RetryPolicy;
  readonly durability: Durability;
  readonly maxMessageBytes: number;
  readonly warnUnreadAfterMs: number;
  readonly topicRetentionMs: number;
  /** Of what a mailbox holds undelivered; Infinity: no limit. */
  readonly maxMessages: number;
  readonly maxBytes: number;
  /** Of mail that has none of its own; Infinity: none. */
  readonly ttlMs: number;
  readonly retention: Retention;
}

/** How long what is finished is kept; Infinity: for ever. */
interface Retention {
  readonly packAfterDays: number;
  readonly archiveDays: number;
  readonly archiveBytes: number;
  readonly eventDays: number;
  readonly eventBytes: number;
}

/**
 * Precedence: environment, the agent's card, config.json, default. (A command's flag comes before all of them; it is the
 * explicit option of the operation.)
 * @throws CONFIG_INVALID naming the place
 */
export function effectiveSettings(session: Session, card: AgentCard = nobody): Promise<Effective> {
  return settingsUnder(session, card, session.env);
}

/**
 * What the mailbox itself says, without the environment of whoever happens to look: so who looks decides nothing.
 * @throws as effectiveSettings
 */
export function ownSettings(session: Session, card: AgentCard = nobody): Promise<Effective> {
  return settingsUnder(session, card, noEnvironment);
}

async function settingsUnder(session: Session, card: AgentCard, env: NodeJS.ProcessEnv): Promise<Effective> {
  const settings = await rootSettings(session);
  let byEnv = lastEffective.get(settings);
  if (!byEnv) lastEffective.set(settings, (byEnv = new WeakMap()));
  let byCard = byEnv.get(env);
  if (!byCard) byEnv.set(env, (byCard = new WeakMap()));
  let effective = byCard.get(card);
  if (!effective) byCard.set(card, (effective = combine(settings, card, env)));
  return effective;
}

// A loop asks for the same documents' settings for each message; sessions of one root may have different environments.
const lastEffective = new WeakMap<Settings, WeakMap<NodeJS.ProcessEnv, WeakMap<AgentCard, Effective>>>();
const noEnvironment: NodeJS.ProcessEnv = {};
const nobody: AgentCard = { name: '', createdAt: '' };

function combine(root: Settings, card: AgentCard, env: NodeJS.ProcessEnv): Effective {
  const settings = {
    ...defaultSettings,
    ...defined(root),
    ...defined(card.settings ?? {}),
    ...environmentSettings(env),
  } as Complete;
  const backoffMinMs = parseDuration(settings.backoffMin);
  return {
    leaseMs: parseDuration(settings.lease),
    policy: {
      maxAttempts: settings.maxAttempts,
      backoffMinMs,
      // The two may come from different places; then the shortest decides.
      backoffMaxMs: Math.max(backoffMinMs, parseDuration(settings.backoffMax)),
    },
    durability: settings.durability,
    maxMessageBytes: settings.maxMessageBytes,
    warnUnreadAfterMs: parseDuration(settings.warnUnreadAfter),
    topicRetentionMs: parseDuration(settings.topicRetention),
    maxMessages: orNone(settings.maxMessages),
    maxBytes: orNone(settings.maxBytes),
    ttlMs: settings.ttl === 'none' ? Infinity : parseDuration(settings.ttl),
    retention: {
      packAfterDays: orNone(settings.packAfterDays),
      archiveDays: orNone(settings.archiveDays),
      archiveBytes: orNone(settings.archiveBytes),
      eventDays: orNone(settings.eventDays),
      eventBytes: orNone(settings.eventBytes),
    },
  };
}

function orNone(value: number | 'none'): number {
  return value === 'none' ? Infinity : value;
}

/** Where the environment overrides each setting. */
export const environmentNames = {
  lease: 'DREAMOS_LEASE',
  maxAttempts: 'DREAMOS_MAX_ATTEMPTS',
  backoffMin: 'DREAMOS_BACKOFF_MIN',
  backoffMax: 'DREAMOS_BACKOFF_MAX',
  durability: 'DREAMOS_DURABILITY',
  maxMessageBytes: 'DREAMOS_MAX_MESSAGE_BYTES',
  warnUnreadAfter: 'DREAMOS_WARN_UNREAD_AFTER',
  topicRetention: 'DREAMOS_TOPIC_RETENTION',
  maxMessages: 'DREAMOS_MAX_MESSAGES',
  maxBytes: 'DREAMOS_MAX_BYTES',
  ttl: 'DREAMOS_TTL',
  packAfterDays: 'DREAMOS_PACK_AFTER_DAYS',
  archiveDays: 'DREAMOS_ARCHIVE_DAYS',
  archiveBytes: 'DREAMOS_ARCHIVE_BYTES',
  eventDays: 'DREAMOS_EVENT_DAYS',
  eventBytes: 'DREAMOS_EVENT_BYTES',
} as const satisfies Record<SettingKey, string>;

export const settingKeys = Object.keys(defaultSettings) as SettingKey[];

/** What the environment sets; an empty variable sets nothing. @throws CONFIG_INVALID naming the variable */
export function environmentSettings(env: NodeJS.ProcessEnv): Settings {
  const settings: Partial<Record<SettingKey, SettingValue>> = {};
  for (const key of settingKeys) {
    const text = env[environmentNames[key]];
    if (text) settings[key] = parseSetting(key, text, environmentNames[key]);
  }
  return settings as Settings;
}

/** A setting from text. @throws CONFIG_INVALID naming `where` it was written and what is allowed */
export function parseSetting(key: SettingKey, text: string, where: string): SettingValue {
  const value = !durations.has(key) && /^\d{1,15}$/.test(text) ? Number(text) : text;
  try {
    checkSettings({ [key]: value }, where);
  } catch (cause) {
    if (!(cause instanceof DreamosError)) throw cause;
    throw new DreamosError('invalid', 'CONFIG_INVALID', `${JSON.stringify(text)} cannot be ${where}.`, {
      hint: `Allowed: ${allowedValues[key]}.`,
      cause,
    });
  }
  return value;
}

// The only setting that reads as a number and is a text: the duration 0.
const durations: ReadonlySet<SettingKey> = new Set(['lease', 'backoffMin', 'backoffMax', 'warnUnreadAfter', 'ttl']);

const allowedValues: Record<SettingKey, string> = {
  lease: 'a duration of at least 100ms and at most 12h, such as 15m',
  maxAttempts: 'a whole number from 1 to 1000',
  backoffMin: 'a duration such as 1s',
  backoffMax: 'a duration such as 5m',
  durability: 'full or relaxed',
  maxMessageBytes: 'a whole number of bytes from 1024 to 67108864',
  warnUnreadAfter: 'a duration such as 1h',
  topicRetention: 'a duration such as 7d',
  maxMessages: 'a whole number from 1 on, or none',
  maxBytes: 'a whole number of bytes from 1 on, or none',
  ttl: 'a duration such as 2h, or none',
  packAfterDays: 'a whole number of days from 0 on, or none',
  archiveDays: 'a whole number of days from 0 on, or none',
  archiveBytes: 'a whole number of bytes, or none',
  eventDays: 'a whole number of days from 1 on, or none',
  eventBytes: 'a whole number of bytes, or none',
};

/** @throws CONFIG_INVALID naming `where` */
export function checkSettings(settings: unknown, where: string): void {
  const parsed = settingsSchema.safeParse(settings);
  if (!parsed.success) throw invalid(where, explainIssues(parsed.error));
  const { lease, ttl } = parsed.data;
  const leaseMs = lease === undefined ? maxLeaseMs : parseDuration(lease);
  if (leaseMs > maxLeaseMs || leaseMs < minLeaseMs)
    throw invalid(where, `lease: ${lease} is not ${allowedValues.lease}`);
  if (ttl !== undefined && ttl !== 'none' && !(parseDuration(ttl) >= 1 && parseDuration(ttl) <= longestMs))
    throw invalid(where, `ttl: ${ttl} is not more than 0 and at most 3650d`);
}

function invalid(where: string, why: string): DreamosError {
  return new DreamosError('invalid', 'CONFIG_INVALID', `${where} cannot be used: ${why}.`, {
    hint: 'dreamos config get',
  });
}

// A long-lived process sees a changed config.json within a second, and a burst of sends reads it once.
const keepMs = 1000;
const lastLoads = new WeakMap<Store, { readonly at: number; readonly settings: Promise<Settings> }>();

/** config.json, read at most once a second for all sessions of a root. */
export function rootSettings(session: Session): Promise<Settings> {
  const last = lastLoads.get(session.store);
  const at = session.clock.uptime();
  if (last && at - last.at < keepMs) return last.settings;
  const settings = load(session);
  lastLoads.set(session.store, { at, settings });
  settings.catch(() => lastLoads.delete(session.store));
  return settings;
}

/** After a change of config.json by this process. */
export function forgetSettings(session: Session): void {
  lastLoads.delete(session.store);
}

async function load(session: Session): Promise<Settings> {
  const settings = await session.store.loadSettings();
  checkSettings(settings, 'config.json');
  // Of its own, because what is made of it is remembered with it.
  return { ...settings };
}

// `undefined` in one place must not hide what another place says.
function defined(settings: Settings): Settings {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined && value !== null));
}
