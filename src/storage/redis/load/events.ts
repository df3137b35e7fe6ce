import { jsonIn } from '../../../model/basics/raw-json.ts';
import type { MailEvent } from '../../../model/event.ts';
import { DreamosError } from '../../../model/errors.ts';
import { isLog } from '../../../model/topic.ts';
import { type DumpEvent } from '../../port/dump/records.ts';
import type { ScriptArg } from '../link/link.ts';
import { part } from '../roles/entry.ts';
import type { LoadCall } from './call.ts';

const mostAtOnce = 200;

export class Events {
  readonly #call: LoadCall;
  /** Of each message that was handed over, from which mailbox it came into which. */
  readonly #handed = new Map<string, Map<string, string>>();
  /** Of names that agents had, in lower case, until when which one had it and what he is called now. */
  readonly #former = new Map<string, { readonly until: number; readonly now: string }[]>();
  #args: ScriptArg[] = [];

  constructor(call: LoadCall) {
    this.#call = call;
  }

  /** Events stay as they were told, so one of before a rename says the name of then. @param text the card, which is told before events are */
  card(now: string, text: string): void {
    const card = jsonIn(text) as { readonly formerNames?: unknown } | null | undefined;
    for (const one of Array.isArray(card?.formerNames) ? (card.formerNames as unknown[]) : []) {
      // It goes along as it is, also where it cannot be read.
      const { name, until } = Object(one) as Record<string, unknown>;
      if (typeof name !== 'string' || typeof until !== 'string') continue;
      const had = this.#former.get(name.toLowerCase()) ?? [];
      this.#former.set(name.toLowerCase(), [...had, { until: Date.parse(until), now }]);
    }
  }

  #calledNow(name: string, at: number): string {
    const later = (this.#former.get(name.toLowerCase()) ?? []).filter(({ until }) => until >= at);
    return later.sort((a, b) => a.until - b.until)[0]?.now ?? name;
  }

  async take({ seq, event }: DumpEvent): Promise<void> {
    const { at, mailbox, event: kind, id, ...rest } = event as unknown as MailEvent & { readonly to?: string };
    const time = Date.parse(at);
    if (Number.isNaN(time)) throw noTime(mailbox, at);
    if (kind === 'handed_over' && rest.to !== undefined) {
      const known = this.#handed.get(id) ?? new Map<string, string>();
      this.#handed.set(id, known.set(this.#calledNow(rest.to, time), mailbox));
    }
    // Where it lies, as this storage calls it: its first version.
    const more = isLog(mailbox) && kind === 'published' ? { ...rest, key: `${id}#1@` } : rest;
    this.#args.push(mailbox, String(time), kind, id, part(more), seq === undefined ? '' : String(seq));
    if (this.#args.length >= mostAtOnce * 6) await this.#flush();
  }

  async #flush(): Promise<void> {
    const args = this.#args;
    this.#args = [];
    if (args.length > 0) await this.#call('loadEvents', ...args);
  }

  async finish(): Promise<void> {
    await this.#flush();
    for (const [id, from] of this.#handed)
      for (const mailbox of from.keys())
        await this.#call('loadPlaces', mailbox, id, '', JSON.stringify(before(mailbox, from)));
  }
}

/** The mailboxes that it was in, the first one first. */
function before(mailbox: string, from: ReadonlyMap<string, string>): string[] {
  const path: string[] = [];
  for (let at = from.get(mailbox); at !== undefined && !path.includes(at); at = from.get(at)) path.unshift(at);
  return path;
}

function noTime(mailbox: string, at: string): DreamosError {
  const said = JSON.stringify(at.slice(0, 40));
  return new DreamosError('invalid', 'CORRUPT', `An event of ${mailbox} is told of ${said}, which is no time.`, {
    hint: 'Nothing was loaded. Make the dump again, in the root that it is of',
  });
}
