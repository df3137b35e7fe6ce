// From the call of send() to the printed line of a running `dreamos watch` (so the disk's syncs are in it), and what that
// costs while nothing happens.
import { createInterface } from 'node:readline';
import { setTimeout as rest } from 'node:timers/promises';
import { init } from '../../dist/index.js';
import { figure, row } from '../figures.mjs';
import { quantile } from '../measure.mjs';
import { cleanEnv, command, measureIdle, start, stop } from '../processes.mjs';

export async function run({ quick, scratch, progress }) {
  const folder = scratch.folder('watch');
  const mail = (await init({ root: folder.path, agents: ['sender', 'box'], env: {} })).as('sender');
  const seen = new Map();
  const args = [command, 'watch', 'box', '--json', '--root', folder.path];
  const watcher = start(process.execPath, args, { env: cleanEnv(folder.path) });
  createInterface(watcher.stdout).on('line', (line) => {
    const at = performance.now();
    const { id } = JSON.parse(line);
    if (seen.has(id)) throw new Error(`The event of ${id} came twice.`);
    seen.set(id, at);
  });
  try {
    await untilItPrints(mail, seen);
    const begun = new Map();
    const sends = quick ? 10 : 500;
    progress(`${sends} sends`);
    for (let i = 0; i < sends; i++) {
      const at = performance.now();
      const { id } = await mail.send({ to: 'box', body: 'hello' });
      begun.set(id, { at, took: performance.now() - at });
      // Uneven, so that no rhythm of the watcher's hides between the sends.
      await rest(5 + ((i * 7919) % 40));
    }
    await until(() => [...begun.keys()].every((id) => seen.has(id)), 'every send has been seen');
    const latencies = [...begun].map(([id, { at }]) => seen.get(id) - at);
    const sendMs = [...begun.values()].map(({ took }) => took);
    const watchMs = latencies.map((ms, i) => ms - sendMs[i]);
    const idle = await measureIdle(watcher.pid, quick ? 1 : 60, progress);
    const [p50, p99] = [quantile(latencies, 0.5), quantile(latencies, 0.99)];
    return {
      results: { latencies, sendMs, idle },
      tables: [
        {
          title: 'A running watch',
          columns: ['', 'p50', 'p99', 'highest'],
          lines: [
            spread('call of send() to printed line, ms', latencies),
            spread('call to return of send(), ms', sendMs),
            spread('return of send() to printed line, ms', watchMs),
          ],
        },
      ],
      rows: [
        row('call of send() to printed line of a running watch', [
          figure('p50, ms', p50),
          figure('p99, ms', p99),
          figure(`idle for ${idle.seconds} s: CPU, %`, idle.cpuPercent, 3),
          figure('resident, MB', idle.residentMb, 1),
        ]),
      ],
    };
  } finally {
    await stop(watcher);
    await mail.close();
    folder.remove();
  }
}

function spread(what, values) {
  return [what, quantile(values, 0.5).toFixed(2), quantile(values, 0.99).toFixed(2), Math.max(...values).toFixed(2)];
}

/** It says nothing when it begins to listen, so it is sent mail until it prints some. */
async function untilItPrints(mail, seen) {
  await until(async () => {
    await mail.send({ to: 'box', body: 'are you there?' });
    await rest(50);
    return seen.size > 0;
  }, 'the watcher prints');
  await rest(200);
}

async function until(holds, what) {
  const end = performance.now() + 20_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`20 s have passed, and it does not hold that ${what}.`);
    await rest(5);
  }
}
