// npm run bench [-- <name>… --quick --json <file> --dir <folder>]
// Tables, figures and ratios go to stdout, progress to stderr. A figure is never a failure; a message that is not accounted
// for is one.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Absent } from './contestants/absent.mjs';
import { installPeers } from './install.mjs';
import { describeMachine } from './machine.mjs';
import { printAbsent, printRows, printTable, writeJson } from './report.mjs';
import { makeScratch } from './scratch.mjs';

const benchmarks = {
  startup: () => import('./benchmarks/startup.mjs'),
  reach: () => import('./benchmarks/reach.mjs'),
  send: () => import('./benchmarks/send.mjs'),
  batch: () => import('./benchmarks/batch.mjs'),
  claim: () => import('./benchmarks/claim.mjs'),
  depth: () => import('./benchmarks/depth.mjs'),
  watch: () => import('./benchmarks/watch.mjs'),
  fanout: () => import('./benchmarks/fanout.mjs'),
  memory: () => import('./benchmarks/memory.mjs'),
  stats: () => import('./benchmarks/stats.mjs'),
  contention: () => import('./benchmarks/contention.mjs'),
  tasks: () => import('./benchmarks/tasks.mjs'),
  metrics: () => import('./benchmarks/metrics.mjs'),
  export: () => import('./benchmarks/export.mjs'),
  settings: () => import('./benchmarks/settings.mjs'),
  security: () => import('./benchmarks/security/signatures.mjs'),
  audit: () => import('./benchmarks/audit.mjs'),
  server: () => import('./benchmarks/server.mjs'),
  engines: () => import('./benchmarks/engines.mjs'),
  bridge: () => import('./benchmarks/bridge.mjs'),
};
const withPeers = ['send', 'batch', 'claim', 'engines'];

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** Small, within seconds, and with those peers that are there. */
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    /** Where the files of the run go. */
    dir: { type: 'string' },
  },
});
const names = positionals.length > 0 ? positionals : Object.keys(benchmarks);
const unknown = names.filter((name) => !Object.hasOwn(benchmarks, name));
if (unknown.length > 0) {
  process.stderr.write(`There is no benchmark "${unknown[0]}". There are: ${Object.keys(benchmarks).join(', ')}.\n`);
  process.exit(2);
}

const { quick } = options;
const file = options.json ?? join(import.meta.dirname, quick ? 'results-quick.json' : 'results.json');
if (!quick && names.some((name) => withPeers.includes(name))) installPeers();
const scratch = makeScratch(options.dir);
const machine = describeMachine(scratch.base);
const write = (text) => process.stdout.write(text);
write(`dreamos, ${new Date().toISOString().slice(0, 10)}: ${Object.values(machine).join(', ')}\n`);
if (!scratch.onDisk)
  write('These figures are of a folder in memory, where nothing is durable. Name one on a disk: --dir <folder>\n');

const outcomes = {};
for (const name of names) {
  const { run } = await benchmarks[name]();
  let outcome;
  try {
    outcome = await run({ quick, scratch, progress: (text) => process.stderr.write(`${name}: ${text}\n`) });
  } catch (error) {
    if (!(error instanceof Absent)) throw error;
    printAbsent(write, [`${name}: ${error.message}`]);
    continue;
  }
  outcomes[name] = outcome;
  for (const table of outcome.tables) printTable(write, table);
  printAbsent(write, outcome.absent ?? []);
}
printRows(
  write,
  Object.values(outcomes).flatMap(({ rows }) => rows),
  quick,
);
writeJson(file, { machine, quick, outcomes });
write(`\nAll figures: ${file}\n`);
