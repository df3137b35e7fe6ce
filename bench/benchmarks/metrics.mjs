// What Prometheus pays for a look at a root of 100 mailboxes with mail in every state, by the command and in pairs with
// `node -e 0`; the first look has counted what the event logs hold.
import { join } from 'node:path';
import { init } from '../../dist/index.js';
import { figure, row } from '../figures.mjs';
import { interleave, median, secondsOf } from '../measure.mjs';
import { cleanEnv, command, runNode } from '../processes.mjs';
import { whole } from '../race.mjs';

const nodeAlone = 'node -e 0';

export async function run({ quick, scratch, progress }) {
  const [mailboxes, each] = quick ? [20, 5] : [100, 50];
  const folder = scratch.folder('metrics');
  const env = { ...cleanEnv(folder.path), DREAMOS_ROOT: folder.path };
  const names = Array.from({ length: mailboxes }, (_, i) => `agent-${i}`);
  progress(`${whole(mailboxes)} mailboxes`);
  const mail = await init({ root: folder.path, agents: ['boss', ...names], env: {} });
  for (const name of names) await fill(mail.as('boss'), name, each);
  await mail.close();

  const lanes = [
    ['metrics', ['metrics']],
    ['metrics --textfile', ['metrics', '--quiet', '--textfile', join(folder.path, 'dreamos.prom')]],
    ['status', ['status', '--json']],
  ];
  const dreamos = (args) => runNode([command, ...args], { env }).ms;
  progress('the first look');
  const { seconds: first } = await secondsOf(async () => dreamos(['metrics']));
  progress('metrics');
  const taken = await interleave(
    [
      { name: nodeAlone, run: async () => runNode(['-e', '0'], { env }).ms },
      ...lanes.map(([name, args]) => ({ name, run: async () => dreamos(args) })),
    ],
    { rounds: quick ? 1 : 21 },
  );
  folder.remove();
  const ms = (name) => median(taken.get(name));
  return {
    results: { taken: Object.fromEntries(taken), first },
    tables: [
      {
        title: `Metrics of ${whole(mailboxes)} mailboxes with ${whole(3 * each)} messages each`,
        columns: ['', 'ms'],
        lines: [
          ['the first look', (first * 1000).toFixed(0)],
          ...[nodeAlone, ...lanes.map(([name]) => name)].map((name) => [name, ms(name).toFixed(1)]),
        ],
      },
    ],
    rows: [row(`metrics of ${whole(mailboxes)} mailboxes`, [figure('ms', ms('metrics'), 0)])],
  };
}

/** A third each is ready, acked and dead. */
async function fill(mail, to, each) {
  await mail.sendAll(Array.from({ length: 3 * each }, (_, i) => ({ to, body: `message ${i}`, durability: 'relaxed' })));
  const taker = mail.as(to);
  for (let i = 0; i < 2 * each; i++) {
    const delivery = await taker.read(to);
    await (i < each ? taker.ack(delivery.receipt) : taker.nack(delivery.receipt, { dead: true, reason: 'no' }));
  }
}
