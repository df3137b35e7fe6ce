import { existsSync, readFileSync, writeFileSync } from 'node:fs';

export function printTable(write, { title, columns, lines }) {
  const widths = columns.map((column, i) => Math.max(column.length, ...lines.map((line) => line[i].length)));
  // The first column is a name, the others are figures.
  const pad = (line) =>
    line
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join('  ')
      .trimEnd();
  write(`\n${title}\n`);
  for (const line of [columns, widths.map((width) => '-'.repeat(width)), ...lines]) write(`  ${pad(line)}\n`);
}

export function printAbsent(write, absent) {
  for (const message of absent) write(`  absent: ${message}\n`);
}

/** What the tables come to: a line for each subject, with its figures and ratios. */
export function printRows(write, rows, quick) {
  write('\nIn short\n');
  for (const { what, parts } of rows)
    write(`  ${what}: ${parts.map(({ label, measured }) => `${label} ${measured}`).join('; ')}\n`);
  if (quick) write('  A quick run only shows that the benchmarks work; its figures say nothing.\n');
}

/** Adds to what the file says of other benchmarks: they can be run one at a time. */
export function writeJson(file, { machine, quick, outcomes }) {
  const before = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const at = new Date().toISOString();
  const benchmarks = { ...before.benchmarks };
  for (const [name, { tables, rows, absent = [], results }] of Object.entries(outcomes)) {
    benchmarks[name] = { at, quick, machine, absent, rows, tables, results };
  }
  // Six digits say all that was measured, and a line for each benchmark keeps the file small.
  const short = (_key, value) => (typeof value === 'number' ? Number(value.toPrecision(6)) : value);
  const lines = Object.entries(benchmarks).map(
    ([name, one]) => `${JSON.stringify(name)}:${JSON.stringify(one, short)}`,
  );
  writeFileSync(file, `{"benchmarks":{\n${lines.join(',\n')}\n}}\n`);
}
