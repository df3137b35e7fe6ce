import * as z from 'zod/mini';
import { bytesIn } from './basics/bytes.ts';
import { daysIn, durationExamples, durationIn, durationPattern, formatDuration, parseDuration } from './duration.ts';
import { either, type Fits, fieldsOf, oneOf, optional, whole } from './basics/fits.ts';
import { type Setting, settingTable } from './basics/setting-table.ts';
import { nearestName } from './refusals.ts';
import { type Known, once, schema } from './schema.ts';

export const durabilities = settingTable.durability.choices;
export type Durability = (typeof durabilities)[number];

type Table = typeof settingTable;
export type SettingKey = keyof Table;
/** A list or an object. */
export type JsonSettingKey = { [Key in SettingKey]: Table[Key] extends { kind: 'json' } ? Key : never }[SettingKey];
export type SettingValue = string | number;
type ValueOf<S extends Setting> = S extends { readonly schema: () => infer Schema extends z.ZodMiniType }
  ? z.output<Schema>
  : PlainValueOf<S>;
type PlainValueOf<S extends Setting> =
  | (S extends { readonly choices: readonly (infer Choice)[] }
      ? Choice
      : S extends { readonly kind: 'duration' }
        ? string
        : number)
  | (S extends { readonly none: true } ? 'none' : never);

export const settingKeys = Object.keys(settingTable) as SettingKey[];

export const defaultSettings = Object.fromEntries(settingKeys.map((key) => [key, settingTable[key].default])) as {
  readonly [Key in SettingKey]: Table[Key]['default'];
};

