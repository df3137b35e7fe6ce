// Mail on a Redis server, interleaved with bare commands, and with BullMQ, on the same server, which syncs before it answers
// (appendfsync always); and the same on files.
import { init } from '../../dist/index.js';
import { fromBench } from '../contestants/absent.mjs';
import { open as openBullmq } from '../contestants/bullmq.mjs';
import { open as openDreamos } from '../contestants/dreamos.mjs';
import { startRedis } from '../contestants/redis-server.mjs';
import { open as openRedis } from '../contestants/redis.mjs';
import { together } from '../crew.mjs';
import { figure, row } from '../figures.mjs';
import { fill } from '../fill.mjs';
import { interleave, median, medianRatio, secondsOf } from '../measure.mjs';
import { cleanEnv, command, runNode } from '../processes.mjs';
import { actConsume, actSend, actSendBatches, race, raceTable, whole } from '../race.mjs';
import { inBatches } from '../texts.mjs';

const size = 100;
const crew = 16;

export async function run({ quick, scratch, progress }) {
  // Without those it compares with there is nothing to say.
  await Promise.all(['ioredis', 'bullmq'].map(fromBench));
  const folder = scratch.folder('engines');
  const server = await startRedis(folder.path);
  const onRedis = { root: `${folder.path}/on-redis`, store: `redis+unix://${server.path}` };
  const onFiles = { root: `${folder.path}/on-files` };
  const bare = await openRedis(folder.path, server);
  const bullmq = await openBullmq(folder.path, server);
  const ours = await openDreamos(onRedis.root, { name: 'dreamos on Redis', store: onRedis.store });
  const rounds = quick ? 1 : 5;
  try {
    // All races are on one server, so each has boxes of its own.
    const named = (what, act, ...others) =>
      [ours, bare, ...others].map((one) => ({
        name: one.name,
        act: ({ texts, box }) => act(one, { texts, box: `${what}-${box}` }),
      }));
    const options = (messages, what) => ({ rounds, messages, progress: (text) => progress(`${what}, ${text}`) });
    const sends = await race({ lanes: named('sends', actSend), ...options(quick ? 50 : 300, 'sends') });
    const batches = (one, round) => actSendBatches(one, round, inBatches(round.texts, size));
    const sendsAtOnce = await race({
      lanes: named('batches', batches),
      ...options(quick ? 200 : 2000, `${size} at once`),
    });
    const consume = (one, round) => actConsume(one, round, inBatches(round.texts, size));
    const claims = await race({ lanes: named('claims', consume, bullmq), ...options(quick ? 50 : 300, 'claims') });
    const files = (await init({ ...onFiles, agents: ['sender'], env: {} })).as('sender');
    const redis = (await init({ root: onRedis.root, agents: ['sender'], env: {} })).as('sender');
    const depths = await measureDepths(redis, { quick, progress });
    const crews = await measureCrews({ redis, files }, { onRedis, onFiles }, { quick, progress });
    const starts = await measureStarts({ onRedis, onFiles }, cleanEnv(folder.path), { quick, progress });
    await files.close();
    await redis.close();
    const against = (results, name) => medianRatio(results[ours.name].rates, results[name].rates);
    const pair = (lanes, a, b) => medianRatio(lanes.get(a), lanes.get(b));
    const rates = (title, lanes, unit) => ({
      title,
      columns: ['', unit],
      lines: [...lanes].map(([name, values]) => [String(name), whole(median(values))]),
    });
    return {
      results: {
        sends,
        sendsAtOnce,
        claims,
        ...Object.fromEntries(
          Object.entries({ depths, crews, starts }).map(([name, lanes]) => [name, Object.fromEntries(lanes)]),
        ),
      },
      tables: [
        raceTable('On one Redis server: sends of 1 KiB, one at a time', sends, { of: ours.name }),
        raceTable(`Sends, ${size} at once`, sendsAtOnce, { of: ours.name }),
        raceTable('Claim + ack, one at a time', claims, { of: ours.name }),
        rates('Claim + ack on Redis, by the number of ready messages', depths, 'messages/s'),
        rates('Processes at the same time', crews, 'messages/s together'),
        { ...rates('One-shot commands', starts, 'ms') },
      ],
      rows: [
        row('engine Redis, sends', [
          figure('one by one, of bare XADD', against(sends, bare.name)),
          figure(`${size} at once, of pipelined XADD`, against(sendsAtOnce, bare.name)),
        ]),
        row('engine Redis, claim + ack', [
          figure('of XREADGROUP + XACK', against(claims, bare.name)),
          figure("of BullMQ's on that server", against(claims, bullmq.name)),
          figure('at few ready, of that at many', pair(depths, ...depths.keys())),
        ]),
        row('engine Redis, processes', [
          figure(`${crew} consumers, of one`, pair(crews, `${crew} consumers, Redis`, '1 consumer, Redis')),
          figure(
            `${crew} senders, of as many on files`,
            pair(crews, `${crew} senders, Redis`, `${crew} senders, files`),
          ),
        ]),
        row('engine Redis, one-shot', [
          figure('send, of the same on files', pair(starts, 'send, Redis', 'send, files')),
        ]),
      ],
    };
  } finally {
    await ours.close();
    await bullmq.close();
    await bare.close();
    await server.stop();
    folder.remove();
  }
}

