import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeEach, expect, test } from 'vitest';
import { createIdentity, rotateIdentity } from '../../../../src/core/identity/identity.ts';
import { rootIdOf } from '../../../../src/core/identity/keys.ts';
import { fireDue } from '../../../../src/core/schedules/fire-due.ts';
import { addSchedule } from '../../../../src/core/schedules/schedules.ts';
import type { Session } from '../../../../src/core/root/root.ts';
import { preview, send, sendAll } from '../../../../src/core/send/send.ts';
import { readNext } from '../../../../src/core/take/read.ts';
import { publish } from '../../../../src/core/topics/publish.ts';
import { subscribe } from '../../../../src/core/topics/subscriptions.ts';
import { checked, makeDead, setRules } from '../../alerts/rig.ts';
import { must } from '../../rig.ts';
import { privateFile } from '../rig.ts';
import { createSignedRig, type SignedRig } from './rig.ts';

let rig: SignedRig;
let reader: Session;
beforeEach(async () => {
  rig = await createSignedRig();
  reader = rig.user('reviewer');
  await rig.set('require');
});

const read = (mailbox = 'reviewer') => readNext(reader, mailbox);

test('whatever a message says, it is signed as it is', async () => {
  const draft = {
    to: ['reviewer', 'Builder'],
    body: '","sig":"',
    subject: 'Grüße \u2028',
    tags: ['a'],
    data: { sig: 1, b: 1e21 },
    dedupeKey: 'k',
    orderingKey: 'o',
    replaceKey: 'r',
    notify: true,
    ttlMs: 60_000,
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  };
  await send(rig.own, draft);
  expect(await read()).toMatchObject({ signature: 'verified', message: { data: draft.data } });
  expect(await read('builder')).toMatchObject({ signature: 'verified' });
  // A repeat is one, though its signature is another.
  expect(await send(rig.own, draft)).toMatchObject({ duplicate: true });
});

test('of many that are sent at once each is signed, and so is what is published', async () => {
  await sendAll(rig.own, [
    { to: 'reviewer', body: '1' },
    { to: 'reviewer', body: '2' },
  ]);
  await subscribe(rig.as('reviewer'), 'build.*');
  await publish(rig.own, 'build.done', { body: '3' });
  for (const body of ['1', '2', '3']) expect(await read()).toMatchObject({ signature: 'verified', message: { body } });
});

test('who cannot sign is told before anything is sent, also by a preview', async () => {
  await expect(preview(rig.user('planner'), { to: 'reviewer', body: 'x' })).rejects.toMatchObject({
    code: 'UNAUTHENTICATED',
  });
});

test('where it is only asked for, what cannot be signed goes without, which is told once', async () => {
  await rig.set('warn');
  const poor = rig.user('planner');
  rig.warnings.length = 0;
  for (const body of ['1', '2']) await send(poor, { to: 'reviewer', body });
  expect(rig.warnings).toEqual([
    'There is no private key of planner here, and this root takes signed mail. What planner sends is not signed: dreamos identity create planner',
  ]);
  const path = privateFile(must(rig.own.env['DREAMOS_CONFIG_HOME']), await rootIdOf(rig.own), 'planner');
  chmodSync(path, 0o644);
  rig.clock.advance(50);
  await send(rig.own, { to: 'reviewer', body: '3' });
  expect(rig.warnings.at(-1)).toMatch(
    /others may read it, so it is not used\. What planner sends is not signed: chmod 600 /,
  );
  await rig.set('require');
  await expect(send(rig.own, { to: 'reviewer', body: '4' })).rejects.toMatchObject({
    code: 'UNAUTHENTICATED',
    hint: expect.stringMatching(/^chmod 600 /) as string,
  });
});

test('a schedule is left to whoever has the key that its sender has now', async () => {
  await addSchedule(rig.own, { name: 'nightly', cron: '0 3 * * *', tz: 'UTC', message: { to: 'reviewer', body: 'x' } });
  const path = privateFile(must(rig.own.env['DREAMOS_CONFIG_HOME']), await rootIdOf(rig.own), 'planner');
  const old = readFileSync(path);
  await rotateIdentity(rig.own, 'planner');
  const now = readFileSync(path);
  writeFileSync(path, old);
  rig.clock.advance(24 * 3_600_000);
  expect(await fireDue(rig.own)).toMatchObject({ fired: [] });
  expect(rig.warnings.at(-1)).toMatch(/^The schedule nightly could not be sent now: .*planner/);
  writeFileSync(path, now);
  rig.clock.advance(60_000);
  expect((await fireDue(rig.own)).fired).toMatchObject([{ schedule: 'nightly', id: expect.any(String) as string }]);
});

test('a schedule is left to whoever has the key of its sender', async () => {
  await addSchedule(rig.own, {
    name: 'nightly',
    cron: '0 3 * * *',
    tz: 'UTC',
    message: { to: 'reviewer', body: 'x', from: 'planner' },
  });
  rig.clock.advance(24 * 3_600_000);
  expect(await fireDue(reader)).toMatchObject({ fired: [] });
  expect(rig.warnings.at(-1)).toMatch(
    /^The schedule nightly could not be sent now: There is no private key of planner here/,
  );
  expect((await fireDue(rig.own)).fired).toMatchObject([{ schedule: 'nightly', id: expect.any(String) as string }]);
  expect(await read()).toMatchObject({ signature: 'verified', message: { from: 'planner' } });
});

test('an alert is mail like any other: what is missing is told until dreamos has a key', async () => {
  await setRules(rig.own, [{ name: 'dead', to: 'planner' }]);
  await makeDead(rig.own);
  rig.warnings.length = 0;
  const missing = 'There is no private key of dreamos here, and this root takes signed mail.';
  const trouble = `${missing} dreamos identity create dreamos`;
  expect(await checked(rig.own)).toMatchObject([{ trouble }]);
  expect(rig.warnings).toEqual([`The alert dead of reviewer: ${trouble}`]);
  await createIdentity(rig.own, 'dreamos');
  rig.clock.advance(1000);
  expect((await checked(rig.own))[0]).not.toHaveProperty('trouble');
  expect(await read('planner')).toMatchObject({ signature: 'verified', message: { from: 'dreamos', type: 'alert' } });
});
