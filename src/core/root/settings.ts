import type { AgentCard } from '../../model/agent.ts';
import { meantDuration } from '../../model/duration.ts';
import { cut } from '../../model/basics/text.ts';
import { DreamosError } from '../../model/errors.ts';
import { nearestName } from '../../model/refusals.ts';
import {
  allowedValues,
  dedupeWindowOf,
  defaultSettings,
  type Durability,
  environmentName,
  isJsonSetting,
  isOfRoot,
  type JsonSettingKey,
  type RetryPolicy,
  settingFault,
  settingFromText,
  type SettingKey,
  settingKeys,
  settingNumber,
  type Settings,
  type SettingValue,
  wrongSettings,
} from '../../model/settings.ts';
import { documentInvalid } from '../../storage/port/refusals.ts';
import { rootSettings } from './config-file.ts';
import type { Session } from './root.ts';

type Complete = { [Key in SettingKey]: NonNullable<Settings[Key]> };

/** The settings that hold for one mailbox, in the units that code works with. */
export interface Effective {
  readonly leaseMs: number;
  readonly policy: RetryPolicy;
  /** What the mailbox itself says, without the environment of whoever happens to look: so who looks decides nothing. */
  readonly ownPolicy: RetryPolicy;
  readonly durability: Durability;
  readonly maxMessageBytes: number;
  readonly warnUnreadAfterMs: number;
  /** How long after its last prompt a session may be woken. */
  readonly wakeForMs: number;
  /** How often an agent is heard of that is there. */
  readonly heartbeatMs: number;
  readonly topicRetentionMs: number;
  readonly dedupeWindowMs: number;
  readonly signatures: Complete['signatures'];
  /** Of what a mailbox holds undelivered; Infinity: no limit. */
  readonly maxMessages: number;
  readonly maxBytes: number;
  /** Messages a minute that the agent may send; Infinity: no limit. */
  readonly sendRate: number;
  /** Of mail that has none of its own; Infinity: none. */
  readonly ttlMs: number;
  /** What is done with a message that looks as if it held one. */
  readonly secrets: Complete['secrets'];
  /** The words of the command that looks for them; empty: there is none. */
  readonly secretScanner: readonly string[];
  /** Whether the audit notes what becomes of mail, too. */
  readonly auditsMail: boolean;
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
export function effectiveSettings(session: Session, card?: AgentCard): Promise<Effective> {
  return rootSettings(session).then((settings) => combinedOnce(settings, session.env, card));
}

/** The settings as they are now, for one mailbox after the other. @throws CONFIG_INVALID, and so does what it returns */
export function settingsNow(session: Session): Promise<(card?: AgentCard) => Effective> {
  return rootSettings(session).then((settings) => (card) => combinedOnce(settings, session.env, card));
}

function combinedOnce(settings: Settings, env: NodeJS.ProcessEnv, card = nobody): Effective {
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
const withoutAny = new WeakMap<NodeJS.ProcessEnv, NodeJS.ProcessEnv>();
const nobody: AgentCard = { name: '', createdAt: '' };

/** For who happens to be there: his environment decides nothing about settings, and still tells where his keys are. */
export function withoutSettings(session: Session): Session {
  const { env } = session;
  let rest = withoutAny.get(env);
  if (!rest) withoutAny.set(env, (rest = { ...env, ...Object.fromEntries(variables.map(([, name]) => [name, ''])) }));
  return { ...session, env: rest };
}

function combine(root: Settings, card: AgentCard, env: NodeJS.ProcessEnv): Effective {
  const own = { ...defaultSettings, ...defined(root), ...defined(card.settings ?? {}) } as Complete;
  const settings = { ...own, ...environmentSettings(env) } as Complete;
  const of = (key: Exclude<SettingKey, JsonSettingKey>): number => settingNumber(key, settings[key]);
  return {
    leaseMs: of('lease'),
    policy: policyOf(settings),
    ownPolicy: policyOf(own),
    durability: settings.durability,
    maxMessageBytes: of('maxMessageBytes'),
    warnUnreadAfterMs: of('warnUnreadAfter'),
    wakeForMs: of('wakeFor'),
    heartbeatMs: of('heartbeat'),
    topicRetentionMs: of('topicRetention'),
    dedupeWindowMs: dedupeWindowOf(root),
    signatures: root.signatures ?? defaultSettings.signatures,
    maxMessages: of('maxMessages'),
    maxBytes: of('maxBytes'),
    sendRate: of('sendRate'),
    ttlMs: of('ttl'),
    // Of the root alone.
    secrets: root.secrets ?? defaultSettings.secrets,
    secretScanner: root.secretScanner ?? defaultSettings.secretScanner,
    auditsMail: (root.audit ?? defaultSettings.audit) === 'all',
    retention: {
      packAfterDays: of('packAfterDays'),
      archiveDays: of('archiveDays'),
      archiveBytes: of('archiveBytes'),
      eventDays: of('eventDays'),
      eventBytes: of('eventBytes'),
    },
  };
}

function policyOf({ maxAttempts, backoffMin, backoffMax }: Complete): RetryPolicy {
  const backoffMinMs = settingNumber('backoffMin', backoffMin);
  return {
    maxAttempts: settingNumber('maxAttempts', maxAttempts),
    backoffMinMs,
    // The two may come from different places; then the shortest decides.
    backoffMaxMs: Math.max(backoffMinMs, settingNumber('backoffMax', backoffMax)),
  };
}

/** What the environment sets; an empty variable sets nothing. @throws CONFIG_INVALID naming the variable */
export function environmentSettings(env: NodeJS.ProcessEnv): Settings {
  const settings: Partial<Record<SettingKey, SettingValue>> = {};
  for (const [key, variable] of variables) {
    const text = env[variable];
    if (!text) continue;
    checkNotOfRoot(key, variable);
    settings[key] = parseSetting(key, text, variable);
  }
  // No list or object among them: each of those is one for all who use a root.
  return settings as Omit<Settings, JsonSettingKey>;
}

const variables = settingKeys.map((key) => [key, environmentName(key)] as const);

/** A setting from text, or as it is. @throws CONFIG_INVALID naming `where` it was written and what is allowed */
export function parseSetting(key: SettingKey, said: unknown, where: string): SettingValue {
  if (isJsonSetting(key)) return parseJsonSetting(key, said, where) as SettingValue;
  const text = String(said);
  const value = settingFromText(key, text);
  if (isSetting(key, value)) return value;
  const meant = meantDuration(text);
  throw new DreamosError('invalid', 'CONFIG_INVALID', `${JSON.stringify(text)} cannot be ${where}.`, {
    hint: `${meant !== undefined && isSetting(key, meant) ? `Write ${meant}` : 'Allowed'}: ${allowedValues(key)}.`,
  });
}

function parseJsonSetting(key: SettingKey, said: unknown, where: string): unknown {
  let value = said;
  try {
    if (typeof said === 'string') value = JSON.parse(said);
  } catch {
    throw new DreamosError(
      'invalid',
      'CONFIG_INVALID',
      `${JSON.stringify(cut(String(said), 60))} cannot be ${where}.`,
      {
        hint: `Allowed: ${allowedValues(key)}.`,
      },
    );
  }
  if (isSetting(key, value)) return value;
  throw new DreamosError('invalid', 'CONFIG_INVALID', `${where} cannot be so: ${settingFault(key, value)}.`, {
    hint: `Allowed: ${allowedValues(key)}.`,
  });
}

function isSetting(key: SettingKey, value: unknown): boolean {
  return wrongSettings({ [key]: value }).length === 0;
}

/** @throws CONFIG_INVALID with the nearest name */
export function checkSettingKey(key: string): SettingKey {
  if ((settingKeys as string[]).includes(key)) return key as SettingKey;
  const nearest = nearestName(key, settingKeys);
  throw new DreamosError('invalid', 'CONFIG_INVALID', `There is no setting "${key}".`, {
    hint: nearest ? `Did you mean "${nearest}"?` : `The settings are ${settingKeys.join(', ')}.`,
  });
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** What is one for all who use a root cannot be said elsewhere. @throws CONFIG_INVALID naming `where` */
export function checkNotOfRoot(key: SettingKey, where: string): void {
  if (!isOfRoot(key)) return;
  throw new DreamosError('invalid', 'CONFIG_INVALID', `${where} cannot be used: ${key} is one for the whole root.`, {
    hint: `What it is: dreamos config get ${key}; to set it: dreamos config set ${key}=${textOf(defaultSettings[key])}`,
  });
}

/** @throws CONFIG_INVALID naming `where` */
export function checkSettings(settings: Settings, where: string): void {
  const [wrong] = wrongSettings(settings);
  if (wrong !== undefined)
    throw documentInvalid({ document: where }, settingFault(wrong, settings[wrong]), 'dreamos config get');
}

// `undefined` in one place must not hide what another place says.
function defined(settings: Settings): Settings {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined && value !== null));
}
