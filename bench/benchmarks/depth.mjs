// What a mailbox costs when it is full: the next message, a look at it, a watch.
import { init } from '../../dist/index.js';
import { figure, row } from '../figures.mjs';
import { fill } from '../fill.mjs';
import { interleave, median, medianRatio, secondsOf } from '../measure.mjs';
import { cleanEnv, command, runNode } from '../processes.mjs';
import { whole } from '../race.mjs';

const atOnce = 50;

export async function run({ quick, scratch, progress }) {
  const depths = quick ? [100, 1000] : [100, 10_000, 1_000_000];
  const [deepest] = depths.slice(-1);
  const folder = scratch.folder('depth');
  const env = { ...cleanEnv(folder.path), DREAMOS_ROOT: folder.path };
  const mailboxes = ['few', ...depths.map((depth) => `deep-${depth}`)];
  const mail = (await init({ root: folder.path, agents: ['sender', ...mailboxes], env: {} })).as('sender');
  await fill(mail, 'few', 10);
  for (const depth of depths) await fill(mail, `deep-${depth}`, depth, progress);

  progress('claim + ack');
  const claims = await interleave(
    depths.map((depth) => ({ name: depth, run: () => claimAndRefill(mail, `deep-${depth}`) })),
    { rounds: quick ? 1 : 21 },
  );
  progress('one-shot commands');
  const dreamos = (args, exit) => runNode([command, ...args], { env, exit }).ms;
  const pairs = { rounds: quick ? 1 : 15 };
  const few = { name: 'few', of: 'few' };
  const deep = { name: 'deep', of: `deep-${deepest}` };
  const reads = await interleave(
    [few, deep].map(({ name, of }) => ({
      name,
      run: async () => {
        const ms = dreamos(['read', of]);
        await fill(mail, of, 1);
        return ms;
      },
    })),
    pairs,
  );
  // Nothing comes, so this is the time to look, to begin to listen, and to end.
  const watches = await interleave(
    [few, deep].map(({ name, of }) => ({ name, run: async () => dreamos(['watch', of, '--wait', '1ms'], 3) })),
    pairs,
  );
  const status = await interleave([{ name: 'ms', run: async () => dreamos(['status', deep.of]) }], {
    rounds: quick ? 1 : 5,
  });
  await checkCounts(mail, depths);
  await mail.close();
  progress('removing the files');
  folder.remove();

  const rates = depths.map((depth) => median(claims.get(depth)));
  const [readRatio, watchRatio] = [reads, watches].map((of) => medianRatio(of.get('deep'), of.get('few')));
  const statusSeconds = median(status.get('ms')) / 1000;
  const ms = (values) => `${median(values).toFixed(1)} ms`;
  return {
    results: Object.fromEntries(
      Object.entries({ claims, reads, watches, status }).map(([name, figures]) => [name, Object.fromEntries(figures)]),
    ),
    tables: [
      {
        title: 'Claim + ack by the number of ready messages, library',
        columns: ['ready', 'messages/s', 'of the first'],
        lines: depths.map((depth, i) => [whole(depth), whole(rates[i]), `${(rates[i] / rates[0]).toFixed(2)} x`]),
      },
      {
        title: 'One-shot commands by the number of ready messages',
        columns: ['', 'at 10', `at ${whole(deepest)}`],
        lines: [
          ['read', ms(reads.get('few')), ms(reads.get('deep'))],
          ['watch, from start to end', ms(watches.get('few')), ms(watches.get('deep'))],
          ['status', '', ms(status.get('ms'))],
        ],
      },
    ],
    rows: [
      row(`claim + ack at ${depths.map(whole).join(', ')} ready messages`, [
        figure('slowest of fastest', Math.max(...rates) / Math.min(...rates)),
        figure('one-shot read of the same at 10', readRatio),
      ]),
      row(`a mailbox with ${whole(deepest)} messages`, [
        figure('status, s', statusSeconds),
        figure('start of watch of the same at 10', watchRatio),
      ]),
    ],
  };
}

async function claimAndRefill(mail, mailbox) {
  const { seconds, result } = await secondsOf(async () => {
    let taken = 0;
    for await (const job of mail.consume(mailbox, { waitMs: 0 })) {
      await job.ack();
      if (++taken === atOnce) break;
    }
    return taken;
  });
  if (result !== atOnce) throw new Error(`${mailbox} had only ${result} messages left.`);
  await fill(mail, mailbox, atOnce);
  return atOnce / seconds;
}

async function checkCounts(mail, depths) {
  for (const depth of depths) {
    const [{ ready, inflight }] = await mail.status([`deep-${depth}`]);
    if (ready + inflight < depth || ready > depth + 100) throw new Error(`deep-${depth} has ${ready} ready messages.`);
  }
}
