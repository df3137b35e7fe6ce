import { existsSync, readdirSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { doctor } from '../../../src/core/keep/doctor.ts';
import { type Session } from '../../../src/core/root/root.ts';
import { logOf } from '../../../src/model/topic.ts';
import type { Fate, Place, Scenario, Story, Told } from './story.ts';
import { agents, hourMs, mustSend } from './setting.ts';
import { initRoot, openRoot } from '../../../src/core/open-root.ts';
import { states } from '../../../src/model/state.ts';
import type { Finding } from '../../../src/storage/port/upkeep.ts';
import { newToken } from '../../storage/contract/ways.ts';

const policy = { maxAttempts: 5, backoffMinMs: 1000, backoffMaxMs: 1000 };
const farMs = 72 * hourMs;

/** What a command said before it ended, and how it ended. */
export interface Ended {
  readonly told: readonly Told[];
  /** It failed and said so, and nothing may be half done; otherwise it was killed, or it came to its end. */
  readonly failed?: boolean;
  /** It said that this may have been sent (SEND_UNCERTAIN), or what it did could not be printed. */
  readonly uncertain?: boolean;
}

/** Everything that has to hold on a root after a command was killed on it, or has failed. @returns what does not */
export async function check(path: string, scenario: Scenario, story: Story, ended: Ended): Promise<string[]> {
  const wrong: string[] = [];
  const say = (problem: string) => wrong.push(problem);
  ageLocks(path);
  let root: Session;
  try {
    await story.first?.(path);
    root = scenario.bare ? (await initRoot({ root: path, agents })).root : await openRoot({ root: path });
  } catch (error) {
    return [`the root cannot be opened any more: ${String(error)}`];
  }
  try {
    await checkOpen(root, story, ended, say);
  } catch (error) {
    say(`something fails afterwards: ${String(error)}`);
  } finally {
    await root.close();
  }
  if (wrong.length === 0) await checkLater(path, say);
  return wrong;
}

/** As after the ten seconds for which a dead process's lock delays the others. */
function ageLocks(path: string): void {
  const names = statSync(path, { throwIfNoEntry: false }) ? readdirSync(path) : [];
  const earlier = Date.now() / 1000 - 60;
  for (const name of names) if (name.endsWith('.lock')) utimesSync(join(path, name), earlier, earlier);
}

async function checkOpen(root: Session, story: Story, ended: Ended, say: (problem: string) => void): Promise<void> {
  for (const [id, mailbox] of doubles(await census(root))) say(`${id} is in ${mailbox} twice`);
  await checkDoctor(root, say);
  for (const name of agents) for (let moved = 1; moved > 0;) ({ moved } = await root.store.mail.recover(name, policy));

  const found = await census(root);
  checkFates(found, story, ended, say);
  checkTold(found, ended.told, say);
  for (const { name } of await root.store.documents.listAgents()) {
    const { corrupt } = await root.store.look.counts(name);
    if (corrupt > (story.corrupt ?? 0)) say(`${corrupt} files of ${name} are in corrupt/`);
  }
  const wrong = await story.repeat?.(root, ended.told);
  if (wrong !== undefined) say(wrong);
  await checkWorks(root, story, say);
}

/** `doctor` finds nothing to mend, or mends it, and then finds nothing. */
async function checkDoctor(root: Session, say: (problem: string) => void): Promise<void> {
  const bad = ({ level, rule, fixed }: Finding) => (level === 'problem' || rule === 'double') && fixed !== true;
  const first = (await gather(doctor(root))).filter(bad);
  if (first.length === 0) return;
  await gather(doctor(root, { fix: true }));
  for (const { rule, message } of (await gather(doctor(root))).filter(bad)) {
    say(`doctor --fix does not mend it: ${message} [${rule}]`);
  }
}

function checkFates(found: readonly Found[], story: Story, ended: Ended, say: (problem: string) => void): void {
  const places = new Map<Fate, Place>();
  for (const fate of story.fates) {
    const { body, mailbox, before, after, failed } = fate;
    const at = found.filter((entry) => entry.mailbox === mailbox && entry.body === body);
    if (at.length > 1) say(`"${body}" is in ${mailbox} ${at.length} times: ${at.map(({ state }) => state).join(', ')}`);
    const place = at[0]?.state ?? 'none';
    places.set(fate, place);
    const covered = ended.told.some((told) => story.covers?.(told, fate, at[0]?.id) ?? true);
    const allowed = covered ? after : ended.failed && !ended.uncertain ? (failed ?? before) : before;
    if (allowed.includes(place)) continue;
    const is = place === 'none' ? `is lost in ${mailbox}` : `is ${place} in ${mailbox}`;
    say(`"${body}" ${is}, and should be ${allowed.join(' or ')}`);
  }
  // A topic's log has archived what is ready for its subscribers.
  if (story.together && new Set([...places.values()].map((place) => place === 'none')).size > 1) {
    say(`the copies are apart: ${[...places].map(([{ mailbox }, place]) => `${mailbox} ${place}`).join(', ')}`);
  }
}

/** What was printed as sent is there. */
function checkTold(found: readonly Found[], told: readonly Told[], say: (problem: string) => void): void {
  for (const { id, mailboxes } of told) {
    if (typeof id !== 'string' || !Array.isArray(mailboxes)) continue;
    for (const mailbox of mailboxes as string[]) {
      const there = found.some((entry) => entry.id === id && entry.mailbox === mailbox);
      if (!there) say(`${id} was acknowledged and is not in ${mailbox}: it is lost`);
    }
  }
}

/** The next send, read and ack work in every mailbox, and whatever is still open is delivered once. */
async function checkWorks(root: Session, story: Story, say: (problem: string) => void): Promise<void> {
  const now = await census(root);
  const open = now.filter(({ state }) => state === 'ready').map(({ mailbox, body }) => `${mailbox} ${body}`);
  const seen: string[] = [];
  const names = (await root.store.documents.listAgents()).map(({ name }) => name);
  for (const to of names) {
    if ((await root.store.documents.getAgent(to))?.retiredAt !== undefined) continue;
    await mustSend(root, { to, from: 'a', body: 'afterwards' });
    open.push(`${to} afterwards`);
  }
  for (const mailbox of names) {
    for (let round = 0; round < 100; round++) {
      const delivery = await root.store.mail.claim(mailbox, { token: newToken(), leaseMs: hourMs, policy });
      if (!delivery) break;
      seen.push(`${mailbox} ${delivery.message.body}`);
      await root.store.mail.ack(delivery.receipt, {});
    }
  }
  for (const entry of open) {
    const times = seen.filter((other) => other === entry).length;
    if (times > 1) say(`${entry} was delivered ${times} times afterwards`);
    if (times === 0 && !(await diedOfAge(root, entry))) say(`${entry} was ready and is not delivered afterwards`);
  }
  for (const fate of story.fates) {
    const at = (await census(root)).filter(({ mailbox, body }) => mailbox === fate.mailbox && body === fate.body);
    if (at.length > 1) say(`"${fate.body}" is in ${fate.mailbox} ${at.length} times in the end`);
  }
}

async function diedOfAge(root: Session, entry: string): Promise<boolean> {
  return (await census(root)).some(({ mailbox, body, state }) => state === 'dead' && `${mailbox} ${body}` === entry);
}

/** Days later `doctor --fix` has swept up everything that was left behind. */
async function checkLater(path: string, say: (problem: string) => void): Promise<void> {
  const root = await openRoot({
    root: path,
    clock: { now: () => Date.now() + farMs, uptime: () => performance.now() },
  });
  try {
    await gather(doctor(root, { fix: true }));
  } finally {
    await root.close();
  }
  for (const name of leftovers(path)) say(`${name} is left behind for ever`);
}

const mailboxFiles = [
  'agent.json',
  'last-read',
  'presence.json',
  'allowance',
  'archive',
  'cards',
  'corrupt',
  'delayed',
  'dlq',
  'drop',
  'events',
  'inflight',
  'keys',
  'ready',
  'requests',
  'tmp',
];
const rootFiles = [
  '.gitignore',
  'agent_mailboxes',
  'audit',
  'config',
  'config.json',
  'dedupe',
  'boot.json',
  'format.json',
  'identity.json',
  'in-force.json',
  'outbox',
  'policy.json',
  'received',
  'reservations.json',
  'schedules.json',
  'server.json',
  'server.sock',
  'subscriptions.json',
  'tasks',
  'tokens.json',
  'topics',
];

function leftovers(path: string): string[] {
  const odd = readdirSync(path).filter((name) => !rootFiles.includes(name));
  odd.push(...readdirSync(join(path, 'outbox')).map((name) => `outbox/${name}`));
  for (const of of ['history', 'policy'])
    odd.push(...noVersions(join(path, 'config', of)).map((name) => `config/${of}/${name}`));
  const audit = join(path, 'audit');
  const told = existsSync(audit) ? readdirSync(audit) : [];
  odd.push(
    ...told
      .filter((name) => !/^(?:[\d-]{10}|checkpoints)\.jsonl$|^\d+\.key$/.test(name))
      .map((name) => `audit/${name}`),
  );
  const tasks = join(path, 'tasks');
  const files = existsSync(tasks) ? readdirSync(tasks, { recursive: true, withFileTypes: true }) : [];
  odd.push(...files.flatMap((file) => (file.isFile() && !file.name.endsWith('.json') ? `tasks/${file.name}` : [])));
  for (const agent of readdirSync(join(path, 'agent_mailboxes'))) {
    const mailbox = join(path, 'agent_mailboxes', agent);
    const stray = readdirSync(mailbox).filter((name) => !mailboxFiles.includes(name));
    // Of ordering keys that nobody holds.
    if (existsSync(join(mailbox, 'keys')))
      stray.push(...readdirSync(join(mailbox, 'keys')).map((name) => `keys/${name}`));
    stray.push(...readdirSync(join(mailbox, 'tmp')).map((name) => `tmp/${name}`));
    stray.push(...noVersions(join(mailbox, 'cards')).map((name) => `cards/${name}`));
    stray.push(...readdirSync(join(mailbox, 'dlq')).filter((name) => /\.reason\.json./.test(name)));
    odd.push(...stray.map((name) => `${agent}/${name}`));
  }
  return odd;
}

/** What lies among versions, and is none. */
function noVersions(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => !/^\d+\.json$/.test(name)) : [];
}

interface Found {
  readonly id: string;
  readonly mailbox: string;
  readonly state: Exclude<Place, 'none'>;
  readonly body: string;
}

async function census(root: Session): Promise<Found[]> {
  const found: Found[] = [];
  const agentNames = (await root.store.documents.listAgents()).map(({ name }) => name);
  for (const mailbox of [...agentNames, ...(await root.store.look.listTopics()).map(logOf)]) {
    for (const state of states) {
      for await (const entry of root.store.look.list(mailbox, state)) {
        const body = await bodyOf(root, entry);
        found.push({ id: entry.id, mailbox, state, body });
      }
    }
  }
  return found;
}

async function bodyOf(root: Session, entry: Parameters<Session['store']['look']['read']>[0]): Promise<string> {
  try {
    return (await root.store.look.read(entry))?.body ?? '(moved on)';
  } catch {
    return '(cannot be read)';
  }
}

function doubles(found: readonly Found[]): [id: string, mailbox: string][] {
  const seen = new Set<string>();
  const twice: [string, string][] = [];
  for (const { id, mailbox } of found) {
    if (seen.has(`${id} ${mailbox}`)) twice.push([id, mailbox]);
    seen.add(`${id} ${mailbox}`);
  }
  return twice;
}

async function gather<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
