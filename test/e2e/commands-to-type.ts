/**
 * The command lines in what dreamos prints: behind `Next:`, behind a colon, on a line of their own or in backquotes. Within
 * a line they end at `; `, at a full stop that ends a sentence, or with the line.
 */
export function commandsToType(text: string): string[] {
  return text.split('\n').flatMap((line) => commandsIn(line.replace(/^\s*Next: /, '').trim()));
}

function commandsIn(line: string): string[] {
  const quoted = [...line.matchAll(/`([^`]*\bdreamos [^`]*)`/g)].map(([, command = '']) => command);
  // What is quoted for the shell may have anything in it.
  const words: string[] = [];
  const parts = line
    .replaceAll(/`[^`]*`/g, '``')
    .replaceAll(/'[^']*'/g, (word) => `\0${words.push(word) - 1}\0`)
    .split(/; |(?<=[.?]) (?=[A-Z])/)
    .map((part) => part.replaceAll(/\0(\d+)\0/g, (_, at: string) => words[Number(at)] ?? ''));
  const plain = parts.flatMap((part) => {
    const [, command] = /(?:^|: )((?:\S+=\S+ |(?:echo|base64) [^:]*\| )?dreamos [-a-z].*)$/.exec(part) ?? [];
    return command === undefined ? [] : [command.replace(/\.$/, '')];
  });
  return [...quoted, ...plain];
}
