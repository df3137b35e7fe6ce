import { sameAgent } from '../../model/agent.ts';
import type { MailEvent } from '../../model/event.ts';
import { type Audit, checkpointLog } from '../port/audit.ts';
import type { LogMark, LogPart } from '../port/journal.ts';
import type { Rollups } from '../port/rollups.ts';
import type { Mail } from './mail.ts';

/** A mark says how many of the day's events lie in front of it; the first one's place among all tells its log from another. */
export function logs(mail: Mail, mailbox: string): Map<string, LogMark> {
  const days = [...new Set(loggedIn(mail, mailbox).map(dayOf))].sort();
  return new Map(days.map((day) => [day, { bytes: loggedIn(mail, mailbox, day).length }]));
}

export function prunedThrough(mail: Mail, mailbox: string): string | undefined {
  const pruned = [...mail.pruned].filter((event) => sameAgent(event.mailbox, mailbox)).map(dayOf);
  return pruned.sort().at(-1);
}

export function readLog(mail: Mail, mailbox: string, day: string, from: LogMark = { bytes: 0 }): LogPart[] {
  const told = loggedIn(mail, mailbox, day);
  if (told.length === 0) return [];
  const mark = { bytes: told.length, ...(told[0] && { check: String(mail.log.indexOf(told[0])) }) };
  const isSame = from.bytes === 0 || (from.check === mark.check && from.bytes <= told.length);
  if (isSame && from.bytes === told.length) return [];
  const events = structuredClone(told.slice(isSame ? from.bytes : 0));
  return [{ events, broken: 0, mark, ...(!isSame && { anew: true }) }];
}

function loggedIn(mail: Mail, mailbox: string, day?: string): MailEvent[] {
  return mail.log.filter(
    (event) =>
      sameAgent(event.mailbox, mailbox) && !mail.pruned.has(event) && (day === undefined || dayOf(event) === day),
  );
}

const dayOf = ({ at }: MailEvent): string => at.slice(0, 10);

export function rollupsOf(mail: Mail): Rollups {
  const of = (mailbox: string): Map<string, string> => mail.rollups.get(mailbox.toLowerCase()) ?? new Map();
  return {
    days: async (mailbox) => [...of(mailbox).keys()].filter((name) => name !== 'index'),
    read: async (mailbox, name, firstBytes) => {
      const text = of(mailbox).get(name);
      return firstBytes === undefined || text === undefined
        ? text
        : Buffer.from(text).subarray(0, firstBytes).toString();
    },
    write: async (mailbox, name, text) => void mail.rollups.set(mailbox.toLowerCase(), of(mailbox).set(name, text)),
  };
}

export function auditOf({ audit: { logs: all, keys } }: Mail): Audit {
  const of = (log: string): Buffer => all.get(log) ?? Buffer.alloc(0);
  return {
    days: async () => [...all.keys()].filter((log) => log !== checkpointLog).sort(),
    size: async (log) => of(log).length,
    append: async (log, lines) => void all.set(log, Buffer.concat([of(log), Buffer.from(lines)])),
    sync: async () => undefined,
    read: async function* (log, from, to) {
      const bytes = of(log).subarray(from, to);
      if (bytes.length > 0) yield bytes;
    },
    remove: async (day) => all.delete(day),
    keys: async () => [...keys.keys()].sort((a, b) => a - b),
    key: async (checkpoint) => keys.get(checkpoint),
    makeKey: async (checkpoint, text) => !keys.has(checkpoint) && Boolean(keys.set(checkpoint, text)),
    removeKey: async (checkpoint) => void keys.delete(checkpoint),
  };
}
