// One look at the numbers of a root, from the opening on, and the most memory that the process had; and a second one by the same
// process, which has loaded what it needs.
import { open } from '../../dist/index.js';
import { peakMb } from './peak.mjs';

const [root, windowMs] = process.argv.slice(2);
const taken = async (work) => {
  const [begun, before] = [performance.now(), process.cpuUsage()];
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  return { result, ms: performance.now() - begun, cpuMs: (user + system) / 1000 };
};
const first = await taken(async () => {
  const mail = await open({ root, env: {} });
  return { mail, rows: (await mail.stats(undefined, { windowMs: Number(windowMs) })).rows };
});
const { mail, rows } = first.result;
const again = await taken(() => mail.stats(undefined, { windowMs: Number(windowMs) }));
await mail.close();
const report = {
  ms: first.ms,
  cpuMs: first.cpuMs,
  againMs: again.ms,
  againCpuMs: again.cpuMs,
  peakMb: peakMb(),
  arrived: rows.reduce((sum, { arrived }) => sum + arrived, 0),
};
process.stdout.write(`${JSON.stringify(report)}\n`);
