import * as z from 'zod/mini';
import { type Fits, fieldsOf, listOf, string, textOf } from './fits.ts';
import { hardMaxMessageBytes, longestMs, maxLeaseMs, minLeaseMs, minuteMs } from './limits.ts';

/** One setting; all that is said, checked and printed of it comes from here. */
export type Setting = PlainSetting | JsonSetting;

interface PlainSetting {
  /** A duration is a text with a unit; the others but `choice` are whole numbers. */
  readonly kind: 'duration' | 'count' | 'bytes' | 'days' | 'choice';
  readonly default: string | number;
  /** Of durations in milliseconds. */
  readonly least?: number;
  readonly most?: number;
  /** It may be `none`, no limit: so that one agent can be without the limit that the root sets for all. */
  readonly none?: true;
  readonly choices?: readonly string[];
  /** One for all who use a root: neither a card nor the environment says it. */
  readonly ofRoot?: true;
  /** A value to show where the default is none. */
  readonly example?: string;
  readonly help: string;
}

/** A list or an object: written as JSON, also on the command line. It is one for all who use a root. */
interface JsonSetting {
  readonly kind: 'json';
  readonly default: readonly unknown[] | object;
  readonly ofRoot: true;
  readonly schema: () => z.ZodMiniType;
  /** As basics/fits.ts has it: every command asks it of config.json, and the schema only where it does not say yes. */
  readonly fits: Fits;
  /** What it is, for a person: `a list of rules`. */
  readonly what: string;
  readonly help: string;
}

const named = fieldsOf({ name: string });
// The schema has no limit; what is longer it is asked about.
const longestWord = 4096;

export const settingTable = {
  lease: {
    kind: 'duration',
    default: '15m',
    least: minLeaseMs,
    most: maxLeaseMs,
    help: 'how long a claim is valid, at most 12h',
  },
  maxAttempts: {
    kind: 'count',
    default: 5,
    least: 1,
    most: 1000,
    help: 'claims before a message goes to the dead-letter queue',
  },
  backoffMin: {
    kind: 'duration',
    default: '1s',
    help: 'rest after a nack without a delay; doubles with each attempt',
  },
  backoffMax: { kind: 'duration', default: '5m', help: 'up to this, with jitter' },
  durability: {
    kind: 'choice',
    default: 'full',
    choices: ['full', 'relaxed'],
    help: 'full: synced before send is done; relaxed: atomic only',
  },
  maxMessageBytes: {
    kind: 'bytes',
    default: 1_048_576,
    least: 1024,
    most: hardMaxMessageBytes,
    help: 'body and data together',
  },
  warnUnreadAfter: {
    kind: 'duration',
    default: '1h',
    help: 'send warns when a mailbox was not read for this long',
  },
  wakeFor: {
    kind: 'duration',
    default: '2h',
    most: longestMs,
    help: 'mail wakes an idle agent for this long after its last prompt',
  },
  heartbeat: {
    kind: 'duration',
    default: '5m',
    least: 1000,
    most: longestMs,
    help: 'an agent unheard of for two of these is late, for five gone',
  },
  topicRetention: {
    kind: 'duration',
    default: '7d',
    help: 'maintain and topics prune delete what was published before',
  },
  dedupeWindow: {
    kind: 'duration',
    default: '2d',
    least: minuteMs,
    most: longestMs,
    ofRoot: true,
    help: 'a send under a used dedupe key is a repeat for this long',
  },
  signatures: {
    kind: 'choice',
    default: 'off',
    choices: ['off', 'warn', 'require'],
    ofRoot: true,
    help: 'what is sent is signed; what is not, or wrongly, is told, or dead',
  },
  maxMessages: {
    kind: 'count',
    default: 'none',
    least: 1,
    none: true,
    help: 'what a mailbox may hold ready, delayed and inflight; over it, or',
  },
  maxBytes: {
    kind: 'bytes',
    default: 'none',
    least: 1,
    none: true,
    help: 'over its bytes, send is refused (MAILBOX_FULL) or waits for room',
  },
  sendRate: {
    kind: 'count',
    default: 'none',
    least: 1,
    most: 100_000,
    none: true,
    help: 'messages a minute that an agent may send; over it: LIMITED',
  },
  ttl: {
    kind: 'duration',
    default: 'none',
    least: 1,
    most: longestMs,
    none: true,
    example: '2h',
    help: 'time-to-live of mail that has none of its own',
  },
  packAfterDays: {
    kind: 'days',
    default: 7,
    least: 0,
    none: true,
    help: 'maintain packs archive days that are older',
  },
  archiveDays: {
    kind: 'days',
    default: 'none',
    least: 0,
    none: true,
    help: 'maintain deletes archive days that are older',
  },
  archiveBytes: {
    kind: 'bytes',
    default: 'none',
    least: 0,
    none: true,
    help: 'maintain deletes the oldest archive days until no more is left',
  },
  eventDays: {
    kind: 'days',
    default: 'none',
    least: 1,
    none: true,
    help: 'the same for event logs (the newest two stay)',
  },
  eventBytes: { kind: 'bytes', default: 'none', least: 0, none: true, help: 'the same' },
  audit: {
    kind: 'choice',
    default: 'admin',
    choices: ['off', 'admin', 'all'],
    ofRoot: true,
    help: 'what audit notes: admin, what rules and is denied; all: mail too',
  },
  alerts: {
    kind: 'json',
    default: [],
    ofRoot: true,
    schema: () => z.array(z.looseObject({ name: z.string() })),
    // Of a rule no more: one that is wrong puts itself out of force, and not all settings with it.
    fits: listOf((rule) => named(rule) !== undefined),
    what: 'a list of rules',
    help: 'rules beside the ones that are there: dreamos help alerting',
  },
  secrets: {
    kind: 'choice',
    default: 'off',
    choices: ['off', 'warn', 'refuse'],
    ofRoot: true,
    help: 'what looks like a secret in a message that is sent: help security',
  },
  secretScanner: {
    kind: 'json',
    default: [],
    ofRoot: true,
    schema: () => z.array(z.string().check(z.minLength(1))),
    fits: listOf(textOf(1, longestWord)),
    what: 'a list of the words of a command',
    help: 'the command that looks for them; without one secretlint does',
  },
} as const satisfies Record<string, Setting>;