async function measureDepths(mail, { quick, progress }) {
  const depths = quick ? [100, 1000] : [100, 100_000];
  for (const depth of depths) {
    await mail.agent.register({ name: `deep-${depth}` });
    await fill(mail, `deep-${depth}`, depth, progress);
  }
  const lanes = depths.map((depth) => ({ name: depth, run: () => claimAndRefill(mail, `deep-${depth}`) }));
  return interleave(lanes, { rounds: quick ? 1 : 7, onRound: (round) => progress(`depths, round ${round}`) });
}

async function claimAndRefill(mail, mailbox) {
  const count = 50;
  const { seconds } = await secondsOf(async () => {
    let taken = 0;
    for await (const job of mail.consume(mailbox, { waitMs: 0 })) {
      await job.ack();
      if (++taken === count) break;
    }
    if (taken !== count) throw new Error(`${mailbox} had only ${taken} messages left.`);
  });
  await fill(mail, mailbox, count);
  return count / seconds;
}

async function measureCrews({ redis, files }, { onRedis, onFiles }, { quick, progress }) {
  const messages = quick ? 160 : 1600;
  const consumers = async (count, round) => {
    const box = `crew-${count}-${round}`;
    await redis.agent.register({ name: box });
    await fill(redis, box, messages);
    const { seconds, done } = await together(
      'consumer.mjs',
      Array.from({ length: count }, () => [onRedis.root, box]),
    );
    const consumed = done.flatMap(({ numbers }) => numbers);
    if (consumed.length !== messages || new Set(consumed).size !== messages)
      throw new Error(`${messages} sent, ${consumed.length} consumed, ${new Set(consumed).size} different.`);
    return messages / seconds;
  };
  const senders = async (mail, root, round) => {
    const box = `senders-${round}`;
    await mail.agent.register({ name: box });
    const { seconds } = await together(
      'sender.mjs',
      Array.from({ length: crew }, () => [root, box, String(messages / crew)]),
    );
    const [{ ready }] = await mail.status([box]);
    if (ready !== messages) throw new Error(`${messages} sent, ${ready} ready.`);
    return messages / seconds;
  };
  const lanes = [
    { name: '1 consumer, Redis', run: (round) => consumers(1, round) },
    { name: `${crew} consumers, Redis`, run: (round) => consumers(crew, round) },
    { name: `${crew} senders, Redis`, run: (round) => senders(redis, onRedis.root, round) },
    { name: `${crew} senders, files`, run: (round) => senders(files, onFiles.root, round) },
  ];
  return interleave(lanes, { rounds: quick ? 1 : 3, onRound: (round) => progress(`processes, round ${round}`) });
}

function measureStarts({ onRedis, onFiles }, env, { quick, progress }) {
  const send = (root) => async () =>
    runNode([command, 'send', 'sender', 'hello', '--as', 'sender'], { env: { ...env, DREAMOS_ROOT: root } }).ms;
  const lanes = [
    { name: 'node -e 0', run: async () => runNode(['-e', '0'], { env }).ms },
    { name: 'send, files', run: send(onFiles.root) },
    { name: 'send, Redis', run: send(onRedis.root) },
  ];
  return interleave(lanes, {
    rounds: quick ? 1 : 21,
    onRound: (round) => round % 10 === 1 && progress(`starts, ${round}`),
  });
}
