/**
 * Of /proc/<pid>/stat what is asked for here: the parent, when it began, in the kernel's words, whether it runs or could run at
 * once, and whether it has ended, and only its parent has not heard of it.
 */
export function statFields(text: string): {
  readonly parent: number;
  readonly begun: string | undefined;
  readonly runs: boolean;
  readonly hasEnded: boolean;
} {
  // The program's name, in parentheses, may hold anything; behind it field 3 comes first.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state = '', parent] = fields;
  return { parent: Number(parent), begun: fields[19], runs: state === 'R', hasEnded: /[ZX]/.test(state) };
}
