// Many processes that consume one mailbox: what they take from each other. Each has consumed a mailbox of its own before:
// what a process takes that has just started is V8 compiling (with 625 messages each, 760 us of user time a message instead
// of 150), however few there are. That is measured beside it.
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { join } from 'node:path';
import { init } from '../../dist/index.js';
import { figure, holds, row } from '../figures.mjs';
import { fill } from '../fill.mjs';
import { interleave, median, medianRatio } from '../measure.mjs';
import { start } from '../processes.mjs';
import { whole } from '../race.mjs';

const worker = join(import.meta.dirname, '../workers/consumer.mjs');

export async function run({ quick, scratch, progress }) {
  const crews = quick ? [2, 4] : [2, 32];
  const messages = quick ? 200 : 20_000;
  const before = quick ? 10 : 2000;
  const folder = scratch.folder('contention');
  const mail = (await init({ root: folder.path, agents: ['sender'], env: {} })).as('sender');
  const measure = async (crew, round, warm) => {
    const mailbox = `box-${crew}-${round}-${warm}`;
    await mail.agent.register({ name: mailbox });
    await fill(mail, mailbox, messages);
    const warmUps = [];
    for (let i = 0; warm && i < crew; i++) {
      warmUps.push(`warm-up-${i}`);
      await mail.agent.register({ name: warmUps[i] });
      await fill(mail, warmUps[i], before);
    }
    return messages / (await secondsToEmpty(folder.path, { mailbox, crew, messages, warmUps }));
  };
  const started = (crew) => `${crew}, just started`;
  const lanes = crews.flatMap((crew) => [
    { name: crew, run: (round) => measure(crew, round, true) },
    { name: started(crew), run: (round) => measure(crew, round, false) },
  ]);
  const figures = await interleave(lanes, { rounds: quick ? 1 : 5, onRound: (round) => progress(`round ${round}`) });
  await mail.close();
  folder.remove();
  const [few, many] = crews;
  const ratio = (lane) => medianRatio(figures.get(lane(many)), figures.get(lane(few)));
  return {
    results: Object.fromEntries(figures),
    tables: [
      {
        title: 'Consumers on one mailbox',
        columns: ['processes', 'messages/s together'],
        lines: lanes.map(({ name }) => [String(name), whole(median(figures.get(name)))]),
      },
    ],
    rows: [
      row(`${many} consumers on one mailbox`, [
        figure(
          `throughput of that of ${few}, all running for a while`,
          ratio((crew) => crew),
        ),
        figure(`throughput of that of ${few}, all just started`, ratio(started)),
        // Anything else has thrown.
        holds('none twice', true),
      ]),
    ],
  };
}

/** From the moment that all are told to begin to the last ack. @throws when a message is missing or came twice */
async function secondsToEmpty(root, { mailbox, crew, messages, warmUps }) {
  const children = Array.from({ length: crew }, (_, i) => {
    const child = start(process.execPath, [worker, root, mailbox, warmUps[i] ?? '']);
    return { child, lines: createInterface(child.stdout) };
  });
  await Promise.all(children.map(({ lines }) => once(lines, 'line')));
  const reports = children.map(async ({ lines, child }) => {
    const [line] = await Promise.race([
      once(lines, 'line'),
      child.ended.then((code) => Promise.reject(new Error(`A consumer ended with ${code}.`))),
    ]);
    return JSON.parse(line);
  });
  const begun = performance.timeOrigin + performance.now();
  for (const { child } of children) child.stdin.end('go\n');
  const done = await Promise.all(reports);
  await Promise.all(children.map(({ child }) => child.ended));
  const numbers = done.flatMap((report) => report.numbers);
  if (numbers.length !== messages || new Set(numbers).size !== messages) {
    throw new Error(`${mailbox}: ${messages} sent, ${numbers.length} consumed, ${new Set(numbers).size} different.`);
  }
  return (Math.max(...done.map(({ endedAt }) => endedAt)) - begun) / 1000;
}
