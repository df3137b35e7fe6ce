import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Session } from '../../../src/core/root/root.ts';
import { send } from '../../../src/core/send/send.ts';
import { subscribe } from '../../../src/core/topics/subscriptions.ts';
import { systemClock, type Clock } from '../../../src/model/clock.ts';
import { createIds } from '../../../src/model/id.ts';
import type { Disk } from '../../../src/storage/file/disk/disk.ts';
import { nodeDisk } from '../../../src/storage/file/disk/node-disk.ts';
import { openFileStore } from '../../../src/storage/file/open.ts';
import { initRoot } from '../../../src/core/open-root.ts';
import type { Draft } from '../../../src/model/draft.ts';
import type { Delivery } from '../../../src/storage/port/mail.ts';
import { newToken } from '../../storage/contract/ways.ts';

export const hourMs = 3_600_000;
export const agents = ['a', 'b', 'c', 'd'] as const;
const policy = { maxAttempts: 5, backoffMinMs: 1000, backoffMaxMs: 1000 };

/** What lies in a root before a command starts. Leases and delays that are over were made by a clock that is late. */
export class Setting {
  readonly #ids = new Map<string, string>();

  private constructor(
    /** The root lies in it as `root`. */
    readonly dir: string,
    readonly root: Session,
  ) {}

  static async make(dir: string): Promise<Setting> {
    mkdirSync(dir, { recursive: true });
    const { root } = await initRoot({ root: join(dir, 'root'), agents });
    return new Setting(dir, root);
  }

  idOf(body: string): string | undefined {
    return this.#ids.get(body);
  }

  /** From a to b. */
  async sent(body: string, more: Partial<Draft> = {}, root = this.root): Promise<string> {
    const id = await mustSend(root, { to: 'b', from: 'a', body, ...more });
    this.#ids.set(body, id);
    return id;
  }

  /** Two hours ago. */
  async sentBefore(body: string, more: Partial<Draft>): Promise<void> {
    const late = await this.#at(-2 * hourMs);
    await this.sent(body, more, late);
    await late.close();
  }

  async subscribed(agent: string, pattern: string): Promise<void> {
    await subscribe({ ...this.root, acting: agent }, pattern);
  }

  async claimed(body: string): Promise<Delivery> {
    await this.sent(body);
    return this.claimedOf(body);
  }

  /** What was sent before. */
  async claimedOf(body: string): Promise<Delivery> {
    return this.#claim(this.root, body);
  }

  /** b held it for an hour and let the lease run out, as often as `attempts` says. */
  async expired(body: string, attempts = 1, more: Partial<Draft> = {}): Promise<void> {
    const late = await this.#at(-2 * hourMs);
    await this.sent(body, more, late);
    for (let attempt = 1; attempt < attempts; attempt++) {
      const { receipt } = await this.#claim(late, body, hourMs);
      await late.store.mail.nack(receipt, { policy, delayMs: 0 });
    }
    await this.#claim(late, body, hourMs);
    await late.close();
  }

  /** b has an inbox open for answers to a request, for so long. @returns the request's id */
  async waiting(untilMs: number): Promise<string> {
    const request = this.root.ids.next(Date.now());
    await this.root.store.mail.openInbox('b', request, Date.now() + untilMs);
    return request;
  }

