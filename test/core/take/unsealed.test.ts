import { afterAll, beforeEach, expect, test } from 'vitest';
import type { Session } from '../../../src/core/root/root.ts';
import { send } from '../../../src/core/send/send.ts';
import { consume } from '../../../src/core/take/consume.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { openedOrWarn } from '../../../src/core/take/unsealed.ts';
import type { Mail } from '../../../src/storage/port/mail.ts';
import { removeScratch } from '../../scratch.ts';
import { type CutStore, cutStore } from '../away-engine.ts';
import { expectRefusal } from '../rig.ts';
import { createSealRig, must, type SealRig } from '../seal/rig.ts';

let rig: SealRig;
beforeEach(async () => {
  rig = await createSealRig();
});
afterAll(removeScratch);

const sealed = async (): Promise<string> => (await send(rig.root, { to: 'reviewer', body: 'the code', seal: true })).id;

/** Of `reviewer`, whose engine goes away behind each first claim. @param awayMs until it is back */
function cutBehindClaim(awayMs?: number): { readonly session: Session; readonly engine: CutStore } {
  const session = rig.as('reviewer');
  const engine = cutStore(session.store);
  let isFirst = true;
  const mail: Mail = {
    ...engine.store.mail,
    claim: async (...args) => {
      const delivery = await session.store.mail.claim(...args);
      if (isFirst) engine.isAway = true;
      isFirst = false;
      if (awayMs !== undefined) setTimeout(() => (engine.isAway = false), awayMs);
      return delivery;
    },
  };
  return { session: { ...session, store: { ...engine.store, mail } }, engine };
}

const said = (id: string) => expect.stringMatching(`^Message ${id} in reviewer is claimed until .*dreamos nack ${id}$`);

test('who waits gets the message whose engine went away before it was opened, and not the next one', async () => {
  const [id, next] = [await sealed(), await sealed()];
  const read = await readNext(cutBehindClaim(50).session, 'reviewer', { unseal: true, waitMs: 60_000 });
  expect(read).toMatchObject({ unsealed: true, attempt: 1, message: { id, body: 'the code' } });
  expect(rig.warnings).toEqual([said(id), expect.stringContaining('It is tried again')]);
  expect(await rig.root.store.look.find(next)).toMatchObject([{ state: 'ready' }]);
});

test('who consumes gets it, too', async () => {
  const [id, next] = [await sealed(), await sealed()];
  const got: string[] = [];
  for await (const job of consume(cutBehindClaim(50).session, 'reviewer', { unseal: true })) {
    got.push(job.message.id);
    await job.ack();
    if (got.length === 2) break;
  }
  expect(got).toEqual([id, next]);
});

test('who does not wait is told what he has claimed', async () => {
  const id = await sealed();
  const { session } = cutBehindClaim();
  await expectRefusal(readNext(session, 'reviewer', { unseal: true }), 'ENGINE_UNREACHABLE');
  expect(rig.warnings).toEqual([said(id)]);
  expect(await rig.root.store.look.find(id)).toMatchObject([{ state: 'inflight' }]);
});

test('what was given back although nobody heard so is not given back again, and the next one comes', async () => {
  const id = await sealed();
  const { digest: _, ...other } = await rig.lies(id);
  const [entry] = await rig.root.store.look.find(id);
  await rig.root.store.mail.cancel(must(entry), {});
  const swapped = rig.root.ids.next(rig.clock.now());
  await rig.root.store.mail.deposit('reviewer', { ...other, id: swapped }, 'ready', { at: rig.clock.now(), by: 'x' });
  const next = await sealed();
  const session = rig.as('reviewer');
  const engine = cutStore(session.store);
  let isFirst = true;
  const mail: Mail = {
    ...engine.store.mail,
    nack: async (...args) => {
      const settled = await engine.store.mail.nack(...args);
      if (!isFirst) return settled;
      isFirst = false;
      engine.isAway = true;
      setTimeout(() => (engine.isAway = false), 50);
      return engine.store.mail.nack(...args);
    },
  };
  const read = await readNext({ ...session, store: { ...engine.store, mail } }, 'reviewer', {
    unseal: true,
    waitMs: 60_000,
  });
  expect(read).toMatchObject({ unsealed: true, message: { id: next } });
  expect(rig.warnings).toEqual([
    said(swapped),
    expect.stringContaining('It is tried again'),
    expect.stringMatching(/belongs to another message.* It was given back\.$/),
  ]);
});

test('what is handed over in any case is handed over as it lies where the engine goes away before it is opened', async () => {
  const id = await sealed();
  const { session } = cutBehindClaim();
  const delivery = must(await readNext(session, 'reviewer'));
  expect(await openedOrWarn(session, delivery)).toBe(delivery);
  expect(rig.warnings).toEqual([expect.stringMatching(`^Message ${id} is sealed, and not opened: .*refused`)]);
});
