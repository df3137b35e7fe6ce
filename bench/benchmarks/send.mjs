// Durable sends, one at a time: each is on disk before the next begins. And of dreamos sixteen calls at the same time.
import * as fs from 'node:fs';
import { join } from 'node:path';
import { figure, row } from '../figures.mjs';
import { openAll } from '../contestants/all.mjs';
import { medianRatio, secondsOf } from '../measure.mjs';
import { actSend, race, raceTable } from '../race.mjs';

const together = 'dreamos, 16 at once';

export async function run({ quick, scratch, progress }) {
  const { present, absent, close } = await openAll(scratch);
  const disk = scratch.folder('fsync');
  const lanes = present.map((contestant) => ({
    name: contestant.name,
    durable: contestant.durable,
    act: (round) => actSend(contestant, round),
  }));
  const ours = present.find(({ name }) => name === 'dreamos');
  lanes.push({ name: together, act: (round) => actSend(ours, round, 16) });
  lanes.push({ name: 'the disk: write 1 KiB + fsync', act: (round) => appendAndSync(disk.path, round) });
  try {
    const results = await race({ lanes, rounds: quick ? 1 : 7, messages: quick ? 50 : 2000, progress });
    const ratio = medianRatio(results.dreamos.rates, results['raw system calls'].rates);
    return {
      results,
      absent,
      tables: [raceTable('Durable sends of 1 KiB, one at a time', results, { of: 'dreamos' })],
      rows: [
        row('durable send, one at a time, library', [figure('of the raw loop', ratio)]),
        row('durable send, 16 at once, library', [
          figure('of one at a time', medianRatio(results[together].rates, results.dreamos.rates)),
        ]),
      ],
    };
  } finally {
    await close();
    disk.remove();
  }
}

/** The least that any durable send costs: one file that only grows. */
async function appendAndSync(dir, { texts, box }) {
  const fd = fs.openSync(join(dir, box), 'a');
  const { seconds } = await secondsOf(() => {
    for (const text of texts) {
      fs.writeSync(fd, text);
      fs.fsyncSync(fd);
    }
  });
  fs.closeSync(fd);
  return seconds;
}
