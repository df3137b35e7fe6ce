/** Mail that was signed, waits, and whose sender's name somebody else has by now. */
import { beforeEach, expect, test } from 'vitest';
import { registerAgent } from '../../../../src/core/agents/agents.ts';
import { createIdentity, revokeIdentity, rotateIdentity } from '../../../../src/core/identity/identity.ts';
import { acceptTrust } from '../../../../src/core/identity/trust.ts';
import { signatureOf } from '../../../../src/core/identity/signatures/look.ts';
import { deleteAgent } from '../../../../src/core/keep/delete-agent.ts';
import { renameAgent } from '../../../../src/core/keep/rename-agent.ts';
import { announceNews } from '../../../../src/core/reach/news.ts';
import type { Session } from '../../../../src/core/root/root.ts';
import { show } from '../../../../src/core/look/show.ts';
import { send } from '../../../../src/core/send/send.ts';
import { readNext } from '../../../../src/core/take/read.ts';
import { must } from '../../rig.ts';
import { setKeys } from '../rig.ts';
import { createSignedRig, type SignedRig } from './rig.ts';

let rig: SignedRig;
let reader: Session;
let id: string;
beforeEach(async () => {
  rig = await createSignedRig();
  await rig.set('require');
  reader = rig.user('reviewer');
  id = await sent(rig.own);
  rig.clock.advance(1000);
});

const sent = async (session: Session): Promise<string> => (await send(session, { to: 'reviewer', body: 'hello' })).id;

async function known(session: Session, of = id) {
  // What it knows of keys is what it knew a moment ago.
  rig.clock.advance(50);
  const { message } = await show(session, of);
  return signatureOf(session, message);
}

const ways = {
  renamed: async (session: Session): Promise<void> => {
    await renameAgent(session, 'planner', 'lead');
  },
  deleted: async (session: Session): Promise<void> => {
    await deleteAgent(session, 'planner', { archive: true });
  },
};
const of = {
  renamed: /^lead, who was planner until 20\d\d-/,
  deleted: /^a planner that was deleted before 20\d\d-/,
};

