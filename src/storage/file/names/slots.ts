import { join } from 'node:path';
import { dayMs, hourMs } from '../../../model/basics/limits.ts';
import type { Layout, Mailbox } from './layout.ts';
import { latestTime, padTime } from './entry-name.ts';

/** Names made of a moment: the slots of the timing wheels, the days of archives and event logs. */
/** The slot of a timing wheel (delayed/ or inflight/) for a moment: an hour, and ten seconds in it. */
export function slotOf(wheel: string, timeMs: number): string {
  return `${wheel}/${slotText(Math.floor(timeMs / slotMs))}`;
}

const slotMs = 10_000;
const slotText = lastOnly((slot: number) => {
  const iso = isoTime(slot * slotMs);
  return `${iso.slice(0, 13)}/${iso.slice(14, 16)}-${iso.slice(17, 18)}0`;
});
const dayPattern = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/;
const hourPattern = /^\d{4}-\d{2}-\d{2}T\d{2}$/;
const slotPattern = /^[0-5]\d-[0-5]0$/;

/** When an hour's folder begins and ends, in ms; `undefined`: not an hour's folder. */
export function parseHour(name: string): { start: number; end: number } | undefined {
  const start = hourPattern.test(name) ? Date.parse(`${name}:00:00.000Z`) : Number.NaN;
  return isSaidBy(name, start) ? { start, end: start + hourMs } : undefined;
}

/** Not every text of digits is a time, and of 31 February Date.parse makes 3 March. */
function isSaidBy(text: string, timeMs: number): boolean {
  return !Number.isNaN(timeMs) && new Date(timeMs).toISOString().startsWith(text);
}

export function parseSlot(hourStart: number, name: string): { start: number; end: number } | undefined {
  if (!slotPattern.test(name)) return undefined;
  const start = hourStart + Number(name.slice(0, 2)) * 60_000 + Number(name.slice(3)) * 1000;
  return { start, end: start + slotMs };
}

/** The UTC day of a moment, `2026-11-20`: a folder of archive/, a file of events/. */
export function dayOf(timeMs: number): string {
  return dayText(Math.floor(timeMs / dayMs));
}

const dayText = lastOnly((day: number) => isoTime(day * dayMs).slice(0, 10));

/** The day's folder in the archive for a moment. */
export function archiveFolder(mailbox: Mailbox, timeMs: number): string {
  return `${mailbox.archive}/${dayOf(timeMs)}`;
}

export function isDay(name: string): boolean {
  // Asked of every name of long listings: each month has 28 days.
  return dayPattern.test(name) && (name.slice(8) <= '28' || isSaidBy(name, Date.parse(name)));
}

export function eventLog(mailbox: Mailbox, day: string): string {
  return `${mailbox.events}/${day}.jsonl`;
}

/** The day of an event log's name; `undefined`: not an event log. */
export function parseEventLog(name: string): string | undefined {
  return name.endsWith('.jsonl') && isDay(name.slice(0, -6)) ? name.slice(0, -6) : undefined;
}

/** Among the event logs, an empty file: those of this day and of the days before it were pruned. */
export function prunedMark(mailbox: Mailbox, day: string): string {
  return `${mailbox.events}/${day}${prunedEnding}`;
}
const prunedEnding = '.pruned';

/** The day of such a mark's name; `undefined`: not a mark. */
export function parsePrunedMark(name: string): string | undefined {
  const day = name.slice(0, -prunedEnding.length);
  return name.endsWith(prunedEnding) && isDay(day) ? day : undefined;
}

/** @param log a day, or `checkpoints` */
export function auditLog(layout: Layout, log: string): string {
  return `${layout.audit}/${log}.jsonl`;
}

/** The day of such a log's name; `undefined`: it is another file's. */
export function parseAuditDay(name: string): string | undefined {
  return parseEventLog(name);
}

/** The private key that signs this checkpoint, and is gone once it has. */
export function auditKey(layout: Layout, checkpoint: number): string {
  return `${layout.audit}/${checkpoint}${keyEnding}`;
}
const keyEnding = '.key';

/** `undefined`: it is no key's name. */
export function parseAuditKey(name: string): number | undefined {
  return /^(?:0|[1-9]\d{0,14})\.key$/.test(name) ? Number(name.slice(0, -keyEnding.length)) : undefined;
}

/** Whether it is a file of the audit that a backup holds: no key. */
export function isAuditLog(name: string): boolean {
  return name === 'checkpoints.jsonl' || parseAuditDay(name) !== undefined;
}

/** @param name a day, or `index` */
export function rollupFile(mailbox: Mailbox, name: string): string {
  return `${mailbox.metrics}/${name}${name === rollupIndex ? '.json' : '.jsonl'}`;
}
const rollupIndex = 'index';

/** The name of such a file; `undefined`: it is none. */
export function parseRollup(name: string): string | undefined {
  return name === `${rollupIndex}.json` ? rollupIndex : parseEventLog(name);
}

/** Remembers the last answer: a loop asks for the text of the same slot and day thousands of times. */
function lastOnly(textOf: (at: number) => string): (at: number) => string {
  let last = Number.NaN;
  let text = '';
  return (at) => {
    if (at !== last) text = textOf((last = at));
    return text;
  };
}

function isoTime(timeMs: number): string {
  return new Date(Math.min(latestTime, Math.max(0, timeMs))).toISOString();
}

/** Where answers to a request are kept for it, until a moment. */
export function inboxFolder(mailbox: Mailbox, until: number, request: string): string {
  return join(mailbox.requests, `${padTime(until)}-${request}`);
}

/** The moment and the request in an inbox's name; `undefined`: not an inbox. */
export function parseInbox(name: string): { until: number; request: string } | undefined {
  const match = /^(\d{13})-([0-7][0-9A-HJKMNP-TV-Z]{25})$/.exec(name);
  return match ? { until: Number(match[1]), request: match[2] ?? '' } : undefined;
}

/** The inboxes among these names, by their times. */
export function inboxesIn(names: readonly string[]): { until: number; request: string }[] {
  return [...names].sort().flatMap((name) => parseInbox(name) ?? []);
}

/** The request in whose inbox a path lies; `undefined`: it lies in none. */
export function inboxAt(mailbox: Mailbox, path: string): string | undefined {
  if (!isAnswer(mailbox, path)) return undefined;
  return parseInbox(path.slice(mailbox.requests.length + 1).split('/')[0] ?? '')?.request;
}

/** Whether a path is that of an answer in a request's inbox. */
export function isAnswer(mailbox: Mailbox, path: string): boolean {
  return path.startsWith(`${mailbox.requests}/`);
}