/** The variable that overrides a setting: `DREAMOS_MAX_BYTES`. */
export function environmentName(key: SettingKey): string {
  return `DREAMOS_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

const rowOf = (key: SettingKey): Setting => settingTable[key];

/** What a setting may be, for a person. */
export function allowedValues(key: SettingKey): string {
  const setting = rowOf(key);
  if (setting.kind === 'json') return `${setting.what}, as JSON`;
  const { kind, least, most, none, choices, example, default: usual } = setting;
  if (choices) return choices.join(' or ');
  const say = kind === 'duration' ? (value: number) => formatDuration(value) : String;
  const what = {
    duration: 'duration',
    count: 'whole number',
    bytes: 'whole number of bytes',
    days: 'whole number of days',
  };
  const range =
    kind === 'duration'
      ? `${most === undefined ? '' : ` of at least ${say(least ?? 0)} and at most ${say(most)},`} such as ${example ?? usual}`
      : ` from ${say(least ?? 0)} ${most === undefined ? 'on' : `to ${say(most)}`}`;
  const units = kind in unitExamples ? `, also ${unitExamples[kind as keyof typeof unitExamples]}` : '';
  return `a ${what[kind as keyof typeof what]}${range}${units}${none ? ', or none' : ''}`;
}

const unitExamples = { bytes: '10MB (10000000) or 10MiB (10485760)', days: '30d' };

/** In the unit that code works with: milliseconds, days, bytes, a count; `none` is Infinity. */
export function settingNumber(key: SettingKey, value: SettingValue): number {
  if (value === 'none') return Infinity;
  if (settingTable[key].kind === 'duration') return parseDuration(String(value));
  return Number(typeof value === 'string' ? settingFromText(key, value) : value);
}

/** As dreamos itself writes them: what somebody has written by hand with a unit, as the number that it is. */
export function inNumbers(settings: Settings): Settings {
  const texts = Object.entries(settings).filter(
    (pair): pair is [SettingKey, string] => typeof pair[1] === 'string' && Object.hasOwn(settingTable, pair[0]),
  );
  if (texts.length === 0) return settings;
  return { ...settings, ...Object.fromEntries(texts.map(([key, text]) => [key, settingFromText(key, text)])) };
}

/** A list or an object. */
export function isJsonSetting(key: SettingKey): boolean {
  const { kind } = rowOf(key);
  return kind === 'json';
}

export function isOfRoot(key: SettingKey): boolean {
  const setting = rowOf(key);
  return setting.ofRoot === true;
}

/** For how long a dedupe key is remembered, in milliseconds. @param settings the root's */
export function dedupeWindowOf({ dedupeWindow = defaultSettings.dedupeWindow }: Settings): number {
  return settingNumber('dedupeWindow', dedupeWindow);
}

/** What somebody has typed, as the schema wants it. */
export function settingFromText(key: SettingKey, text: string): SettingValue {
  const { kind } = rowOf(key);
  if (kind === 'bytes' || kind === 'days') return unitsOf[kind](text) ?? text;
  // The only setting that reads as a number and is a text is the duration 0.
  return kind !== 'duration' && /^\d{1,15}$/.test(text) ? Number(text) : text;
}

export const durationText = once(() => {
  const what = `has to be a duration such as ${durationExamples}`;
  return z.string().check(
    z.regex(durationPattern, what),
    z.refine((text) => durationIn(text) !== undefined, what),
  );
});

/** Numbers that may have a unit, wherever they are written. */
const unitsOf = { bytes: bytesIn, days: daysIn };

// The largest number of each that is counted here.
const mostOf = { count: Number.MAX_SAFE_INTEGER, bytes: Number.MAX_SAFE_INTEGER, days: 36_500 };

function schemaOf(setting: Setting): z.ZodMiniType {
  if (setting.kind === 'json') return setting.schema();
  const { kind, least = 0, most, none, choices } = setting;
  if (choices) return z.enum(choices);
  const value =
    kind === 'duration' || kind === 'choice'
      ? durationText().check(z.refine(isDuration(least, most), 'too short or too long'))
      : numberOf(kind, least, most);
  return none ? z.union([z.literal('none'), value]) : value;
}

function numberOf(kind: keyof typeof mostOf, least: number, most = mostOf[kind]): z.ZodMiniType {
  const number = z.int().check(z.minimum(least), z.maximum(most));
  if (kind === 'count') return number;
  return z.union([number, z.string().check(z.refine(isNumber(kind, least, most), 'too little or too much'))]);
}

function isNumber(kind: keyof typeof mostOf, least: number, most = mostOf[kind]): Fits {
  const fits = whole(least, most);
  return kind === 'count' ? fits : (value) => fits(typeof value === 'string' ? unitsOf[kind](value) : value);
}

function fitsSetting(setting: Setting): Fits {
  // A yes is cheap; that it is none, only the schema knows for sure.
  if (setting.kind === 'json') return (value) => setting.fits(value) || z.safeParse(setting.schema(), value).success;
  const { kind, least = 0, most, none, choices } = setting;
  if (choices) return oneOf(...choices);
  const value = kind === 'duration' || kind === 'choice' ? isDuration(least, most) : isNumber(kind, least, most);
  return none ? either(oneOf('none'), value) : value;
}

/** Written rightly, and neither too short nor too long. */
function isDuration(least: number, most = Infinity): Fits {
  return (value) => {
    const ms = typeof value === 'string' ? durationIn(value) : undefined;
    return ms !== undefined && ms >= least && ms <= most;
  };
}

const fits = Object.fromEntries(settingKeys.map((key) => [key, fitsSetting(settingTable[key])]));

/** What of settings that somebody wrote by hand cannot be used, in the order of the table. */
export function wrongSettings(settings: object): SettingKey[] {
  const given = settings as Partial<Record<SettingKey, unknown>>;
  return settingKeys.filter((key) => given[key] !== undefined && !fits[key]?.(given[key]));
}

/** Whether it is settings, and all of them can be used. */
export function areSettings(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && wrongSettings(value).length === 0;
}

/** Why a value cannot be a setting's, for a person. */
export function settingFault(key: SettingKey, value: unknown): string {
  const setting = rowOf(key);
  const issues = setting.kind === 'json' ? z.safeParse(setting.schema(), value).error?.issues : undefined;
  if (issues?.[0]) return `${[key, ...issues[0].path].join('.')}: ${issues[0].message}`;
  const text = JSON.stringify(value);
  return `${key}: ${text.length > 60 ? `${text.slice(0, 59)}…` : text} is not ${allowedValues(key)}`;
}

/** The names among them that are no setting's, but most likely mean one. */
export function misspeltSettings(settings: object): { readonly name: string; readonly meant: string }[] {
  const unknown = Object.keys(settings).filter((name) => !Object.hasOwn(settingTable, name));
  return unknown.flatMap((name) => {
    const meant = nearestName(name, settingKeys);
    return meant === undefined ? [] : [{ name, meant }];
  });
}

/** What config.json and the `settings` of an agent's card may hold; everything is optional, unknown fields are kept. */
export const settingsSchema = schema(
  () =>
    z.looseObject(
      Object.fromEntries(settingKeys.map((key) => [key, z.optional(schemaOf(settingTable[key]))])) as unknown as {
        [Key in SettingKey]: z.ZodMiniOptional<z.ZodMiniType<ValueOf<Table[Key]>>>;
      },
    ),
  fieldsOf(Object.fromEntries(Object.entries(fits).map(([key, fitsOne]) => [key, optional(fitsOne)]))),
);

export type Settings = Known<z.infer<ReturnType<typeof settingsSchema>>>;

/** How often a message is tried and how long it rests in between. */
export interface RetryPolicy {
  readonly maxAttempts: number;
  readonly backoffMinMs: number;
  readonly backoffMaxMs: number;
}
