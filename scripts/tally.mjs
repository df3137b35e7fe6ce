// Prints of what runs of vitest kept (tally-reporter.mjs) what was skipped, what was not over when its run ended, what failed
// and why, and `N passed, N failed`; also what passed only when it was run again. What failed comes last: of a long log often
// only the end is kept.
import { readFileSync } from 'node:fs';

const over = process.argv.slice(2).flatMap(readTally);
const isOf = (state) => (line) => line.state === state;

// Of all that is in what says in its name why it is skipped one line is enough.
const skipped = over.filter(isOf('skipped')).map(({ name }) => name.replace(/(\(skipped: [^)]*\)).*/, '$1'));
for (const name of new Set(skipped)) console.log(`skipped: ${name}`);
const passed = over.filter((line) => line.isTest && line.state === 'passed');
for (const { name, errors } of passed.filter((line) => line.errors.length > 0))
  console.log(`passed when it was run again: ${name}\n${indented(errors.join('\n'))}`);
for (const { name } of over.filter(isOf('started'))) console.log(`not over: ${name}`);
const failed = over.filter(isOf('failed'));
for (const { name, errors } of failed) console.log(`failed: ${name}\n${indented(errors.join('\n'))}`);
console.log(`${passed.length} passed, ${failed.length + over.filter(isOf('started')).length} failed`);

/** The last line of the run, of each test, and of each file that is not over or failed outside of its tests. */
function readTally(path) {
  const run = { id: 'run', name: 'the whole run', state: 'started', errors: [] };
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean);
  const last = new Map([run, ...lines.map((line) => JSON.parse(line))].map((line) => [line.id, line]));
  return [...last.values()].flatMap((line) => {
    if (line.isTest || line.state === 'started') return line;
    // It fails with any test in it, too.
    return line.errors.length > 0 ? { ...line, state: 'failed' } : [];
  });
}

function indented(lines) {
  return lines
    .split('\n')
    .slice(0, 40)
    .map((line) => `  ${line}`)
    .join('\n');
}
