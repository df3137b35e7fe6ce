import { expect, test } from 'vitest';
import { leaseMs, policy } from '../../contract/rig.ts';
import { newToken } from '../../contract/ways.ts';
import { watchedDisk } from '../disks.ts';
import { makeRoom } from '../room.ts';

test('of hundreds of requests that wait each looks into its own inbox alone', async () => {
  const room = makeRoom();
  let looks = 0;
  const store = await room.open(
    watchedDisk(({ method, path }) => void (path.includes('/requests') && /list|stat/.test(method) && looks++)),
  );
  const asked = Array.from({ length: 200 }, () => room.outgoing().message.id);
  for (const request of asked) await store.mail.openInbox('ann', request, room.clock.now() + 60_000);
  looks = 0;
  for (const inbox of asked)
    expect(await store.mail.claim('ann', { leaseMs, policy, token: newToken(), inbox })).toBeUndefined();
  // Two walks each, of one folder.
  expect(looks).toBeLessThan(3 * asked.length);
});

test('an answer is put into its inbox without a look at each of the others', async () => {
  const room = makeRoom();
  let looks = 0;
  const asker = await room.open(watchedDisk());
  const asked = Array.from({ length: 200 }, () => room.outgoing().message.id);
  for (const request of asked) await asker.mail.openInbox('ann', request, room.clock.now() + 60_000);
  const other = await room.open(
    watchedDisk(({ method, path }) => void (path.includes('/requests/') && method === 'stat' && looks++)),
  );
  const [request = ''] = asked;
  await other.mail.send([room.outgoing({ to: ['ann'], replyTo: request })], { durability: 'relaxed' });
  const inbox = { leaseMs, policy, token: newToken(), inbox: request };
  expect(await asker.mail.claim('ann', inbox)).toMatchObject({ message: { replyTo: request } });
  expect(looks).toBeLessThan(5);
});
