// Signed mail beside unsigned: durable sends and claim + ack of the library, and one-shot sends by the processor's clock.
import { join } from 'node:path';
import { init } from '../../../dist/index.js';
import { figure, row } from '../../figures.mjs';
import { interleave, mean, median, medianRatio } from '../../measure.mjs';
import { cleanEnv, command, runNode } from '../../processes.mjs';
import { actConsume, actSend, race, raceTable } from '../../race.mjs';
import { inBatches } from '../../texts.mjs';

const [plain, signed] = ['unsigned', 'signed'];

export async function run({ quick, scratch, progress }) {
  const folder = scratch.folder('signatures');
  const env = { ...cleanEnv(folder.path), DREAMOS_CONFIG_HOME: join(folder.path, 'keys') };
  const boxes = [
    await openBoxes(join(folder.path, plain), env, 'off'),
    await openBoxes(join(folder.path, signed), env, 'require'),
  ];
  const lanes = (act) =>
    boxes.map(({ name, ...contestant }) => ({ name, act: (round) => act({ name, ...contestant }, round) }));
  try {
    const sends = await race({ lanes: lanes(actSend), rounds: quick ? 1 : 7, messages: quick ? 50 : 2000, progress });
    const consume = (contestant, round) => actConsume(contestant, round, inBatches(round.texts, 100));
    const claims = await race({ lanes: lanes(consume), rounds: quick ? 1 : 7, messages: quick ? 100 : 5000, progress });
    const shots = await oneShots(boxes, env, quick, progress);
    const ratio = (results) => medianRatio(results[signed].rates, results[plain].rates);
    const more = mean(shots.get(signed)) - mean(shots.get(plain));
    return {
      results: { sends, claims, shots: Object.fromEntries(shots) },
      tables: [
        raceTable('Durable sends of 1 KiB, one at a time', sends, { of: plain }),
        raceTable('Claim + ack of 1 KiB, one at a time', claims, { of: plain }),
        {
          title: 'One-shot sends, processor ms',
          columns: ['', 'mean', 'median'],
          lines: [plain, signed].map((name) => [
            name,
            mean(shots.get(name)).toFixed(1),
            median(shots.get(name)).toFixed(1),
          ]),
        },
      ],
      rows: [
        row('signed send, library', [figure('of unsigned', ratio(sends))]),
        row('claim + ack with verification, library', [figure('of unsigned', ratio(claims))]),
        row('one-shot signed send', [figure('processor ms more than unsigned', more, 1)]),
      ],
    };
  } finally {
    for (const { close } of boxes) await close();
    folder.remove();
  }
}

/** As bench/contestants/dreamos.mjs. */
async function openBoxes(root, env, signatures) {
  const mail = (await init({ root, as: 'sender', agents: ['sender'], env })).as('sender');
  await mail.identity.create('sender');
  await mail.config.set('signatures', signatures);
  return {
    name: signatures === 'off' ? plain : signed,
    root,
    async box(name) {
      await mail.agent.register({ name });
      return {
        async send(texts) {
          for (const body of texts) await mail.send({ to: name, body });
        },
        async sendBatches(batches) {
          for (const texts of batches)
            for (const result of await mail.sendAll(texts.map((body) => ({ to: name, body }))))
              if (result instanceof Error) throw result;
        },
        async consume() {
          const texts = [];
          const wanted = signatures === 'off' ? undefined : 'verified';
          for await (const job of mail.consume(name, { waitMs: 0 })) {
            if (job.signature !== wanted) throw new Error(`${name} is ${job.signature}, not ${wanted}.`);
            await job.ack();
            texts.push(job.message.body);
          }
          return { texts };
        },
      };
    },
    close: () => mail.close(),
  };
}

/** In pairs. Bash tells a millisecond at the least, so the mean of many says more than a median. */
async function oneShots(boxes, env, quick, progress) {
  const lanes = boxes.map(({ name, root }) => ({
    name,
    run: async () =>
      runNode([command, 'send', 'sender', 'hello', '--as', 'sender'], {
        env: { ...env, DREAMOS_ROOT: root },
        clock: 'cpu',
      }).ms,
  }));
  return interleave(lanes, {
    rounds: quick ? 1 : 41,
    onRound: (round, all) => round % 10 === 1 && progress(`one-shot: ${round} of ${all}`),
  });
}
