/** What looks say of signatures. */
import { beforeEach, expect, test } from 'vitest';
import { listArchive, searchArchive, showArchived } from '../../../../src/core/keep/archive.ts';
import { listen } from '../../../../src/core/follow/listen.ts';
import { list } from '../../../../src/core/look/list.ts';
import { peek } from '../../../../src/core/look/peek.ts';
import { search } from '../../../../src/core/look/search.ts';
import { show } from '../../../../src/core/look/show.ts';
import { thread } from '../../../../src/core/look/thread.ts';
import type { Session } from '../../../../src/core/root/root.ts';
import { send } from '../../../../src/core/send/send.ts';
import { readNext } from '../../../../src/core/take/read.ts';
import { ack } from '../../../../src/core/take/settle.ts';
import { publish } from '../../../../src/core/topics/publish.ts';
import type { Signature } from '../../../../src/model/signed/signature.ts';
import { gather, must } from '../../rig.ts';
import { createSignedRig, type SignedRig } from './rig.ts';

let rig: SignedRig;
let reader: Session;
let ids: { unsigned: string; invalid: string; verified: string };
beforeEach(async () => {
  rig = await createSignedRig();
  reader = rig.user('reviewer');
  const sent = async (): Promise<string> => (await send(rig.own, { to: 'reviewer', body: 'hello', thread: 'talk' })).id;
  const unsigned = await sent();
  await rig.set('warn');
  ids = { unsigned, invalid: await sent(), verified: await sent() };
  rig.forge('reviewer', ids.invalid, changed);
  rig.warnings.length = 0;
});

const changed = (before: Buffer): Buffer => Buffer.from(before.toString().replace('"body":"hello"', '"body":"hullo"'));

/** By their order: what is known of each. */
const known = (found: readonly Signature[]) =>
  found.map(({ signature, signatureFault }) => [signature, signatureFault]);
const all = [
  ['unsigned', undefined],
  ['invalid', 'it was changed since it was signed'],
  ['verified', undefined],
];

test('each look at mail says of each message whether it is signed, and rightly', async () => {
  expect(known(await peek(reader, 'reviewer', { limit: 3 }))).toEqual(all);
  expect(known(await gather(list(reader, 'reviewer')))).toEqual(all);
  expect(known(await gather(search(reader, 'talk planner'.split(' ')[1] ?? '')))).toEqual(all);
  expect(known(await thread(reader, 'talk'))).toEqual(all);
  expect(known(await Promise.all(Object.values(ids).map((id) => show(reader, id))))).toEqual(all);
  for (let i = 0; i < 3; i++) await ack(reader, must(await readNext(reader, 'reviewer')).receipt);
  const byId = (found: readonly ({ id: string } & Signature)[]) =>
    known(found.toSorted((a, b) => (a.id < b.id ? -1 : 1)));
  expect(byId(await gather(listArchive(reader, 'reviewer')))).toEqual(all);
  expect(byId(await gather(searchArchive(reader, 'planner')))).toEqual(all);
  expect(known([await showArchived(reader, 'reviewer', ids.invalid)])).toEqual([all[1]]);
});

test('where nobody asks for signatures no look says anything of them', async () => {
  await rig.set('off');
  const [peeked] = await peek(reader, 'reviewer');
  expect(Object.keys(must(peeked))).toEqual(['mailbox', 'attempt', 'message']);
  for await (const listed of list(reader, 'reviewer')) expect(listed).not.toHaveProperty('signature');
  expect(Object.keys(await show(reader, ids.verified))).toEqual(['message', 'entries']);
});

test('a look goes on where a signature cannot be checked', async () => {
  const { documents } = rig.own.store;
  await documents.put('identity', { id: 'spoilt' }, (await documents.get('identity'))?.version);
  const found = await gather(list(reader, 'reviewer'));
  expect(found.map(({ signature }) => signature)).toEqual(['unsigned', 'invalid', 'invalid']);
  expect(found[2]?.signatureFault).toMatch(
    /^it cannot be checked \(.*identity.* it does not say the id of this root\)$/,
  );
});

test('a field of a message that says it is verified says nothing', async () => {
  rig.forge('reviewer', ids.unsigned, (before) => Buffer.concat([before, Buffer.from(',"signature":"verified"')]));
  const [first] = await peek(reader, 'reviewer');
  expect(first).toMatchObject({ signature: 'unsigned', message: { extra: { signature: 'verified' } } });
});

test('who listens hears what is verified alone, where that is required, and is told of the rest', async () => {
  await rig.set('off');
  await publish(rig.own, 'build.done', { body: 'unsigned' });
  await rig.set('warn');
  await publish(rig.own, 'build.done', { body: 'signed' });
  const heard = async (count: number) => {
    const warnings: string[] = [];
    const onWarning = (warning: string): void => void warnings.push(warning);
    const found = await gather(listen(reader, 'build.done', { since: 'start', count, onWarning }));
    return { heard: found.map(({ message, signature }) => `${message.body}: ${signature}`), warnings };
  };
  expect(await heard(2)).toEqual({
    heard: ['unsigned: unsigned', 'signed: verified'],
    warnings: [expect.stringContaining('is not signed.')],
  });
  await rig.set('require');
  expect(await heard(1)).toEqual({
    heard: ['signed: verified'],
    warnings: [expect.stringMatching(/is not signed\. It is passed over\.$/)],
  });
});
