/** Every operation of the library, allowed, denied and filtered. */
import { afterAll, describe, expect, test } from 'vitest';
import { libraryPathOf, type OperationName, operationNames, operations } from '../../../src/contract/operations.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import { removeScratch } from '../../scratch.ts';
import { calls } from './calls.ts';
import { makeWorld, outcomeOf, policyFor, type World } from './world.ts';

afterAll(removeScratch);

const asked = operationNames.filter((name) => libraryPathOf(name) !== undefined && operations[name].action !== null);
const looking = asked.filter((name) => operations[name].action === 'look');

function forbiddenIn(outcome: readonly unknown[]): DreamosError[] {
  return outcome.filter((one): one is DreamosError => one instanceof DreamosError && one.code === 'FORBIDDEN');
}

const call = (world: World, name: OperationName): Promise<unknown[]> => {
  const made = calls[name];
  if (made === undefined) throw new Error(`Nobody calls ${name} here yet.`);
  return outcomeOf(() => made(world));
};

test('nobody is asked for what tells nothing of mail and changes nothing in a root, and for nothing else', () => {
  expect(operationNames.filter((name) => operations[name].action === null).sort()).toEqual(
    [
      ...['completion', 'explain', 'help', 'schema', 'setup', 'setup.check'],
      // Its tools are asked by themselves; it makes a root.
      ...['mcp', 'restore', 'load'],
      // As what the senders of what it takes do here.
      'receive',
      ...['policy.check', 'policy.show', 'policy.test'],
      // That it is there.
      'serve.status',
      // Of one's own file, and what it says of the keys on the cards.
      ...['identity.list', 'identity.show', 'trust.accept', 'trust.list', 'trust.remove'],
    ].sort(),
  );
});

describe('denied', () => {
  const world = makeWorld();

  test.each(asked)('%s is refused to who may do everything but that, by its name', async (name) => {
    const { lead } = await world;
    const { action } = operations[name];
    await lead.policy.set(policyFor({ '*': ['*'] }, { [String(action)]: ['*'] }));
    const outcome = await call(await world, name);
    expect(outcome).toHaveLength(1);
    expect(outcome[0]).toMatchObject({ kind: 'denied', code: 'FORBIDDEN' });
    expect((outcome[0] as DreamosError).message).toContain(`ann may not do "${name}"`);
  });

  test('and nothing of it was done', async () => {
    const { lead, ids, others } = await world;
    expect((await lead.agent.list()).map(({ name }) => name)).toEqual(['ann', 'bob', 'lead']);
    expect((await lead.show(ids.ready)).entries).toMatchObject([{ mailbox: 'ann', state: 'ready' }]);
    expect((await lead.show(others.delayed)).entries).toMatchObject([{ mailbox: 'bob', state: 'delayed' }]);
    expect((await lead.show(ids.dead)).entries).toMatchObject([{ state: 'dead' }]);
    expect((await lead.status(['bob']))[0]).toMatchObject({ ready: 1, inflight: 1, delayed: 1, dead: 1 });
    expect((await lead.schedule.list()).map(({ name }) => name)).toEqual(['nightly']);
    expect(await lead.config.history()).toHaveLength(1);
  });
});

describe('allowed', () => {
  const shared = makeWorld();

  test.each(asked)('%s is done for who may do that alone', async (name) => {
    const { action, effect } = operations[name];
    const world = effect === 'looks' ? await shared : await makeWorld();
    await world.lead.policy.set(policyFor({ [String(action)]: ['*'] }));
    const outcome = await call(world, name);
    expect(forbiddenIn(outcome)).toEqual([]);
    expect(outcome.filter((one) => one instanceof Error && !isNothing(one))).toEqual([]);
  });
});

/** What ends so when nothing is wrong. */
function isNothing(error: Error): boolean {
  return error instanceof DreamosError && error.kind === 'nothing';
}

