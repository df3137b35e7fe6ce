// Claim + ack, one after the other, of messages that were sent in batches of 100.
import { figure, row } from '../figures.mjs';
import { openAll } from '../contestants/all.mjs';
import { medianRatio } from '../measure.mjs';
import { actConsume, race, raceTable } from '../race.mjs';
import { inBatches } from '../texts.mjs';

const size = 100;

export async function run({ quick, scratch, progress }) {
  const { present, absent, close } = await openAll(scratch);
  const lanes = present.map((contestant) => ({
    name: contestant.name,
    durable: contestant.durable,
    act: (round) => actConsume(contestant, round, inBatches(round.texts, size)),
  }));
  for (const contestant of present) {
    if (!contestant.name.startsWith('SQLite') && !contestant.name.startsWith('Redis')) continue;
    lanes.push({
      name: `${contestant.name}, ${size} at once`,
      act: (round) => actConsume(contestant, round, inBatches(round.texts, size), size),
    });
  }
  try {
    const results = await race({ lanes, rounds: quick ? 1 : 7, messages: quick ? 200 : 5000, progress });
    const against = (name) => results[name] && medianRatio(results.dreamos.rates, results[name].rates);
    return {
      results,
      absent,
      tables: [raceTable('Claim + ack of 1 KiB, one at a time', results, { of: 'dreamos' })],
      rows: [
        row('claim + ack, library', [
          figure('of the bare loop', against('raw system calls')),
          figure('of SQLite FULL', against('SQLite WAL FULL')),
          figure('of beanstalkd -f 0', against('beanstalkd -f 0')),
        ]),
      ],
    };
  } finally {
    await close();
  }
}
