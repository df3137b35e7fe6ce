/** What the shapes are, for people: from the operations that print them. */
import { commandOf, operationNames, operations } from './operations.ts';
import type { SchemaName } from './schemas.ts';

/** Those that are more, or something else, than what a command prints. */
const others: Partial<Record<SchemaName, string>> = {
  message: 'a message file',
  drop: 'what a script may put into drop/',
  draft: 'a line of send --batch, and what the library sends',
  event: 'a line of an event log',
  agent: "an agent's card, agent.json",
  settings: "config.json, and a card's settings",
  'alert-told': 'what the command of an alert gets on its standard input',
  until: 'what a server answers to /v1/until',
  error: 'an error on stderr',
};

/** `what ack, nack and renew print` */
export function describes(name: SchemaName): string {
  const printing = commandsThatPrint(name).map((words, i, all) => {
    // `archive list, search and export`
    const [group = '', verb] = words.split(' ');
    return verb !== undefined && !verb.startsWith('-') && all[i - 1]?.startsWith(`${group} `) ? verb : words;
  });
  const list = [printing.slice(0, -1).join(', '), ...printing.slice(-1)].filter(Boolean).join(' and ');
  const printed = list === '' ? [] : [`what ${list} ${printing.length === 1 ? 'prints' : 'print'}`];
  return [others[name] ?? [], printed].flat().join('; ');
}

/** Also `send --dry-run`, where it is another shape than that of `send`. */
export function commandsThatPrint(name: SchemaName): string[] {
  const all = operationNames
    .filter((operation) => operations[operation].output === name)
    .flatMap((operation) => commandOf(operation) ?? []);
  return all.filter((words) => !all.includes(words.split(' --')[0] ?? '') || !words.includes(' --'));
}
