import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { Context } from '../../src/cli/context.ts';
import { commandsThatPrint, describes } from '../../src/contract/describe.ts';
import { commandOf, libraryPathOf, operationNames, operations } from '../../src/contract/operations.ts';
import { schemaNames, schemas } from '../../src/contract/schemas.ts';
import { createProgram } from '../../src/program/program.ts';
import { openLibrary } from './open-library.ts';

const program = createProgram(new Context({} as never)).whole();

function leaves(command: Command, path: string[] = []): { words: string; command: Command }[] {
  const own = command.commands.length === 0 || command.registeredArguments.length + command.options.length > 0;
  return [
    ...(own ? [{ words: path.join(' '), command }] : []),
    ...command.commands.flatMap((one) => leaves(one, [...path, one.name()])),
  ];
}

function functionsIn(value: object, path: string[] = []): string[] {
  return Object.entries(value).flatMap(([name, one]: [string, unknown]) => {
    if (typeof one === 'function') return [[...path, name].join('.')];
    return typeof one === 'object' && one !== null ? functionsIn(one, [...path, name]) : [];
  });
}

const commands = program.commands.flatMap((one) => leaves(one, [one.name()]));
const withCommand = operationNames.flatMap((name) => {
  const words = commandOf(name);
  return words === undefined ? [] : [words];
});

describe('the table of operations', () => {
  test('has every command once, and no other', () => {
    const whole = withCommand.filter((words) => !words.includes(' --'));
    expect(whole.sort()).toEqual(commands.map(({ words }) => words).sort());
  });

  test('has options that are operations only where the command has them', () => {
    for (const words of withCommand.filter((one) => one.includes(' --'))) {
      const [verb, option] = words.split(/ (?=--)/);
      const command = commands.find((one) => one.words === verb)?.command;
      expect(command?.options.map(({ long }) => long)).toContain(option);
    }
  });

  test('has every function of the library once, and no other', async () => {
    await using mail = await openLibrary();
    const paths = operationNames.flatMap((name) => libraryPathOf(name) ?? []);
    // Of the opened root itself, and no operations on mail.
    const functions = functionsIn(mail).filter((path) => path !== 'as' && path !== 'close');
    expect(paths.sort()).toEqual(functions.sort());
  });

  test('says what is synced by everything that changes something, and by nothing that looks', () => {
    for (const name of operationNames) {
      const { effect, syncs } = operations[name];
      expect({ name, syncs: syncs !== undefined }).toEqual({ name, syncs: effect !== 'looks' });
    }
  });

  test.each(commands)('gives "$words" its description', ({ command }) => {
    expect(command.description()).not.toBe('');
  });
});

describe('what schema says of a shape', () => {
  test.each([
    ['send', 'what send prints'],
    ['settled', 'what ack, nack and renew print'],
    ['entry', 'what cancel, deliver, archive restore and dlq retry print'],
    ['archive', 'what archive list, show, search and export print'],
    ['route', 'what send --dry-run prints'],
    ['agent', "an agent's card, agent.json; what agent retire prints"],
    ['message', 'a message file'],
  ] as const)('%s: %s', (name, words) => {
    expect(describes(name)).toBe(words);
  });

  test.each(schemaNames)('%s is a file, or is printed', (name) => {
    expect(describes(name)).not.toBe('');
    expect(Object.keys(schemas)).toContain(name);
  });

  test('every command with a shape is in the words of one', () => {
    const printing = operationNames.filter((name) => operations[name].output !== undefined && commandOf(name));
    const told = schemaNames.flatMap(commandsThatPrint);
    const missing = printing
      .map((name) => commandOf(name) ?? '')
      .filter((words) => !told.includes(words.split(' --')[0] ?? '') && !told.includes(words));
    expect(missing).toEqual([]);
  });
});
