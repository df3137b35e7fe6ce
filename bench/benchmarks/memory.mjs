// A process that consumes a million messages: does its memory stay where it is?
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { init } from '../../dist/index.js';
import { figure, row } from '../figures.mjs';
import { fill } from '../fill.mjs';
import { start } from '../processes.mjs';
import { whole } from '../race.mjs';

const worker = join(import.meta.dirname, '../workers/drain.mjs');

export async function run({ quick, scratch, progress }) {
  const messages = quick ? 2000 : 1_000_000;
  const folder = scratch.folder('memory');
  const mail = (await init({ root: folder.path, agents: ['sender', 'box'], env: {} })).as('sender');
  await fill(mail, 'box', messages, progress);
  await mail.close();

  progress('consuming');
  const child = start(process.execPath, [worker, folder.path, 'box', String(messages)]);
  /** @type {{ residentMb: number }[]} at every hundredth */
  const samples = [];
  let end;
  createInterface(child.stdout).on('line', (line) => {
    const report = JSON.parse(line);
    if (report.end) end = report.end;
    else samples.push(report);
  });
  if ((await child.ended) !== 0 || !end) throw new Error('The consumer failed.');
  if (end.different !== messages || end.consumed !== messages) {
    throw new Error(`memory does not add up: ${messages} sent, ${end.consumed} consumed, ${end.different} different.`);
  }
  progress('removing the files');
  folder.remove();
  const highest = (from, to) => Math.max(...samples.slice(from, to).map(({ residentMb }) => residentMb));
  const [early, late] = [highest(10, 30), highest(80, 100)];
  return {
    results: { samples, ...end },
    tables: [
      {
        title: `Consuming ${whole(messages)} messages`,
        columns: ['', 'MB'],
        lines: [
          ['at 10 to 30 %', early.toFixed(1)],
          ['at 80 to 100 %', late.toFixed(1)],
          ['peak', end.peakMb.toFixed(1)],
        ],
      },
    ],
    rows: [
      row(`consuming ${whole(messages)} messages`, [
        figure('peak, MB', end.peakMb, 1),
        figure('memory late of memory early', late / early),
      ]),
    ],
  };
}
