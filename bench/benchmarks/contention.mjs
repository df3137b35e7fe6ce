// Many processes that consume one mailbox: what they take from each other, so beside as many that have one each. All have
// consumed before: what a process takes that has just started is V8 compiling (with 625 messages each, 760 us of user time a
// message instead of 150), however few there are. That is measured beside it. And they have consumed as many to a mailbox as
// they do then: at the first message that it loses to another, V8 throws away what it has compiled of a claim.
import { init } from '../../dist/index.js';
import { together } from '../crew.mjs';
import { figure, holds, row } from '../figures.mjs';
import { fill } from '../fill.mjs';
import { interleave, median, medianRatio } from '../measure.mjs';
import { whole } from '../race.mjs';

export async function run({ quick, scratch, progress }) {
  const many = quick ? 4 : 32;
  const messages = quick ? 200 : 20_000;
  const before = quick ? 10 : 2000;
  const folder = scratch.folder('contention');
  const mail = (await init({ root: folder.path, agents: ['sender'], env: {} })).as('sender');
  const filled = async (name, count) => {
    await mail.agent.register({ name });
    await fill(mail, name, count);
    return name;
  };
  /** @param boxes how many mailboxes they share @param warm each has consumed before */
  const measure = async (crew, round, { boxes = 1, warm = true } = {}) => {
    const name = `box-${crew}-${boxes}-${warm}-${round}`;
    const mailboxes = [];
    for (let i = 0; i < boxes; i++) mailboxes.push(await filled(`${name}-${i}`, messages / boxes));
    const warmUps = [];
    for (let i = 0; warm && i < boxes; i++) warmUps.push(await filled(`warm-up-${i}`, (before * crew) / boxes));
    const workers = Array.from({ length: crew }, (_, i) => [mailboxes[i % boxes], warmUps[i % boxes] ?? '']);
    return messages / (await secondsToEmpty(folder.path, workers, messages));
  };
  const lanes = [
    { name: '2', run: (round) => measure(2, round) },
    { name: `${many}`, run: (round) => measure(many, round) },
    { name: `${many}, just started`, run: (round) => measure(many, round, { warm: false }) },
    { name: `${many}, each on a mailbox of its own`, run: (round) => measure(many, round, { boxes: many }) },
  ];
  const figures = await interleave(lanes, { rounds: quick ? 1 : 5, onRound: (round) => progress(`round ${round}`) });
  await mail.close();
  folder.remove();
  const [few, all, started, apart] = lanes.map(({ name }) => figures.get(name));
  return {
    results: Object.fromEntries(figures),
    tables: [
      {
        title: 'Consumers on one mailbox',
        columns: ['processes', 'messages/s together'],
        lines: lanes.map(({ name }) => [name, whole(median(figures.get(name)))]),
      },
    ],
    rows: [
      row(`${many} consumers on one mailbox`, [
        figure(`of ${many} on mailboxes of their own`, medianRatio(all, apart)),
        figure('of 2', medianRatio(all, few)),
        figure('just started, of those that have run for a while', medianRatio(started, all)),
        // Anything else has thrown.
        holds('none twice', true),
      ]),
    ],
  };
}

/**
 * From the moment that all are told to begin to the last ack.
 * @param workers the mailbox of each, and one that it consumes before @throws when a message is missing or came twice
 */
async function secondsToEmpty(root, workers, messages) {
  const { seconds, done } = await together(
    'consumer.mjs',
    workers.map((mailboxes) => [root, ...mailboxes]),
  );
  const consumed = done.flatMap(({ numbers }, i) => numbers.map((number) => `${workers[i][0]} ${number}`));
  if (consumed.length !== messages || new Set(consumed).size !== messages) {
    throw new Error(`${messages} sent, ${consumed.length} consumed, ${new Set(consumed).size} different.`);
  }
  return seconds;
}
