import type { Command } from 'commander';
import { loadTopic } from './texts.ts';
import { topics } from './topics.ts';

/** The manual page (roff): the help of every command as it is printed, and what the exit codes mean. */
export async function manPage(program: Command, version: string): Promise<string> {
  const commands = leaves(program).map((command) => {
    const [usage = '', ...rest] = helpOf(command).split('\n');
    const text = rest.join('\n').replace(/\nEverywhere: .*\n/, '');
    return `.SS ${quoted(usage.replace(/^Usage: /, ''))}\n${asPrinted(text)}`;
  });
  const global = /\nOptions:\n((?: .*\n)+)/.exec(helpOf(program))?.[1] ?? '';
  return [
    `.TH DREAMOS 1 "" "dreamos ${version}" "dreamos"`,
    `.SH NAME\ndreamos \\- durable mail for agents, scripts and people on one machine`,
    `.SH SYNOPSIS\n.B dreamos\n[options] <command>`,
    `.SH DESCRIPTION\n${escaped(program.description())}`,
    `.SH OPTIONS\nBefore or behind any command.\n${asPrinted(global)}`,
    `.SH COMMANDS`,
    ...commands,
    `.SH EXIT STATUS\n${asPrinted(withoutTitle(await loadTopic('exit-codes')))}`,
    `.SH SEE ALSO\n${Object.entries(topics)
      .map(([name, about]) => `.TP\n.B dreamos help ${escaped(name)}\n${escaped(about)}`)
      .join('\n')}`,
    '',
  ].join('\n');
}

/** A group that takes arguments or options is called by itself, too. */
function leaves(command: Command): Command[] {
  const { commands, registeredArguments, options, parent } = command;
  const isCalled = parent !== null && (commands.length === 0 || registeredArguments.length + options.length > 0);
  return [...(isCalled ? [command] : []), ...command.commands.flatMap(leaves)];
}

/** With what is added behind it, which `helpInformation()` leaves out. */
function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ ...command.configureOutput(), writeOut: (part) => (text += part) });
  command.outputHelp();
  return text;
}

function withoutTitle(page: string): string {
  return page.replace(/^# .*\n+/, '').replace(/^```.*\n/gm, '');
}

function asPrinted(text: string): string {
  return `.nf\n${escaped(text.replace(/^\n+/, '').trimEnd())}\n.fi`;
}

function quoted(text: string): string {
  return `"${escaped(text).replaceAll('"', '""')}"`;
}

/** A backslash, a hyphen that is to be copied, and a line that would be taken for a request. */
function escaped(text: string): string {
  return text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replace(/^[.']/gm, '\\&$&');
}
