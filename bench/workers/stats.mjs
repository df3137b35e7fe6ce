// One look at the numbers of a root: what it takes, from the opening on, and the most memory that the process had.
import { open } from '../../dist/index.js';
import { peakMb } from './peak.mjs';

const [root, windowMs] = process.argv.slice(2);
const begun = performance.now();
const before = process.cpuUsage();
const mail = await open({ root, env: {} });
const { rows } = await mail.stats(undefined, { windowMs: Number(windowMs) });
const { user, system } = process.cpuUsage(before);
await mail.close();
const report = {
  ms: performance.now() - begun,
  cpuMs: (user + system) / 1000,
  peakMb: peakMb(),
  arrived: rows.reduce((sum, { arrived }) => sum + arrived, 0),
};
process.stdout.write(`${JSON.stringify(report)}\n`);