describeWays((way) => {
  const taken = async (owner: Session): Promise<Session> => {
    await ways[way](rig.own);
    rig.clock.advance(1000);
    await registerAgent(owner, { name: 'planner' });
    await createIdentity(owner, 'planner');
    rig.clock.advance(1000);
    return owner;
  };
  const former = { signature: 'verified', signedBy: expect.stringMatching(of[way]) as string };

  test(`${way}: of one user, it is verified, and said who has signed it`, async () => {
    await taken(rig.own);
    expect(await known(rig.own)).toEqual(former);
    const next = await sent(rig.own);
    expect(await known(rig.own, next)).toEqual({ signature: 'verified' });
  });

  test(`${way}: also while the new one has no key`, async () => {
    await ways[way](rig.own);
    rig.clock.advance(1000);
    await registerAgent(rig.own, { name: 'planner' });
    expect(await known(rig.own)).toEqual(former);
  });

  test(`${way}: also for another user who knew the former one, before and behind he accepts the new one`, async () => {
    expect(await known(reader)).toEqual({ signature: 'verified' });
    const owner = await taken(rig.user('planner'));
    expect(await known(reader)).toEqual(former);
    await acceptTrust(reader, 'planner');
    expect(await known(reader)).toEqual(former);
    const next = await sent(owner);
    expect(await known(reader, next)).toEqual({ signature: 'verified' });
    // The keys of the new one come and go.
    await rotateIdentity(owner, 'planner');
    expect(await known(reader)).toEqual(former);
  });

  test(`${way}: what is signed with the former key for later than that is invalid`, async () => {
    await taken(rig.own);
    const late = { ...must((await show(rig.own, id)).message), createdAt: new Date(rig.clock.now()).toISOString() };
    rig.forge('reviewer', id, (before) =>
      Buffer.from(before.toString().replace(/"createdAt":"[^"]+"/, `"createdAt":"${late.createdAt}"`)),
    );
    expect(await known(rig.own)).toMatchObject({
      signature: 'invalid',
      signatureFault: expect.stringMatching(/it says it is later$/) as string,
    });
  });

  test(`${way}: it is handed out, and nobody is announced for it who has not sent it`, async () => {
    await taken(rig.own);
    const card = must(await rig.own.store.documents.getAgent('reviewer'));
    const news = await announceNews(rig.own, card, { host: 'claude', session: 's1' });
    if (way === 'renamed') expect(news).toMatchObject({ from: [], unverified: [], others: true });
    expect(await readNext(rig.own, 'reviewer')).toMatchObject({ message: { id }, ...former });
  });
});

function describeWays(work: (way: keyof typeof ways) => void): void {
  for (const way of ['renamed', 'deleted'] as const) work(way);
}

test('one who has known neither finds it by the names, whichever he sees first', async () => {
  await renameAgent(rig.own, 'planner', 'lead');
  await registerAgent(rig.own, { name: 'planner' });
  await createIdentity(rig.own, 'planner');
  rig.clock.advance(1000);
  const next = await sent(rig.own);
  const former = { signature: 'verified', signedBy: expect.stringMatching(of.renamed) as string };
  expect(await known(reader)).toEqual(former);
  for (const one of [reader, rig.user('reviewer')]) {
    expect(await known(one, next)).toEqual({ signature: 'verified' });
    expect(await known(one)).toEqual(former);
  }
});

test('a former key that is revoked verifies nothing', async () => {
  await renameAgent(rig.own, 'planner', 'lead');
  await registerAgent(rig.own, { name: 'planner' });
  await createIdentity(rig.own, 'planner');
  await revokeIdentity(rig.own, 'lead');
  expect(await known(rig.own)).toMatchObject({ signature: 'invalid' });
});

test('an older key of who has another name now verifies, too', async () => {
  await rotateIdentity(rig.own, 'planner');
  await renameAgent(rig.own, 'planner', 'lead');
  await registerAgent(rig.own, { name: 'planner' });
  await createIdentity(rig.own, 'planner');
  expect(await known(rig.own)).toMatchObject({ signature: 'verified', signedBy: expect.stringMatching(of.renamed) });
});

test('who only writes on his card that he had the name has not signed what he signs in it', async () => {
  expect(await known(reader)).toEqual({ signature: 'verified' });
  const mallory = rig.user('planner');
  await registerAgent(mallory, { name: 'mallory' });
  await createIdentity(mallory, 'mallory');
  const { documents } = rig.own.store;
  const { keys = [] } = must(await documents.getAgent('mallory'));
  const found = must(await documents.get('agents/mallory'));
  const until = new Date(rig.clock.now() + 1_000_000).toISOString();
  const formerNames = [{ name: 'planner', until }];
  await documents.put('agents/mallory', { ...(found.value as object), formerNames }, found.version);
  const all = must(await documents.getAgent('planner')).keys ?? [];
  // His key stands first on the planner's card while he signs, and is gone behind that.
  await setKeys(rig.own, 'planner', () => keys);
  const { privateFileOf, writeKeys } = await import('../../../../src/core/identity/private-file.ts');
  const root = must(await (await import('../../../../src/core/identity/root-id.ts')).rootIdOf(mallory));
  const own = await privateFileOf(mallory, root, { name: 'mallory', keys });
  const { userPaths } = await import('../../../../src/storage/file/disk/foreign/user-files.ts');
  const path = userPaths(mallory.env).identity(root, 'planner');
  await writeKeys({ path, file: undefined, keys: [] }, root, 'planner', own.keys);
  const forged = await sent(mallory);
  await setKeys(rig.own, 'planner', () => all);
  expect(await known(reader, forged)).toMatchObject({ signature: 'invalid' });
  expect(await known(reader)).toEqual({ signature: 'verified' });
});
