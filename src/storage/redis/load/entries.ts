import { DreamosError } from '../../../model/errors.ts';
import { type Message, priorities, unseal } from '../../../model/message.ts';
import { isLog } from '../../../model/topic.ts';
import type { MailEvent } from '../../../model/event.ts';
import { bytesOf } from '../../port/dump/loading.ts';
import { type Arrived, laneOf, ordersOf } from '../../port/dump/orders.ts';
import { type DumpEntry } from '../../port/dump/records.ts';
import type { ScriptArg } from '../link/link.ts';
import { letters, part } from '../roles/entry.ts';
import { fieldsOf } from '../roles/send.ts';
import type { LoadCall } from './call.ts';

const mostAtOnce = 100;
const mostBytesAtOnce = 1024 * 1024;
const placesAtOnce = 500;

/** Messages, some in one call. Those whose storage has not counted how they arrived get their places when all are there. */
export class Entries {
  /** More than the place of any. */
  arrivals = 0;
  readonly #call: LoadCall;
  readonly #uncounted: (Arrived & { readonly mailbox: string })[] = [];
  #args: ScriptArg[] = [];
  #bytes = 0;

  constructor(call: LoadCall) {
    this.#call = call;
  }

  async take(entry: DumpEntry): Promise<void> {
    const bytes = bytesOf(entry.body);
    const message = messageIn(entry, bytes);
    const { arrival, mailbox, id } = entry;
    if (arrival === undefined) this.#uncounted.push({ id, mailbox, lane: laneOf(entry) });
    else this.arrivals = Math.max(this.arrivals, arrival + 1);
    this.#args.push(mailbox, id, bytes, JSON.stringify(fieldsFor(entry, message)), whyOf(entry));
    this.#bytes += bytes.length;
    if (this.#args.length >= mostAtOnce * 5 || this.#bytes > mostBytesAtOnce) await this.flush();
  }

  async flush(): Promise<void> {
    const args = this.#args;
    this.#args = [];
    this.#bytes = 0;
    if (args.length > 0) await this.#call('loadEntries', ...args);
  }

  async finish(): Promise<void> {
    await this.flush();
    const first = this.arrivals;
    const places = ordersOf(this.#uncounted);
    for (let at = 0; at < places.length; at += placesAtOnce) {
      const some = this.#uncounted.slice(at, at + placesAtOnce);
      const args = some.flatMap(({ mailbox, id }, i) => [mailbox, id, String(first + (places[at + i] ?? 0)), '']);
      await this.#call('loadPlaces', ...args);
    }
    this.arrivals += places.length;
  }
}

function messageIn({ id, mailbox }: DumpEntry, bytes: Buffer): Message {
  const message = unseal(bytes);
  if (message.id === id) return message;
  throw new DreamosError('invalid', 'CORRUPT', `What is said to be ${id} in ${mailbox} is ${message.id}.`, {
    hint: 'Nothing was loaded. Look at it where it was dumped: dreamos doctor',
  });
}

/** lua/entries.lua says what each is. */
function fieldsFor(entry: DumpEntry, message: Message): object {
  const { state, mailbox, attempt: a, at, comesBack, since, token, maxAttempts, settled, withdrawn, inbox } = entry;
  const said = fieldsOf(message);
  const k = entry.unordered || isLog(mailbox) || said.orderingKey === '' ? undefined : said.orderingKey;
  const timed = { ready: 'y', delayed: 'd', inflight: 'L', archived: 'A', dead: 'X' } as const;
  return {
    ...{ s: letters[state], p: priorities.indexOf(entry.priority), l: comesBack ? 0 : 1, a, k, [timed[state]]: at },
    ...{ o: entry.arrival, S: Number(said.sentAt), x: entry.expiresAt, i: inbox, M: maxAttempts, t: token },
    ...(state === 'inflight' && { c: since }),
    ...(state === 'delayed' && { D: since }),
    ...(settled && { T: settled.map((one) => `${one} `).join('') }),
    ...(withdrawn && { w: 1 }),
    ...(entry.holdsKey && k !== undefined && { h: 1 }),
    ...(said.replyTo !== '' && { R: said.replyTo }),
    ...(said.group !== '' && { g: said.group }),
    ...(said.dueBy !== '' && { u: Number(said.dueBy) }),
    ...(said.flags.includes('t') && { z: 1 }),
    ...(said.flags.includes('n') && { N: 1 }),
  };
}

/** Why it is dead, and what led there, as the server keeps it. */
function whyOf({ state, dead, attempt }: DumpEntry): string {
  if (state !== 'dead') return '';
  const { reason, attempts, history, notice } = dead ?? { reason: 'unknown', attempts: attempt, history: [] };
  const path = (history as unknown as MailEvent[]).map(({ at, mailbox, event, id, ...rest }) => [
    ...['0', mailbox, Date.parse(at), event, id, part(rest)],
  ]);
  return JSON.stringify([reason, attempts, path, ...(notice === undefined ? [] : [notice])]);
}
