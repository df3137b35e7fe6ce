import type { Context } from '../../cli/context.ts';
import { exitCodes } from '../../cli/errors.ts';
import { cutLine } from '../../cli/fit.ts';
import { wrap } from '../../cli/help/columns.ts';
import type { ExplainedJson } from '../../contract/system.ts';
import { errorCodes } from '../../contract/error-codes.ts';
import { meantOr, usage } from '../../model/refusals.ts';

const width = 80;
const names = Object.keys(errorCodes) as (keyof typeof errorCodes)[];

export async function explainCommand(context: Context, typed: string | undefined): Promise<void> {
  const { output } = context;
  if (typed === undefined) {
    const column = Math.max(...names.map((name) => name.length)) + 2;
    for (const one of names.map(explained)) {
      const head = `${one.code.padEnd(column)}exit ${one.exitCode}  `;
      await output.item(one, () => cutLine(`${head}${one.happened}`, output.width));
    }
    return;
  }
  const wanted = typed.toUpperCase().replaceAll('-', '_');
  const name = names.find((known) => known === wanted);
  if (name === undefined && /^\d+$/.test(typed))
    throw usage(
      `An error code is a word, and ${typed} a number.`,
      'What each exit code means: dreamos help exit-codes',
    );
  if (name === undefined) throw usage(`There is no error code "${typed}".`, meantOr(wanted, names, 'dreamos explain'));
  const one = explained(name);
  const lines = [
    `${one.code} (exit ${one.exitCode}, ${one.kind})`,
    `What happened: ${one.happened}`,
    `What to type: ${one.next}`,
  ];
  await output.item(one, () => lines.map((line) => wrap(line, width)).join('\n'));
}

function explained(code: keyof typeof errorCodes): ExplainedJson {
  const { kind, happened, next } = errorCodes[code];
  return { code, kind, exitCode: exitCodes[kind], happened, next };
}
