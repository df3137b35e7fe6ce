// Contestants against each other: every lane gets a new box in every round, and every text is accounted for.
import { interleave, median, secondsOf } from './measure.mjs';
import { checkAll, makeTexts } from './texts.mjs';

/**
 * @param {object} options
 * @param {readonly { name: string, durable?: boolean, act(round: Round): Promise<number> }[]} options.lanes `act` answers
 * with the seconds that it took
 * @returns {Promise<Record<string, { rates: number[], median: number, durable: boolean }>>} messages a second
 */
export async function race({ lanes, rounds, messages, progress }) {
  const texts = makeTexts(messages);
  const figures = await interleave(
    lanes.map(({ name, act }, at) => ({
      name,
      run: async (round) => messages / (await act({ texts, box: `box-${round}-${at}` })),
    })),
    { rounds, onRound: (round) => progress(round === 0 ? 'warm-up' : `round ${round} of ${rounds}`) },
  );
  return Object.fromEntries(
    lanes.map(({ name, durable = true }) => {
      const rates = figures.get(name);
      return [name, { rates, median: median(rates), durable }];
    }),
  );
}

/** Sends one by one, or so many calls at the same time, measured; then takes everything out again, not measured. */
export async function actSend(contestant, { texts, box: name }, atOnce) {
  const box = await contestant.box(name);
  await box.prepare?.(texts);
  const seconds = await measured(() => (atOnce ? box.sendSome(texts, atOnce) : box.send(texts)));
  checkAll(contestant.name, texts, (await box.consume(texts.length)).texts);
  return seconds;
}

export async function actSendBatches(contestant, { texts, box: name }, batches) {
  const box = await contestant.box(name);
  await box.prepare?.(texts);
  const seconds = await measured(() => box.sendBatches(batches));
  checkAll(contestant.name, texts, (await box.consume(texts.length)).texts);
  return seconds;
}

/** Fills the box, not measured; then claims and acks, one by one or so many at once. */
export async function actConsume(contestant, { texts, box: name }, batches, atOnce) {
  const box = await contestant.box(name);
  await box.prepare?.(texts);
  await (box.sendBatches ? box.sendBatches(batches) : box.send(texts));
  let received;
  const seconds = await measured(async () => {
    received = await (atOnce ? box.consumeBatches(texts.length, atOnce) : box.consume(texts.length));
    return received;
  });
  checkAll(contestant.name, texts, received.texts);
  return seconds;
}

async function measured(work) {
  const { seconds, result } = await secondsOf(work);
  // Python measures by itself.
  return result?.seconds ?? seconds;
}

/** The lanes of a race as a table, fastest first. */
export function raceTable(title, results, { of }) {
  const base = results[of]?.median;
  const lines = Object.entries(results)
    .sort(([, a], [, b]) => b.median - a.median)
    .map(([name, { rates, median: middle, durable }]) => [
      durable ? name : `${name} (not durable)`,
      whole(middle),
      `${whole(Math.min(...rates))} to ${whole(Math.max(...rates))}`,
      base === undefined ? '' : `${(middle / base).toFixed(2)} x`,
    ]);
  return { title, columns: ['', 'messages/s', 'lowest to highest', `of ${of}`], lines };
}

export function whole(number) {
  return Math.round(number).toLocaleString('en-US');
}
