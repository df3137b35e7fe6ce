import { sha256 } from '../../../model/basics/sha256.ts';
import { unseal } from '../../../model/message.ts';
import { areSettings, dedupeWindowOf } from '../../../model/settings.ts';
import { bytesOf, jsonOf } from '../../port/dump/loading.ts';
import { type DumpMailbox, type DumpRecord } from '../../port/dump/records.ts';
import { hostname } from '../link/host.ts';
import type { ScriptArg } from '../link/link.ts';

type Of<Kind extends DumpRecord['kind']> = Extract<DumpRecord, { kind: Kind }>;
type Call = readonly [string, ...ScriptArg[]];

const hourMs = 3_600_000;

/** @param version its own, from now on */
export function documentCalls({ name, text }: Of<'document'>, version: string): Call[] {
  const value = jsonOf(name, text);
  const json = JSON.stringify(value);
  const raw = `${version}\n${json}`;
  const [, agent] = /^agents\/(.*)$/.exec(name) ?? [];
  if (agent !== undefined) return [['loadCard', agent, raw]];
  const [, kind, id] = /^(\w+)\/(.*)$/.exec(name) ?? [];
  if (kind !== undefined && id !== undefined) return [['loadFields', '', `docs:${kind}`, id, raw]];
  if (name !== 'settings' || !areSettings(value)) return [['loadFields', '', 'docs', name, raw]];
  return [
    ['loadFields', '', 'docs', name, raw, '.good', json],
    ['loadFields', '', 'root', 'window', String(dedupeWindowOf(value))],
  ];
}

export function revisionArgs({ of, number, text }: Of<'revision'>): ScriptArg[] {
  const [, agent] = /^agents\/(.*)$/.exec(of) ?? [];
  const json = JSON.stringify(jsonOf(of, text));
  return [...(agent === undefined ? ['', `rev:${of}`] : [agent, 'rev']), String(number), json];
}

export function mailboxCalls(record: DumpMailbox): Call[] {
  const { mailbox, lastReadAt, allowanceFullAtUs, prunedThrough, lastSeq, prunedSeq, refused = [], presence } = record;
  const pruned = prunedThrough === undefined ? '' : String(Date.parse(`${prunedThrough}T00:00:00.000Z`) / 86_400_000);
  const last = refused.at(-1);
  const refusal = last ? JSON.stringify([last.at, last.code, last.reason]) : '';
  const calls: Call[] = [
    [
      ...(['loadMailbox', mailbox, whole(lastReadAt), whole(allowanceFullAtUs), pruned] as const),
      ...[whole(lastSeq), whole(prunedSeq)],
      ...[presence ? presenceText(presence) : '', whole(presence?.seenAt), refusal],
    ],
  ];
  const hours = new Map<number, number>();
  for (const { at, count } of refused) {
    const hour = Math.floor(at / hourMs);
    hours.set(hour, (hours.get(hour) ?? 0) + count);
  }
  for (const [hour, count] of hours) calls.push(['loadFields', mailbox, 'no', String(hour), String(count)]);
  return calls;
}

const whole = (at: number | undefined): string => (at === undefined ? '' : String(Math.round(at)));

function presenceText(said: NonNullable<DumpMailbox['presence']>): string {
  const { seenAt: _, host, startedAt: _started, pidStart: _start, machine: _machine, ...record } = said;
  return JSON.stringify({ ...record, ...atOf(record.pid, host) });
}

/** Of a process whose machine the storage did not need to name: it is this one. */
function atOf(pid: unknown, machine: string | undefined): { readonly at?: string } {
  if (machine !== undefined) return { at: machine };
  return pid === undefined ? {} : { at: hostname() };
}

export function corruptArgs({ mailbox, name, note = '', body }: Of<'corrupt'>): ScriptArg[] {
  const bytes = bytesOf(body);
  return [mailbox, sha256(bytes), bytes, name, note];
}

/** As it is looked up: by its sender (roles/send.ts). */
export function keyArgs({ id, at, mailboxes, body }: Of<'key'>): ScriptArg[] {
  const bytes = bytesOf(body);
  const message = unseal(bytes);
  const names = (mailboxes ?? message.to).join(' ');
  return [`${message.from.toLowerCase()}\n${message.dedupeKey}`, id, String(Math.round(at)), names, bytes];
}

export function sessionCalls({ host, session, record, place, machine }: Of<'session'>): Call[] {
  const key = `${host}.${session}`;
  const calls: Call[] = [];
  if (record)
    calls.push(['loadFields', '', 'sessions', key, JSON.stringify({ ...record, ...atOf(record['pid'], machine) })]);
  if (place !== undefined) calls.push(['loadFields', '', 'places', key, place]);
  return calls;
}
