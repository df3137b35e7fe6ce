import { expect } from 'vitest';
import type { WatchedEvent } from '../../../src/model/event.ts';
import { accepted, type Rig } from './rig.ts';

const day = 86_400_000;

export function topicRules(rig: Rig): void {
  const { test, onStillClock } = rig;
  const log = '#build.done';

  async function published(body = 'green', mailboxes: readonly string[] = [log], more: object = {}): Promise<string> {
    const message = rig.message({ to: [], topic: 'build.done', body, ...more });
    return accepted(await rig.store.mail.send([{ message, mailboxes }], { durability: 'relaxed' })).id;
  }

  test('what is sent to a log is archived in it at once, and ready for each subscriber', async () => {
    const id = await published('green', [log, 'bob', 'Cy']);
    const entry = await rig.only('archived', log);
    expect(entry).toMatchObject({ mailbox: log, id, state: 'archived', attempt: 0, ackedAt: rig.around(rig.now()) });
    expect((await rig.store.look.read(entry))?.body).toBe('green');
    expect((await rig.mustClaim()).message).toMatchObject({ id, topic: 'build.done', to: [] });
    expect((await rig.store.look.find(id)).map(({ mailbox }) => mailbox).sort()).toEqual(['Cy', 'bob']);
    expect((await rig.store.look.find(id, log)).map(({ state }) => state)).toEqual(['archived']);
    expect(await rig.store.look.counts(log)).toMatchObject({ ready: 0, inflight: 0, archived: 1 });
  });

  test('a log alone needs no subscriber and nothing made before', async () => {
    expect(await rig.store.look.listTopics()).toEqual([]);
    const sent = await rig.store.mail.send(
      [
        { message: rig.message({ to: [], topic: 'b' }), mailboxes: ['#b'] },
        { message: rig.message({ to: [], topic: 'a.b-c_1' }), mailboxes: ['#a.b-c_1'] },
        { message: rig.message({ to: [], topic: 'b' }), mailboxes: ['#b'] },
      ],
      { durability: 'full' },
    );
    expect(sent).toMatchObject([{ mailboxes: ['#b'] }, { mailboxes: ['#a.b-c_1'] }, { mailboxes: ['#b'] }]);
    expect(await rig.store.look.listTopics()).toEqual(['a.b-c_1', 'b']);
    expect(await rig.entries('archived', '#b')).toHaveLength(2);
  });

  test('looking at a topic that nobody has published to finds nothing and makes nothing', async () => {
    expect(await rig.entries('archived', '#none')).toEqual([]);
    expect(await rig.store.look.counts('#none')).toMatchObject({ archived: 0, corrupt: 0 });
    expect(await rig.events(['#none'])).toEqual([]);
    expect(await rig.store.look.listTopics()).toEqual([]);
  });

  test('whoever asks for all agents or mailboxes does not get logs', async () => {
    const cursor = await rig.store.journal.cursor(undefined, 'now');
    await published();
    expect((await rig.store.documents.listAgents()).map(({ name }) => name)).not.toContain(log);
    expect(await rig.store.documents.getAgent(log)).toBeUndefined();
    expect((await rig.store.journal.readEvents(undefined, cursor)).events).toEqual([]);
  });

  test('the history of what was published begins in its log, and one mailbox can be asked alone', async () => {
    const id = await published('green', [log, 'bob']);
    const answer = await published('fine', [log], { replyTo: id });
    const told = (await rig.store.journal.history(id)).map((event) => `${event.mailbox} ${event.event} ${event.id}`);
    expect(told.sort()).toEqual([`${log} published ${id}`, `${log} published ${answer}`, `bob delivered ${id}`].sort());
    expect(await rig.store.journal.history(id, 'bob')).toMatchObject([{ mailbox: 'bob', event: 'delivered' }]);
    expect(await rig.store.journal.history(answer, log)).toMatchObject([{ mailbox: log, event: 'published' }]);
  });

  test('a published event tells where the message lies', async () => {
    const id = await published('green', [log, 'bob'], { subject: 'Build', type: 'event', priority: 'high' });
    const [event, ...more] = await rig.events([log]);
    expect(more).toEqual([]);
    const at = rig.around(new Date(rig.now()).toISOString());
    const words = { from: 'ann', subject: 'Build', type: 'event', priority: 'high', thread: null, replyTo: null };
    expect(event).toMatchObject({ at, mailbox: log, event: 'published', id, ...words });
    const { key = '' } = event as WatchedEvent;
    const entry = { key, mailbox: log, id, state: 'archived', priority: 'high', attempt: 0 } as const;
    expect((await rig.store.look.read(entry))?.body).toBe('green');
    expect((await rig.events()).map((told) => told.event)).toEqual(['delivered']);
  });

  test('a message for later is in the log at once', async () => {
    const message = rig.message({ to: [], topic: 'build.done' });
    const dueAt = rig.now() + 10_000;
    await rig.store.mail.send([{ message, mailboxes: [log, 'bob'], dueAt }], { durability: 'relaxed' });
    expect((await rig.only('archived', log)).ackedAt).toEqual(rig.around(rig.now()));
    expect((await rig.only('delayed')).dueAt).toBe(dueAt);
  });

  test('a log newer than a cursor is all news; behind a cursor comes what is published then', async () => {
    const start = await rig.store.journal.cursor([log], 'now');
    const first = await published('one');
    const [event] = (await rig.store.journal.readEvents([log], start)).events;
    expect(event?.id).toBe(first);
    const second = await published('two');
    const { events } = await rig.store.journal.readEvents([log, '#other'], event?.cursor ?? '');
    expect(events.map(({ id }) => id)).toEqual([second]);
  });

  test('a repeat under a dedupe key is the first publish, whoever subscribes by now', async () => {
    const send = async (mailboxes: string[], body = 'x') => {
      const message = rig.message({ to: [], topic: 'build.done', dedupeKey: 'k', body });
      return (await rig.store.mail.send([{ message, mailboxes }], { durability: 'full' }))[0];
    };
    const first = await send([log, 'bob']);
    expect(await send([log, 'bob', 'Cy'])).toMatchObject({ id: (first as { id: string }).id, duplicate: true });
    expect(await rig.entries('archived', log)).toHaveLength(1);
    expect(await rig.entries('ready', 'Cy')).toEqual([]);
    expect(await send([log, 'bob'], 'other')).toMatchObject({ code: 'DEDUPE_MISMATCH' });
    const elsewhere = rig.message({ to: [], topic: 'b', dedupeKey: 'k', body: 'x' });
    const [mismatch] = await rig.store.mail.send([{ message: elsewhere, mailboxes: ['#b'] }], { durability: 'full' });
    expect(mismatch).toMatchObject({ code: 'DEDUPE_MISMATCH' });
  });

  onStillClock('a prune takes what is older, says how much, and leaves mailboxes alone', async () => {
    const old = await published('old', [log, 'bob']);
    await rig.pass(3 * day);
    const young = await published('young');
    const before = rig.now() - day;
    const dry = await rig.store.upkeep!.prune(log, before, { dryRun: true });
    expect(dry.messages).toBe(1);
    expect(dry.bytes).toBeGreaterThan(100);
    expect(await rig.entries('archived', log)).toHaveLength(2);

    expect(await rig.store.upkeep!.prune(log, before, { dryRun: false, by: 'ann' })).toEqual(dry);
    expect((await rig.entries('archived', log)).map(({ id }) => id)).toEqual([young]);
    expect((await rig.store.look.find(old)).map(({ mailbox }) => mailbox)).toEqual(['bob']);
    expect((await rig.events([log])).at(-1)).toMatchObject({ event: 'purged', id: old, by: 'ann' });
    expect(await rig.store.upkeep!.prune(log, before, { dryRun: false })).toEqual({ messages: 0, bytes: 0 });
    expect(await rig.store.upkeep!.prune('#none', before, { dryRun: false })).toEqual({ messages: 0, bytes: 0 });

    await rig.pass(2 * day);
    expect(await rig.store.upkeep!.prune(log, rig.now() + 1, { dryRun: false })).toMatchObject({
      messages: 1,
    });
    await published('again');
    expect(await rig.entries('archived', log)).toHaveLength(1);
  });

  test('of one moment and later nothing is pruned', async () => {
    const before = rig.now();
    await published();
    expect(await rig.store.upkeep!.prune(log, before, { dryRun: false })).toMatchObject({ messages: 0 });
    expect(await rig.entries('archived', log)).toHaveLength(1);
  });

  test('watching topics hints at what is published to those that match, new ones too, and at no others', async () => {
    const hints: string[] = [];
    let heard = (): void => undefined;
    const wake = await rig.store.journal.watch({ topics: ['build.>'] }, () => {
      hints.push('hint');
      heard();
    });
    try {
      for (const topic of ['build.first', 'build.first', 'build.second']) {
        const seen = new Promise<void>((resolve) => (heard = resolve));
        const message = rig.message({ to: [], topic });
        await (await rig.another()).mail.send([{ message, mailboxes: [`#${topic}`] }], { durability: 'relaxed' });
        await seen;
      }
      expect(hints.length).toBeGreaterThanOrEqual(3);
    } finally {
      await wake.close();
    }
  });
}
