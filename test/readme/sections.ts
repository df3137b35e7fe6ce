import { existsSync, readFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { numbersText, shapesText, syncsText } from '../../src/cli/help/tables.ts';
import { topicNames, topics } from '../../src/cli/help/topics.ts';
import { states } from '../../src/model/state.ts';
import { evidence, evidenceLine } from '../faults/evidence.ts';
import { readResults, resultsPath } from '../faults/results.ts';
import { commandTable } from './command-table.ts';
import { exitCodeTable } from './exit-code-table.ts';
import { metricTable } from './metric-table.ts';
import { exportTables } from './export-tables.ts';
import { markdownTable } from './markdown-table.ts';
import { reference } from './reference.ts';
import { settingsTable } from './settings-table.ts';
import { taskMoveTable, taskStateTable } from './task-tables.ts';
import { type BenchResults, speed } from './speed.ts';

const benchResults = 'bench/results.json';

/** By page: what stands between `<!-- name:begin -->` and `<!-- name:end -->` in it, made from the code and from results. */
const pages: Readonly<Record<string, Readonly<Record<string, () => string | undefined>>>> = {
  'README.md': { evidence: () => ifFound(resultsPath, () => evidenceLine(readResults())), topics: topicTable },
  [pageOf('commands')]: { commands: commandTable },
  [pageOf('exit-codes')]: { 'exit-codes': exitCodeTable },
  [pageOf('settings')]: { settings: settingsTable },
  [pageOf('json')]: { shapes: () => fenced(shapesText()), states: () => `States: ${states.join(', ')}.` },
  [pageOf('numbers')]: { numbers: () => fenced(numbersText()) },
  [pageOf('guarantees')]: {
    syncs: () => fenced(syncsText()),
    evidence: () => ifFound(resultsPath, () => evidence(readResults())),
  },
  [pageOf('tasks')]: { states: taskStateTable, moves: taskMoveTable },
  [pageOf('prometheus')]: { metrics: metricTable },
  [pageOf('reference')]: { reference },
  [pageOf('tables')]: { tables: () => fenced(exportTables()) },
  [pageOf('figures')]: {
    speed: () => ifFound(benchResults, () => speed(JSON.parse(readFileSync(benchResults, 'utf8')) as BenchResults)),
  },
};

export const pageNames = Object.keys(pages);

/** Of a topic of `dreamos help`. */
export function pageOf(topic: string): string {
  return `src/cli/help/${topic}.md`;
}

/** The page with its generated sections up to date. A section without results stays as it is. */
export async function upToDate(page: string, text: string): Promise<string> {
  let now = text;
  for (const [name, make] of Object.entries(pages[page] ?? {})) {
    const content = make();
    if (content === undefined) continue;
    const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
    const [before = '', rest = ''] = now.split(begin);
    const after = rest.split(end)[1];
    if (after === undefined) throw new Error(`${page} has no section ${name}.`);
    now = `${before}${begin}\n\n${content}\n\n${end}${after}`;
  }
  return format(now, { ...(await resolveConfig(page)), filepath: page });
}

function fenced(text: string): string {
  return ['```text', text, '```'].join('\n');
}

function ifFound(path: string, make: () => string): string | undefined {
  return existsSync(path) ? make() : undefined;
}

/** The map of `dreamos help` for the README. */
function topicTable(): string {
  const rows = topicNames.map((name) => [`[${name}](${pageOf(name)})`, topics[name]]);
  return markdownTable([['`dreamos help …`', 'says'], ...rows]);
}
