/** The root when nothing moves any more: what it keeps, and what its event logs say. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { effectiveSettings } from '../../../src/core/root/settings.ts';
import type { Session } from '../../../src/core/root/root.ts';
import { readDiaries, sumOf } from './diaries.ts';
import type { Kept } from './verdict.ts';
import { states } from '../../../src/model/state.ts';

const patienceMs = 120_000;

/** Recovers until no lease and no delay is left. @returns what never came to rest */
export async function comeToRest(root: Session, mailboxes: readonly string[]): Promise<string[]> {
  const { policy } = await effectiveSettings(root);
  const endsAt = performance.now() + patienceMs;
  for (;;) {
    let moving = 0;
    for (const mailbox of mailboxes) {
      const { moved } = await root.store.mail.recover(mailbox, policy);
      const { inflight, delayed } = await root.store.look.counts(mailbox);
      moving += moved + inflight + delayed;
    }
    if (moving === 0) return [];
    if (performance.now() > endsAt)
      return [`${moving} messages are still in flight or delayed long after every lease should have run out.`];
    await pause(50);
  }
}

/** Every message in every state, by its bytes. */
export async function keptBy(root: Session, mailboxes: readonly string[]): Promise<Kept[]> {
  const kept: Kept[] = [];
  for (const mailbox of mailboxes) {
    for (const state of states) {
      for await (const entry of root.store.look.list(mailbox, state)) {
        const message = await root.store.look.read(entry);
        kept.push({ mailbox, id: entry.id, state, sum: message ? sumOf(message.body) : 'gone' });
      }
    }
  }
  return kept;
}

/** Waits until the watchers have caught up, and compares what each has seen with the logs, line by line. */
export async function missedEvents(
  root: Session,
  diaries: string,
  mailboxes: readonly string[],
): Promise<{ events: number; failures: string[] }> {
  // The logs anew each time: what runs out of its time-to-live meanwhile is buried by whoever looks, and told.
  const logsNow = () => new Map(mailboxes.map((mailbox) => [mailbox, logOf(root, mailbox)]));
  const countIn = (logs: ReturnType<typeof logsNow>) => [...logs.values()].reduce((sum, { length }) => sum + length, 0);
  const endsAt = performance.now() + patienceMs;
  let logs = logsNow();
  let watched = readDiaries(diaries).watched;
  while (performance.now() < endsAt && [...watched.values()].some((seen) => seen.length !== countIn(logs))) {
    await pause(300);
    logs = logsNow();
    watched = readDiaries(diaries).watched;
  }
  const events = countIn(logs);
  const failures: string[] = [];
  for (const [watcher, seen] of watched) {
    for (const [mailbox, log] of logs) {
      const lines = seen.filter((event) => (event as { mailbox: string }).mailbox === mailbox).map(inOrder);
      const at = log.findIndex((line, i) => lines[i] !== line);
      if (at >= 0 || lines.length !== log.length) {
        failures.push(
          `${watcher} saw ${lines.length} of ${log.length} events of ${mailbox}; the first that differs is number ${at}: ${log[at]} and ${lines[at < 0 ? log.length : at]}.`,
        );
      }
    }
  }
  return { events, failures };
}

function logOf(root: Session, mailbox: string): string[] {
  const dir = join(root.path, 'agent_mailboxes', mailbox, 'events');
  return readdirSync(dir)
    .sort()
    .flatMap((day) => readFileSync(join(dir, day), 'utf8').split('\n').filter(Boolean))
    .map((line) => inOrder(JSON.parse(line) as object));
}

/** The order of an object's fields says nothing. */
function inOrder(event: object): string {
  return JSON.stringify(Object.fromEntries(Object.entries(event).sort(([a], [b]) => (a < b ? -1 : 1))));
}