describe('filtered', () => {
  const world = makeWorld();
  const own = async () => (await world).lead.policy.set(policyFor({ look: ['$self'] }));

  test.each(looking)('%s tells nothing of mail into which one may not look', async (name) => {
    await own();
    const { secret, others } = await world;
    const outcome = await call(await world, name);
    const text = JSON.stringify(outcome);
    // What belongs to the root says who there is, and is not mail.
    const told = [secret, '"mailbox":"bob"', ...Object.values(others)].filter((one) => text.includes(one));
    expect(told).toEqual([]);
  });

  test.each(['list', 'status', 'search', 'thread', 'watch', 'overview', 'stats', 'archive.list', 'dlq.list'] as const)(
    '%s still shows what is one’s own',
    async (name) => {
      await own();
      expect(JSON.stringify(await call(await world, name))).toContain('ann');
    },
  );

  test('a mailbox into which one may not look is refused by its name, and messages in it are not there', async () => {
    await own();
    const { mail, others } = await world;
    const named: (() => unknown)[] = [
      () => mail.peek('bob'),
      () => mail.list('bob'),
      () => mail.status(['bob']),
      () => mail.who(['ann', 'bob']),
      () => mail.stats(['bob']),
      () => mail.watch({ mailboxes: ['bob'], waitMs: 1 }),
      () => mail.search('x', { mailbox: 'bob' }),
      () => mail.show(others.ready, { mailbox: 'bob' }),
      () => mail.archive.list('bob'),
      () => mail.archive.show('BOB', others.archived),
      () => mail.archive.search('x', { mailbox: 'bob' }),
      () => mail.archive.export('bob'),
      () => mail.dlq.list('bob'),
      () => mail.dlq.show('bob', others.dead),
      () => mail.resources.show('bob'),
      () => mail.tasks.list({ agent: 'bob' }),
    ];
    for (const look of named) expect(await outcomeOf(look), String(look)).toMatchObject([{ code: 'FORBIDDEN' }]);
    for (const look of [() => mail.show(others.ready), () => mail.thread(others.ready), () => mail.trace(others.dead)])
      expect(await outcomeOf(look)).toMatchObject([{ code: 'MESSAGE_NOT_FOUND' }]);
  });

  test('topics are seen by who may subscribe to them', async () => {
    const { mail, lead } = await world;
    await lead.publish('secret.plan', { body: 'x' });
    await lead.policy.set(policyFor({ look: ['*'], subscribe: ['#build.>'] }));
    expect((await mail.topics.list()).map(({ topic }) => topic)).toEqual(['build.done']);
    const heard = await outcomeOf(() => mail.listen('>', { since: 'start', waitMs: 1 }));
    expect(heard.map((one) => (one as { topic?: string }).topic)).toEqual(['build.done']);
    expect(await outcomeOf(() => mail.topics.show('secret.plan'))).toMatchObject([{ code: 'FORBIDDEN' }]);
    for (const pattern of ['secret.plan', 'Secret.*', '*'])
      expect(await outcomeOf(() => mail.listen(pattern, { waitMs: 1 })), pattern).toMatchObject([
        { code: 'FORBIDDEN' },
      ]);
    expect(await outcomeOf(() => mail.subscribe('>'))).toMatchObject([
      { code: 'FORBIDDEN', hint: "dreamos policy check subscribe '>' --as ann" },
    ]);
    expect(await outcomeOf(() => mail.subscribe('build.*'))).toMatchObject([{ subscribed: true }]);
  });
});

describe('of another', () => {
  test('what may be done in one’s own mailbox alone is refused there, and nothing of it is done', async () => {
    const world = await makeWorld();
    const { mail, lead, others, othersReceipt } = world;
    const self = ['$self'];
    await lead.policy.set(policyFor({ send: self, read: self, look: self, manage: self }));
    const tries: (() => unknown)[] = [
      () => mail.send({ to: 'bob', body: 'x' }),
      () => mail.send({ to: '@all', body: 'x' }),
      () => mail.preview({ to: 'ann,bob', body: 'x' }),
      () => mail.request({ to: 'bob', body: 'x' }, { waitMs: 1 }),
      () => mail.schedule.add({ name: 'n', cron: '0 3 * * *', message: { to: 'bob', body: 'x' } }),
      () => mail.until(others.ready, 'acked', { waitMs: 1 }),
      () => mail.read('bob'),
      () => mail.consume('bob', { waitMs: 1 }),
      () => mail.work('bob', () => undefined, { waitMs: 1 }),
      () => mail.ack(othersReceipt),
      () => mail.nack(othersReceipt),
      () => mail.renew(othersReceipt),
      () => mail.cancel(others.ready),
      () => mail.deliver(others.delayed),
      () => mail.pause('bob'),
      () => mail.archive.restore('bob', others.archived),
      () => mail.dlq.retry('bob', 'all'),
      () => mail.dlq.purge('bob', 'all', { force: true }),
      () => mail.schedule.remove('nightly'),
    ];
    for (const one of tries) expect(await outcomeOf(one), String(one)).toMatchObject([{ code: 'FORBIDDEN' }]);
    const [results] = [
      await mail.sendAll([
        { to: 'ann', body: 'x' },
        { to: 'bob', body: 'x' },
      ]),
    ];
    expect(results).toMatchObject([{ mailboxes: ['ann'] }, { code: 'FORBIDDEN' }]);
    // Without a name it is about those that it may be about.
    expect(await mail.dlq.retry(undefined, 'all')).toMatchObject([{ mailbox: 'ann' }, { mailbox: 'ann' }]);
    expect((await lead.status(['bob']))[0]).toMatchObject({ ready: 1, inflight: 1, delayed: 1, dead: 1, archived: 1 });
  });
});

test('who answers and finishes what he answers has to be allowed to claim it, and nothing is sent else', async () => {
  const { mail, lead, receipt } = await makeWorld();
  const held = (await outcomeOf(() => lead.list('ann', { states: ['inflight'] }))) as { id: string }[];
  const claimed = held.find(({ id }) => receipt.includes(id))?.id ?? '';
  const counts = async () => (await lead.status(['ann', 'lead'])).map(({ ready, inflight }) => [ready, inflight]);
  const before = await counts();
  await lead.policy.set(policyFor({ send: ['*'] }));
  for (const original of [receipt, claimed])
    await expect(mail.reply(original, { body: 'done' }, { ack: true })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  expect(await counts()).toEqual(before);
  await mail.reply(receipt, { body: 'not done yet' });
  await lead.policy.set(policyFor({ send: ['*'], read: ['$self'] }));
  expect(await mail.reply(claimed, { body: 'done' }, { ack: true, again: true })).toMatchObject({
    acked: { state: 'archived' },
  });
});
