import { expect } from 'vitest';
import { expectRefusal, leaseMs, policy, refusal, type Rig } from './rig.ts';
import { changeAgentIn, newToken } from './ways.ts';

export function renameRules(rig: Rig): void {
  const { test } = rig;

  /** bob is rob from now on, as another process does it. */
  const rename = async (from = 'bob', to = 'rob'): Promise<string> => {
    const store = await rig.another();
    const until = new Date(rig.now()).toISOString();
    await changeAgentIn(store, from, (card) => ({
      ...(card ?? { name: from, createdAt: until }),
      formerNames: [...(card?.formerNames ?? []), { name: from, until }],
    }));
    return store.documents.rename(from, to);
  };
  const claimOf = (mailbox: string) => rig.store.mail.claim(mailbox, { token: newToken(), leaseMs, policy });

  test('a mailbox has another name with all that is in it, its card and its events', async () => {
    await rig.send({ body: 'dies' });
    await rig.store.mail.nack((await rig.mustClaim()).receipt, { policy, dead: true, reason: 'no' });
    await rig.send({ body: 'done' });
    await rig.store.mail.ack((await rig.mustClaim()).receipt, {});
    await rig.send({ body: 'claimed' });
    await rig.mustClaim();
    await rig.send({ body: 'ready' });
    await rig.send({ body: 'later' }, { dueAt: rig.now() + 3_600_000 });
    expect(await rename()).toBe('renamed');
    for (const [state, body] of [
      ['dead', 'dies'],
      ['archived', 'done'],
      ['inflight', 'claimed'],
      ['ready', 'ready'],
      ['delayed', 'later'],
    ] as const) {
      const entry = await rig.only(state, 'rob');
      expect((await rig.store.look.read(entry))?.body).toBe(body);
      expect(await rig.entries(state)).toEqual([]);
      expect(await rig.store.look.find(entry.id)).toMatchObject([{ mailbox: 'rob', state }]);
    }
    expect((await rig.store.look.deadReason(await rig.only('dead', 'rob')))?.reason).toBe('no');
    expect(await rig.store.documents.getAgent('ROB')).toMatchObject({ name: 'rob' });
    expect((await rig.store.documents.listAgents()).map(({ name }) => name).sort()).toEqual(['Cy', 'ann', 'rob']);
    const events = await rig.events(['rob']);
    expect(events.map(({ event }) => event)).toContain('dead');
    expect(new Set(events.map(({ mailbox }) => mailbox))).toEqual(new Set(['rob']));
  });

  test('a name that another has, however it is cased, is taken, and one that nobody has is missing', async () => {
    await rig.send();
    expect(await rename('bob', 'cy')).toBe('taken');
    expect(await rig.store.documents.rename('dora', 'dan')).toBe('missing');
    expect(await rig.only('ready')).toMatchObject({ mailbox: 'bob' });
  });

  test('what is sent to the old name alone is refused, and says the new one', async () => {
    await rename();
    const error = await refusal(rig.send());
    expect(error).toMatchObject({ kind: 'not-found', code: 'AGENT_NOT_FOUND' });
    expect(error.message).toContain('rob now');
    expect(await rig.entries('ready', 'rob')).toEqual([]);
    expect((await rig.store.documents.listAgents()).map(({ name }) => name).sort()).toEqual(['Cy', 'ann', 'rob']);
  });

  test('what is sent to several is handed out under the new name', async () => {
    await rename();
    const { id } = await rig.send({ to: ['ann', 'bob'] });
    expect(await rig.store.look.find(id)).toMatchObject([{ mailbox: 'ann' }, { mailbox: 'rob' }]);
  });

  test('a repeat under a dedupe key of before is one', async () => {
    const { id } = await rig.send({ dedupeKey: 'k' });
    await rename();
    expect(await rig.send({ dedupeKey: 'k' })).toMatchObject({ id, duplicate: true });
    expect(await rig.entries('ready', 'rob')).toHaveLength(1);
  });

  test('what a sender has sent under a key before he was renamed is repeated, and not what another sends since', async () => {
    const formerSenders = [{ name: 'ann', until: new Date(rig.now() + 1000).toISOString() }];
    const { id } = await rig.send({ dedupeKey: 'k' });
    const renamed = { from: 'anna', dedupeKey: 'k' };
    expect(await rig.send(renamed, { formerSenders })).toMatchObject({ id, duplicate: true });
    await expectRefusal(rig.send({ ...renamed, body: 'other' }, { formerSenders }), 'DEDUPE_MISMATCH');
    await rig.pass(2000);
    await rig.send({ dedupeKey: 'later' });
    expect(await rig.send({ ...renamed, dedupeKey: 'later' }, { formerSenders })).not.toHaveProperty('duplicate');
    expect(await rig.entries('ready')).toHaveLength(3);
  });

  test('a receipt of before is renewed, given back and acked, also when another has the old name', async () => {
    await rig.send({ orderingKey: 'o' });
    await rig.send({ orderingKey: 'o', body: 'second' });
    const { receipt } = await rig.mustClaim();
    await rename();
    await changeAgentIn(rig.store, 'bob', () => ({ name: 'bob', createdAt: new Date(rig.now()).toISOString() }));
    await rig.store.mail.checkClaim(receipt);
    expect(await claimOf('rob')).toBeUndefined();
    const renewed = await rig.store.mail.renew(receipt, { leaseMs });
    expect(renewed).toMatchObject({ mailbox: 'rob', state: 'inflight' });
    expect(await rig.store.mail.ack(receipt, {})).toMatchObject({ mailbox: 'rob', state: 'archived' });
    expect((await refusal(rig.store.mail.ack(receipt, {}))).code).toBe('ALREADY_SETTLED');
    expect((await claimOf('rob'))?.message.body).toBe('second');
  });

  test('the old name, made anew, is another mailbox, and so is one that is renamed twice', async () => {
    await rig.send({ body: 'first' });
    await rename();
    await changeAgentIn(rig.store, 'bob', () => ({ name: 'bob', createdAt: new Date(rig.now()).toISOString() }));
    await rig.send({ body: 'second' });
    expect((await claimOf('bob'))?.message.body).toBe('second');
    expect((await claimOf('rob'))?.message.body).toBe('first');
    expect(await rename('rob', 'robert')).toBe('renamed');
    expect(await rig.only('inflight', 'robert')).toMatchObject({ mailbox: 'robert' });
    expect(await rename('robert', 'rob')).toBe('renamed');
    expect(await rig.only('inflight', 'rob')).toMatchObject({ mailbox: 'rob' });
  });

  test('an answer to a request of before waits in its inbox under the new name', async () => {
    const request = rig.message({ from: 'bob', to: ['ann'] });
    await rig.store.mail.openInbox('bob', request.id, rig.now() + 30_000);
    await rename();
    await rig.send({ from: 'ann', to: ['rob'], replyTo: request.id, body: 'yes' });
    expect(await claimOf('rob')).toBeUndefined();
    const answer = { token: newToken(), leaseMs, policy, inbox: request.id };
    expect((await rig.store.mail.claim('rob', answer))?.message.body).toBe('yes');
  });

  test('who follows all goes on where the mailbox was', async () => {
    await rig.send({ body: 'before' });
    const cursor = await rig.store.journal.cursor(undefined, 'now');
    await rename();
    await rig.send({ to: ['rob'], body: 'after' });
    const events = await rig.events('all', cursor);
    expect(events.map(({ event, mailbox }) => `${event} ${mailbox}`)).toEqual(['delivered rob']);
    expect(await rig.events('all', events[0]?.cursor, await rig.another())).toEqual([]);
  });
}
