import { sha256 } from '../../../model/basics/sha256.ts';
import { bytesOf } from './loading.ts';
import { type DumpEntry, type DumpRecord, type Tallied } from './records.ts';

/**
 * Counts what of each mailbox is in a dump, with a digest of all that every storage keeps as it is: so two storages hold the same
 * mail where these are the same. In it are each entry with its state, the order of what is ready, open inboxes, what nobody can
 * read, and the events in their order. What order entries of another state come in makes no difference.
 */
export class Tally {
  readonly #boxes = new Map<string, Counted>();
  messages = 0;

  add(record: DumpRecord): void {
    if (!('mailbox' in record) && record.kind !== 'event') return;
    const box = this.#of('mailbox' in record ? record.mailbox : record.event.mailbox);
    switch (record.kind) {
      case 'entry':
        this.messages++;
        box.counts[record.state]++;
        if (record.state === 'ready') box.ready = sha256(box.ready + record.id);
        box.include(wordsOf(record));
        break;
      case 'inbox':
        box.include([record.kind, record.request, record.until]);
        break;
      case 'corrupt':
        box.counts.corrupt++;
        box.include([record.kind, sha256(bytesOf(record.body))]);
        break;
      case 'event': {
        box.counts.events++;
        // Where the message of a published event lies is each storage's own.
        const { key: _, ...told } = record.event;
        box.told = sha256(box.told + canonical(told));
        break;
      }
      // Of these each storage keeps what it can.
      case 'mailbox':
      case 'handed-in':
      case 'rollup':
      case 'announced':
      default:
    }
  }

  mailboxes(): Record<string, Tallied> {
    const sorted = [...this.#boxes].sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(sorted.map(([name, box]) => [name, { ...box.counts, digest: box.digest() }]));
  }

  /** Of each mailbox the digest without its events: an event may come behind the change that it tells. */
  mail(): Record<string, string> {
    const none = new Counted().digest('');
    const boxes = [...this.#boxes].map(([name, box]): [string, string] => [name, box.digest('')]);
    // A mailbox of which only events tell has no mail.
    return Object.fromEntries(boxes.filter(([, digest]) => digest !== none));
  }

  #of(name: string): Counted {
    let box = this.#boxes.get(name);
    if (!box) this.#boxes.set(name, (box = new Counted()));
    return box;
  }
}

class Counted {
  readonly counts = { ready: 0, delayed: 0, inflight: 0, archived: 0, dead: 0, corrupt: 0, events: 0 };
  readonly #sum = Buffer.alloc(32);
  ready = '';
  told = '';

  include(words: readonly unknown[]): void {
    const digest = Buffer.from(sha256(canonical(words)), 'hex');
    for (const [i, byte] of digest.entries()) this.#sum[i] = (this.#sum[i] ?? 0) ^ byte;
  }

  digest(told = this.told): string {
    return sha256([this.#sum.toString('hex'), this.ready, told].join(' '));
  }
}

function wordsOf(entry: DumpEntry): unknown[] {
  const { id, state, priority, attempt, at, comesBack, token, maxAttempts, expiresAt, withdrawn, inbox, holdsKey } =
    entry;
  const claim = state === 'inflight' ? [token, maxAttempts ?? null] : null;
  const dead = entry.dead && [entry.dead.reason, entry.dead.attempts, entry.dead.history, entry.dead.notice ?? null];
  const rest = [expiresAt ?? null, withdrawn ?? null, inbox ?? null, holdsKey ?? null, dead ?? null];
  return [id, state, priority, attempt, at, comesBack ?? null, claim, ...rest, sha256(bytesOf(entry.body))];
}

/** The mailboxes that are not the same on both sides, sorted. */
export function differing(a: Readonly<Record<string, Tallied>>, b: Readonly<Record<string, Tallied>>): string[] {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].filter((name) => a[name]?.digest !== b[name]?.digest).sort();
}

/** As JSON whose fields are sorted: a storage may put them in another order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) => {
    if (typeof one !== 'object' || one === null || Array.isArray(one)) return one;
    return Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
