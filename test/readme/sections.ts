import { existsSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { Context } from '../../src/cli/context.ts';
import { createProgram } from '../../src/program/program.ts';
import { evidence } from '../faults/evidence.ts';
import { readResults, resultsPath } from '../faults/results.ts';
import { markdownTable } from './markdown-table.ts';
import { type BenchResults, speed } from './speed.ts';

const benchResults = 'bench/results.json';

/** What stands between `<!-- name:begin -->` and `<!-- name:end -->` in the README: made from the code and from results. */
function sections(): Record<string, string> {
  return {
    commands: commandTable(),
    ...(existsSync(resultsPath) && { evidence: evidence(readResults()) }),
    ...(existsSync(benchResults) && { speed: speed(JSON.parse(readFileSync(benchResults, 'utf8')) as BenchResults) }),
  };
}

/** The README with its generated sections up to date. */
export function upToDate(readme: string): string {
  let text = readme;
  for (const [name, content] of Object.entries(sections())) {
    const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
    const [before = '', rest = ''] = text.split(begin);
    const after = rest.split(end)[1];
    if (after === undefined) throw new Error(`README.md has no section ${name}.`);
    text = `${before}${begin}\n\n${content}\n\n${end}${after}`;
  }
  return text;
}

function commandTable(): string {
  const program = createProgram(new Context({} as never));
  const rows = program.commands.map((command) => [`\`${usageOf(command)}\``, command.description()]);
  return markdownTable([['command', 'does'], ...rows]);
}

// A pipe ends a cell also within code, unless escaped.
function usageOf(command: Command): string {
  const verbs = command.commands.map((one) => one.name()).join('\\|');
  const words = command.registeredArguments.map((one) => {
    const name = one.variadic ? `${one.name()}...` : one.name();
    return one.required ? `<${name}>` : `[${name}]`;
  });
  return [command.name(), verbs, ...words].filter((word) => word !== '').join(' ');
}

/** src/cli/help/evidence.ts as it should be: the same words in `dreamos help guarantees`. */
export function evidenceModule(): string {
  const text = existsSync(resultsPath) ? wrap(evidence(readResults())) : '';
  return `// Made by \`npm run readme\` from test/faults/results.json.\nexport const text = \`${text}\`;\n`;
}

/** At the width of the help pages. */
function wrap(text: string): string {
  return text.replace(/(?=[^\n]{119})([^\n]{1,118})[ ]/g, '$1\n');
}
