import { expect, test } from 'vitest';
import type { Ask, Told } from '../../src/carriers/port.ts';
import { createDesk } from '../../src/carriers/zeromq/desk.ts';
import { questionLine } from '../../src/carriers/zeromq/questions.ts';

const all: Ask = { as: 'ann', patterns: ['>'], since: 'start', most: 1 };
const nothing: Told = { is: 'heard', messages: [], cursor: 'c1', more: false, warnings: [] };

/** Its questions are answered by the test, in whose connections the peer's name stands first. */
function desk() {
  const asked: { readonly peer: string; answer(): void }[] = [];
  const time = { now: 0 };
  const made = createDesk({
    proofs: { peerOf: (connection) => connection.toString().split(' ')[0] },
    tell: (_ask, peer) => new Promise((resolve) => asked.push({ peer, answer: () => resolve(nothing) })),
    ringer: { port: async () => undefined, close: async () => undefined },
    warn: () => undefined,
    uptime: () => time.now,
  });
  let n = 0;
  const ofDesk = async (connection: string): Promise<unknown> =>
    JSON.parse(
      await made.answer(Buffer.from(connection), Buffer.from(questionLine({ n: ++n, ask: all, proof: 'p' }))),
    ) as unknown;
  return { ask: ofDesk, asked, time, close: () => made.close() };
}

const soon = () => new Promise((resolve) => setImmediate(resolve));

test('a peer waits for no other one, and the connections of one for each other', async () => {
  const { ask, asked, close } = desk();
  const slow = ask('host-a 1');
  const behind = ask('host-a 2');
  const other = ask('host-c 1');
  await soon();
  expect(asked.map(({ peer }) => peer)).toEqual(['host-a', 'host-c']);
  expect(await ask('host-a 1')).toMatchObject({ is: 'refused', code: 'LIMITED' });
  asked[1]?.answer();
  expect(await other).toMatchObject({ is: 'heard' });
  asked[0]?.answer();
  expect(await slow).toMatchObject({ is: 'heard' });
  await soon();
  expect(asked).toHaveLength(3);
  const closed = close();
  asked[2]?.answer();
  expect(await behind).toMatchObject({ is: 'heard' });
  await closed;
  expect(await ask('host-a 1')).toMatchObject({ is: 'later' });
});

test('what nobody waits for any more is not asked of the root', async () => {
  const { ask, asked, time } = desk();
  const slow = ask('host-a 1');
  const given = ask('host-a 2');
  await soon();
  time.now += 60_000;
  asked[0]?.answer();
  expect(await slow).toMatchObject({ is: 'heard' });
  expect(await given).toMatchObject({ is: 'later' });
  expect(asked).toHaveLength(1);
});
