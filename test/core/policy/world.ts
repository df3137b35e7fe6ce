/** A root in which there is something for each operation to do, in ann's mailbox and in bob's, and who may do everything: lead. */
import type { Policy } from '../../../src/model/security/policy.ts';
import type { Dreamos } from '../../../src/library/dreamos.ts';
import { init } from '../../../src/library/library.ts';
import { scratch } from '../../scratch.ts';

export interface World {
  /** Acts as ann. */
  readonly mail: Dreamos;
  readonly lead: Dreamos;
  /** Whatever bob's mail says. */
  readonly secret: string;
  readonly ids: Readonly<Record<'ready' | 'delayed' | 'archived' | 'dead' | 'task' | 'begun' | 'failed', string>>;
  /** Of bob's. */
  readonly others: Readonly<Record<'ready' | 'delayed' | 'archived' | 'dead' | 'claimed', string>>;
  readonly receipt: string;
  readonly othersReceipt: string;
}

const hourMs = 3_600_000;

export async function makeWorld(): Promise<World> {
  const agents = ['ann', 'bob', 'lead'];
  const env = { DREAMOS_CONFIG_HOME: scratch() };
  const mail = await init({ root: scratch(), as: 'ann', agents, warn: () => undefined, env });
  await mail.identity.create('ann');
  const lead = mail.as('lead');
  const secret = 'bobs-own-words';
  const inMailbox = async (to: string, body: string) => {
    const send = async (how = {}) => (await lead.send({ to, body, subject: body, thread: 't', ...how })).id;
    const claim = async () => (await mail.as(to).read(to))?.receipt ?? '';
    const archived = await send();
    await mail.as(to).ack(await claim());
    const dead = await send();
    await mail.as(to).nack(await claim(), { dead: true, reason: body });
    const claimed = await send();
    const receipt = await claim();
    return { archived, dead, claimed, receipt, ready: await send(), delayed: await send({ delayMs: hourMs }) };
  };
  const own = await inMailbox('ann', 'words');
  const others = await inMailbox('bob', secret);
  await lead.config.set('maxAttempts', 5);
  await mail.subscribe('build.*');
  await lead.publish('build.done', { body: 'green' });
  await lead.schedule.add({ name: 'nightly', cron: '0 3 * * *', message: { to: 'bob', body: 'look' } });
  await lead.agent.register({ name: 'ann', maxTasks: 9 });
  const task = async () => (await lead.tasks.create({ title: 'parse', assign: false })).id;
  const ids = { task: await task(), begun: await task(), failed: await task() };
  await mail.tasks.accept(ids.begun);
  await mail.tasks.accept(ids.failed);
  await mail.tasks.fail(ids.failed);
  await mail.reservations.reserve('src', { cwd: '/nowhere' });
  return { mail, lead, secret, ids: { ...own, ...ids }, others, receipt: own.receipt, othersReceipt: others.receipt };
}

/** For ann; lead may everything. */
export function policyFor(allow: Policy['roles'][string]['allow'], deny: Policy['roles'][string]['deny'] = {}): Policy {
  return {
    roles: { own: { allow: allow ?? {}, deny }, all: { allow: { '*': ['*'] } } },
    agents: { ann: ['own'], lead: ['all'] },
  };
}

/** All that a call hands over, and what it fails with. */
export async function outcomeOf(call: () => unknown): Promise<unknown[]> {
  try {
    const found = await call();
    if (typeof found === 'object' && found !== null && Symbol.asyncIterator in found) {
      const items: unknown[] = [];
      for await (const item of found as AsyncIterable<unknown>) items.push(item);
      return items;
    }
    return [found].flat();
  } catch (error) {
    return [error];
  }
}
