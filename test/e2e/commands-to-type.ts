/**
 * The command lines in what dreamos prints: behind `Next:`, behind a colon, on a line of their own or in backquotes. Within
 * a line they end at `; ` or with the line: a full stop behind one would be pasted with it.
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
    .split('; ')
    .map((part) => part.replaceAll(/\0(\d+)\0/g, (_, at: string) => words[Number(at)] ?? ''));
  const plain = parts.flatMap((part) => {
    const [, command] = /(?:^|: )((?:\S+=\S+ |(?:echo|base64) [^:]*\| )?dreamos [-a-z].*)$/.exec(part) ?? [];
    return command === undefined ? [] : [command];
  });
  return [...quoted, ...plain];
}
