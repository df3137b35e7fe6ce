// Durable sends in batches of 100, each contestant in its own way, beside SQLite one by one.
import { join } from 'node:path';
import { figure, row } from '../figures.mjs';
import { openAll } from '../contestants/all.mjs';
import { medianRatio, secondsOf } from '../measure.mjs';
import { cleanEnv, command, runNode } from '../processes.mjs';
import { actSend, actSendBatches, race, raceTable } from '../race.mjs';
import { checkAll, inBatches, makeTexts } from '../texts.mjs';

const size = 100;
// More than the others send, or the start of the process would be most of what is measured.
const lines = 50_000;

export async function run({ quick, scratch, progress }) {
  const { present, absent, close } = await openAll(scratch);
  const dreamos = present.find(({ name }) => name === 'dreamos');
  const raw = present.find(({ name }) => name === 'raw system calls');
  const sqlite = present.find(({ name }) => name.startsWith('SQLite'));
  const lanes = present.map((contestant) => ({
    name: laneName(contestant),
    durable: contestant.durable,
    act: (round) =>
      contestant.batching === ''
        ? actSend(contestant, round)
        : actSendBatches(contestant, round, inBatches(round.texts, size)),
  }));
  const manyTexts = quick ? undefined : makeTexts(lines);
  const batchLane = 'dreamos send --batch, with its start';
  lanes.push({ name: batchLane, act: (round) => sendBatchCommand(dreamos, round, manyTexts) });
  lanes.push({ name: 'raw, and the making of JSON and digests', act: (round) => makeAndSend(raw, round) });
  if (sqlite) lanes.push({ name: `${sqlite.name}, one by one`, act: (round) => actSend(sqlite, round) });
  try {
    const results = await race({ lanes, rounds: quick ? 1 : 5, messages: quick ? 300 : 10_000, progress });
    return {
      results,
      absent,
      tables: [raceTable(`Durable sends of 1 KiB, ${size} at a time`, results, { of: 'dreamos, sendAll' })],
      rows: [
        row(
          `durable send, batches of ${size}`,
          ['dreamos, sendAll', batchLane].flatMap((name) => ratios(name, results)),
        ),
      ],
    };
  } finally {
    await close();
  }
}

function laneName({ name, batching }) {
  return batching === '' ? `${name}, one by one` : `${name}, ${batching}`;
}

function ratios(name, results) {
  const against = (beginning) => {
    const other = Object.entries(results).find(([lane]) => lane.startsWith(beginning));
    return other && medianRatio(results[name].rates, other[1].rates);
  };
  const who = name === 'dreamos, sendAll' ? 'library' : '--batch';
  return [
    figure(`${who} of the raw packed loop`, against('raw system calls')),
    figure(`${who} of SQLite FULL one by one`, against('SQLite WAL FULL, one by one')),
    figure(`${who} of Redis always, pipelined`, against('Redis always')),
  ];
}

/** What a batch costs that is not only bytes from nowhere: the limit for whoever sends messages. */
async function makeAndSend(raw, { texts, box: name }) {
  const box = await raw.box(name);
  const { seconds } = await secondsOf(() => {
    box.prepare(texts);
    box.sendBatches(inBatches(texts, size));
  });
  checkAll('raw', texts, box.consume().texts);
  return seconds;
}

/** The command, with its start. It reads as much at once as the pipe gives it. @returns the seconds for as many as `round` has */
async function sendBatchCommand(dreamos, round, texts = round.texts) {
  const name = round.box;
  const box = await dreamos.box(name);
  const input = texts.map((body) => `${JSON.stringify({ to: name, body })}\n`).join('');
  const args = [command, 'send', '--batch', '--as', 'sender', '--root', dreamos.root, '--quiet'];
  const { ms } = runNode(args, { input, env: cleanEnv(join(dreamos.root, '..')) });
  checkAll('dreamos send --batch', texts, (await box.consume()).texts);
  return ((ms / 1000) * round.texts.length) / texts.length;
}
