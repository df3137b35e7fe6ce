/** Whom an announcement names where signatures are asked for. */
import { beforeEach, expect, test } from 'vitest';
import { resolveAgent } from '../../../src/core/agents/agents.ts';
import { announceNews, type News } from '../../../src/core/reach/news.ts';
import { send } from '../../../src/core/send/send.ts';
import { sentenceOf } from '../../../src/hooks/sentence.ts';
import { createSignedRig, type SignedRig } from '../identity/signatures/rig.ts';

let rig: SignedRig;
beforeEach(async () => {
  rig = await createSignedRig();
});

const news = async (): Promise<News | undefined> => {
  const reader = rig.user('reviewer');
  return announceNews(reader, await resolveAgent(reader, 'reviewer'), { host: 'claude', session: 's1' });
};
const sent = async (): Promise<string> => (await send(rig.own, { to: 'reviewer', body: 'hello' })).id;
const changed = (before: Buffer): Buffer => Buffer.from(before.toString().replace('"body":"hello"', '"body":"hullo"'));

test.each(['warn', 'require'] as const)(
  'under %s who has not signed is not named as if it were he, nor one whose signature is not valid',
  async (how) => {
    await sent();
    await rig.set(how);
    expect(await news()).toMatchObject({ from: [], unverified: ['planner'], others: false });
    await sent();
    expect(await news()).toMatchObject({ from: ['planner'], unverified: [], others: false });
    rig.forge('reviewer', await sent(), changed);
    expect(await news()).toMatchObject({ from: [], unverified: ['planner'], others: false });
  },
);

test('the sentence tells one from the other', async () => {
  await sent();
  await rig.set('warn');
  await sent();
  const found = await news();
  expect(found && sentenceOf(found, '')).toMatch(
    /reviewer has 2 unread messages, from planner, planner \(unverified\)\./,
  );
});

test('where signatures are off nothing is looked up of keys', async () => {
  await sent();
  const { documents } = rig.own.store;
  const get = documents.get.bind(documents);
  const asked: string[] = [];
  documents.get = (name) => {
    asked.push(name);
    return get(name);
  };
  expect(await news()).toMatchObject({ from: ['planner'], unverified: [] });
  expect(asked).not.toContain('identity');
});
