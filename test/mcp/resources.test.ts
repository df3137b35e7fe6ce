import { describe, expect, it } from 'vitest';
import { send } from '../../src/core/send/send.ts';
import { connect, eras, pause, type Rig } from './rig.ts';

const uri = 'dreamos://mailbox/reviewer';

async function subscribe(rig: Rig, era: string, uris: string[]): Promise<() => string[]> {
  const told: string[] = [];
  rig.client.setNotificationHandler('notifications/resources/updated', ({ params }) => void told.push(params.uri));
  if (era === '2026-07-28') await rig.client.listen({ resourceSubscriptions: uris });
  else for (const one of uris) await rig.client.subscribeResource({ uri: one });
  return () => told;
}

const until = async (look: () => boolean) => {
  for (let i = 0; i < 400 && !look(); i++) await pause(10);
};

describe.each(eras)('by %s', (era) => {
  it('mailboxes and messages can be looked at', async () => {
    await using rig = await connect(era);
    const { id } = await send(rig.root.root, { to: 'reviewer', body: 'a\n```\nb', subject: 'S' });
    const { resources } = await rig.client.listResources();
    expect(resources.map((one) => one.uri)).toEqual(expect.arrayContaining([uri, 'dreamos://mailbox/planner']));
    const { resourceTemplates } = await rig.client.listResourceTemplates();
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual([
      'dreamos://mailbox/{agent}',
      'dreamos://message/{id}',
    ]);
    const [mailbox] = (await rig.client.readResource({ uri })).contents;
    expect(JSON.parse((mailbox as { text: string }).text)).toMatchObject({ messages: [{ id, state: 'ready' }] });
    const [message] = (await rig.client.readResource({ uri: `dreamos://message/${id}` })).contents;
    expect((message as { text: string }).text).toMatch(/Where: +reviewer: ready\n[^]*\n````\na\n```\nb\n````$/);
    await expect(rig.client.readResource({ uri: 'dreamos://mailbox/ghost' })).rejects.toThrow(/AGENT_NOT_FOUND/);
    await expect(rig.client.readResource({ uri: 'file:///etc/passwd' })).rejects.toThrow(/USAGE: There is no resource/);
  });

  it('who subscribes to a mailbox is told when something happens in it, and of no other', async () => {
    await using rig = await connect(era);
    const told = await subscribe(rig, era, [uri]);
    await send(rig.root.root, { to: 'planner', body: 'not yours' });
    await send(rig.root.root, { to: 'reviewer', body: 'yours' });
    await until(() => told().length > 0);
    await pause(50);
    expect(new Set(told())).toEqual(new Set([uri]));
  });

  it('who subscribes to a message is told when it is taken and finished', async () => {
    await using rig = await connect(era);
    const { id } = await send(rig.root.root, { to: 'reviewer', body: 'yours' });
    const told = await subscribe(rig, era, [`dreamos://message/${id}`]);
    await rig.call('mail_read');
    await until(() => told().length > 0);
    await rig.call('mail_ack');
    await until(() => told().length > 1);
    expect(told()).toEqual([`dreamos://message/${id}`, `dreamos://message/${id}`]);
  });

  it('nobody watches where nobody has subscribed', async () => {
    await using rig = await connect(era);
    await send(rig.root.root, { to: 'reviewer', body: 'yours' });
    await rig.call('mail_read');
    expect(rig.wire.filter((message) => 'method' in message && message.method.endsWith('/updated'))).toEqual([]);
  });
});

it('who has unsubscribed is told nothing more', async () => {
  await using rig = await connect('2025-11-25');
  const told = await subscribe(rig, '2025-11-25', [uri, 'dreamos://mailbox/planner']);
  await rig.client.unsubscribeResource({ uri });
  await send(rig.root.root, { to: 'reviewer', body: 'x' });
  await send(rig.root.root, { to: 'planner', body: 'x' });
  await until(() => told().length > 0);
  expect(told()).toEqual(['dreamos://mailbox/planner']);
});
