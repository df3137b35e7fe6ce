/**
 * `npm run test:faults [-- --only <part>] [--bounded] [--seed <n>]`: every part, one after the other, with a line of
 * progress each and a table at the end. What a part found at full length goes into results.json, which keeps the other
 * parts' latest results.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { FaultPart } from './part.ts';
import { parts } from './parts.ts';
import { figuresOf, natively, readResults, resultsPath, table, type PartResult } from './results.ts';

const { values } = parseArgs({
  options: { only: { type: 'string', multiple: true }, bounded: { type: 'boolean' }, seed: { type: 'string' } },
});
const bounded = values.bounded ?? false;
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
const command = process.env['DREAMOS_COMMAND'] ?? join(process.cwd(), 'bin', 'dreamos.cjs');
/** DREAMOS_RUNTIME=native: the parts that can try the native program do so, under names of their own. */
const native = process.env['DREAMOS_RUNTIME'] === 'native' ? join(process.cwd(), 'dist/native/dreamos') : undefined;
const chosen = parts.filter(
  ({ name, runsNatively }) => (values.only?.includes(name) ?? true) && (native === undefined || runsNatively),
);
const resultOf = (name: string): string => (native === undefined ? name : natively(name));

const circumstances = {
  date: new Date().toISOString().slice(0, 10),
  machine: `Linux ${release()}, ${cpus().length} cores, Node ${process.version}`,
  seed,
};
const results: Record<string, PartResult> = {};
for (const part of chosen) {
  const result = await runPart(part);
  results[resultOf(part.name)] = result;
  for (const failure of result.failures) process.stderr.write(`${part.name}: FAILED: ${failure}\n`);
  // At once, because the next one may take a quarter of an hour and be interrupted.
  if (!bounded) await keepResults();
}
const rows = Object.entries(results).map(([name, result]) => [
  name,
  result.cannotRun === undefined
    ? result.failures.length === 0
      ? 'held'
      : `${result.failures.length} FAILED`
    : 'skipped',
  `${result.seconds.toFixed(0)} s`,
  figuresOf(result),
]);
process.stdout.write(`\n${table([['part', 'result', 'time', 'figures'], ...rows])}\n`);
for (const [name, { skipped = [] }] of Object.entries(results)) {
  for (const one of skipped) process.stdout.write(`skipped in ${name}: ${one}\n`);
}

if (!bounded) process.stdout.write(`\nWrote ${resultsPath}. \`npm run readme\` brings README and help up to it.\n`);
process.exitCode = Object.values(results).some(({ failures }) => failures.length > 0) ? 1 : 0;

async function keepResults(): Promise<void> {
  const before = existsSync(resultsPath) ? readResults().parts : {};
  const inOrder = parts
    .flatMap(({ name }) => [name, natively(name)])
    .map((name) => [name, results[name] ?? before[name]] as const)
    .filter(([, result]) => result);
  await writeFile(`${resultsPath}.new`, `${JSON.stringify({ parts: Object.fromEntries(inOrder) }, null, 2)}\n`);
  await rename(`${resultsPath}.new`, resultsPath);
}

async function runPart(part: FaultPart): Promise<PartResult> {
  const start = performance.now();
  const seconds = (): number => Math.round((performance.now() - start) / 100) / 10;
  const cannotRun = await part.cannotRun();
  if (cannotRun !== undefined) {
    process.stderr.write(`${part.name}: skipped: ${cannotRun.why}\n`);
    return { ...circumstances, figures: {}, failures: [], seconds: 0, cannotRun: cannotRun.why };
  }
  process.stderr.write(`${part.name}: seed ${seed}\n`);
  const dir = await mkdtemp(join(tmpdir(), 'dreamos-faults-'));
  try {
    const progress = (text: string): void => void process.stderr.write(`${part.name}: ${seconds()} s: ${text}\n`);
    const { skipped, ...found } = await part.run({ bounded, seed, dir, command, native, progress });
    const told = skipped && { skipped: skipped.map(({ why }) => why) };
    return { ...circumstances, ...found, ...told, seconds: seconds() };
  } catch (error) {
    return { ...circumstances, figures: {}, failures: [`it ended with ${(error as Error).stack}`], seconds: seconds() };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
