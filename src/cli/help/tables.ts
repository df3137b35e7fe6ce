/** The parts of the help pages that are made from the tables. */
import { commandsThatPrint } from '../../contract/describe.ts';
import { notationOf } from '../../contract/notation.ts';
import { commandOf, operationNames, operations } from '../../contract/operations.ts';
import { schemaNames } from '../../contract/schemas.ts';
import { type MetricNumber, numberNames, numberTable } from '../../model/metrics/numbers.ts';
import { columns } from './columns.ts';

/** Of `help json`: each shape by its name for `schema`, the commands that print it where its name does not say so. */
export function shapesText(): string {
  const rows = schemaNames.flatMap((name) => {
    const commands = commandsThatPrint(name);
    if (commands.length === 0 && name !== 'event') return [];
    const same = commands.length === 0 || (commands.length === 1 && commands[0] === name);
    return [[name, `${same ? '' : `${commands.join(', ')}: `}${notationOf(name)}`] as const];
  });
  return columns(rows, 14);
}

/** Of `help numbers`: each with its unit, what is better, and its formula. */
export function numbersText(): string {
  const rows = numberNames.map((name) => {
    const number: MetricNumber = numberTable[name];
    const better = number.better === undefined ? '' : `, ${number.better} is better`;
    return [name, `${number.formula} (${number.unit}${better})`] as const;
  });
  return columns(rows, 19);
}

/** Of `help guarantees`: what each command has synced before it says that it is done. */
export function syncsText(): string {
  const commandsOf = new Map<string, string[]>();
  for (const name of operationNames) {
    const [words, { syncs }] = [commandOf(name), operations[name]];
    if (words === undefined || words.includes(' --') || syncs === undefined) continue;
    // A command is not broken at the end of a line.
    commandsOf.set(syncs, [...(commandsOf.get(syncs) ?? []), words.replaceAll(' ', '\u00a0')]);
  }
  const rows = [...commandsOf].map(([syncs, commands]) => [commands.join(', '), syncs] as const);
  return columns(rows, 26).replaceAll('\u00a0', ' ');
}
