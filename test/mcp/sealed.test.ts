import { afterAll, expect, test } from 'vitest';
import { createIdentity } from '../../src/core/identity/identity.ts';
import { send } from '../../src/core/send/send.ts';
import { removeScratch, scratch } from '../scratch.ts';
import { connect } from './rig.ts';

afterAll(removeScratch);

test('an agent gets what is sealed for it opened, answers sealed, and can seal what it sends', async () => {
  const env = { DREAMOS_CONFIG_HOME: scratch() };
  await using rig = await connect('2025-11-25', { env });
  const planner = rig.root.as('planner', env);
  for (const name of ['planner', 'reviewer']) await createIdentity(planner, name);
  const { id } = await send(planner, { to: 'reviewer', body: 'the code', subject: 'S', seal: true, sealSubject: true });

  expect((await rig.call('mail_list')).text).toMatch(/from planner: "\(sealed\)"/);
  const peeked = await rig.call('mail_peek');
  expect(peeked.text).toMatch(new RegExp(`\\(sealed\\)\n.*dreamos show ${id} --unseal`));
  expect(peeked.value).toMatchObject({ messages: [{ message: { sealed: 'age', body: '' } }] });

  const read = await rig.call('mail_read');
  expect(read.text).toMatch(/Subject: +S\n(.|\n)*Sealed: +opened here(.|\n)*```\nthe code\n```/);
  expect(read.value).toMatchObject({ delivery: { unsealed: true, message: { body: 'the code', subject: 'S' } } });
  await rig.call('mail_reply', { body: 'the answer', ack: true });
  await rig.call('mail_send', { to: 'planner', body: 'another', seal: true });
  for await (const entry of planner.store.look.list('planner', 'ready'))
    expect(await planner.store.look.read(entry)).toMatchObject({ sealed: 'age' });

  const { text, value } = await rig.call('mail_thread', { id });
  expect(text).toMatch(/the code(.|\n)*the answer/);
  expect(value).toMatchObject({ messages: [{ unsealed: true }, { unsealed: true }] });
});

test('without the key it gets it sealed, with what to type and why', async () => {
  await using rig = await connect('2025-11-25', { env: { DREAMOS_CONFIG_HOME: scratch() } });
  const planner = rig.root.as('planner', { DREAMOS_CONFIG_HOME: scratch() });
  for (const name of ['planner', 'reviewer']) await createIdentity(planner, name);
  const { id } = await send(planner, { to: 'reviewer', body: 'the code', seal: true });
  const read = await rig.client.callTool({ name: 'mail_read', arguments: {} });
  const value = read.structuredContent;
  const text = JSON.stringify(read.content);
  expect(text).toContain('no private key of reviewer is here');
  expect(text).toContain(`dreamos show ${id} --unseal`);
  expect(text).not.toMatch(/BEGIN AGE|the code/);
  expect(value).toMatchObject({ delivery: { message: { sealed: 'age' } } });
});
