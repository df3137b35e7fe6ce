/** Of /proc/<pid>/stat what is asked for here: the parent, when it began, in the kernel's words, and whether it runs or could run at once. */
export function statFields(text: string): {
  readonly parent: number;
  readonly begun: string | undefined;
  readonly runs: boolean;
} {
  // The program's name, in parentheses, may hold anything; behind it field 3 comes first.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { parent: Number(fields[1]), begun: fields[19], runs: fields[0] === 'R' };
}