  /** b acked it so many days ago. @returns its id */
  async finishedBefore(body: string, days: number): Promise<string> {
    const late = await this.#at(-days * 24 * hourMs);
    const id = await this.sent(body, {}, late);
    await late.store.mail.ack((await this.#claim(late, body)).receipt, {});
    await late.close();
    return id;
  }

  async due(body: string): Promise<void> {
    await this.sent(body, { delayMs: 60_000 }, await this.#at(-2 * hourMs));
  }

  async outlived(body: string): Promise<void> {
    await this.sent(body, { ttlMs: 60_000 }, await this.#at(-2 * hourMs));
  }

  /** To b, c and d; its sender died between the commit and the handing out. */
  async committed(body: string): Promise<void> {
    await this.#dying((call, path) => call === 'list' && path.includes('/outbox/'), {
      to: ['b', 'c', 'd'],
      from: 'a',
      body,
    });
  }

  /** Its sender died in front of the commit. */
  async cutOffKeyed(draft: Draft): Promise<void> {
    await this.#dying((call, path) => call === 'rename' && path.includes('/outbox/'), draft);
  }

  /** A first bucket from which everything was taken, and a second one with one message. */
  async emptyBucket(body: string): Promise<void> {
    const inBucket = 256;
    for (let n = 0; n < inBucket; n++)
      await mustSend(this.root, { to: 'b', from: 'a', body: 'filler', durability: 'relaxed' });
    await this.sent(body);
    for (let n = 0; n < inBucket; n++) {
      const delivery = await this.root.store.mail.claim('b', { token: newToken(), leaseMs: hourMs, policy });
      if (delivery?.message.body !== 'filler') throw new Error('The first bucket held something else.');
      await this.root.store.mail.ack(delivery.receipt, {});
    }
    for (const name of this.#find('.json').filter((path) => path.includes('/archive/'))) rmSync(name);
  }

  handIn(body: string, more: Partial<Draft> = {}): void {
    const file = join(this.root.path, 'agent_mailboxes/b/drop/note.json');
    writeFileSync(file, JSON.stringify({ from: 'a', body, ...more }), { mode: 0o600 });
    const earlier = Date.now() / 1000 - 60;
    utimesSync(file, earlier, earlier);
  }

  breakFile(body: string): void {
    const [file] = this.#find(this.#ids.get(body) ?? body);
    if (file === undefined) throw new Error(`${body} is not there.`);
    writeFileSync(file, readFileSync(file).subarray(0, 40));
  }

  /** Something of everything that `doctor --fix` puts right by writing. */
  spoil(): void {
    const mailboxes = join(this.root.path, 'agent_mailboxes');
    writeFileSync(join(mailboxes, 'b/dlq/junk'), 'junk', { mode: 0o600 });
    for (const reason of this.#find('.reason.json')) rmSync(reason);
    rmSync(join(mailboxes, 'd/agent.json'));
    rmSync(join(mailboxes, 'c/drop'), { recursive: true });
    chmodSync(join(mailboxes, 'c/dlq'), 0o755);
  }

  #find(part: string): string[] {
    const names = readdirSync(this.root.path, { recursive: true, withFileTypes: true });
    return names
      .filter((file) => file.isFile() && file.name.includes(part))
      .map((file) => join(file.parentPath, file.name));
  }

  /** For as long as a lease may be: a whole run of a part may take hours where others are at work, too. */
  async #claim(root: Session, body: string, leaseMs = 12 * hourMs): Promise<Delivery> {
    const delivery = await root.store.mail.claim('b', {
      token: newToken(),
      leaseMs,
      policy,
      filter: { id: this.#ids.get(body) ?? body },
    });
    if (!delivery) throw new Error(`${body} cannot be claimed.`);
    return delivery;
  }

  async #at(offsetMs: number): Promise<Session> {
    const clock: Clock = { now: () => Date.now() + offsetMs, uptime: () => performance.now() };
    const store = await openFileStore(this.root.path, { clock, ids: createIds(), warn: () => undefined });
    return { ...this.root, clock, store };
  }

  async #dying(when: (call: string, path: string) => boolean, draft: Draft): Promise<void> {
    const disk = dyingDisk(when);
    const store = await openFileStore(this.root.path, {
      clock: systemClock,
      ids: createIds(),
      warn: () => undefined,
      disk,
    });
    try {
      await send({ ...this.root, store }, draft);
    } catch (error) {
      if (error instanceof Died) return;
      throw error;
    }
    throw new Error('The sender did not die.');
  }
}

export async function mustSend(root: Session, draft: Draft): Promise<string> {
  return (await send(root, draft)).id;
}

class Died extends Error {}

/** From the moment on at which `when` holds, nothing works any more. */
function dyingDisk(when: (call: string, path: string) => boolean): Disk {
  let dead = false;
  return new Proxy(nodeDisk(), {
    get(disk, call: keyof Disk) {
      const work = disk[call] as (path: string, ...more: unknown[]) => unknown;
      return (path: string, ...more: unknown[]) => {
        dead ||= when(call, path);
        if (dead) throw new Died();
        return work(path, ...more);
      };
    },
  });
}
