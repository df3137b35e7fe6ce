/** What two patterns of topics have in common (topic.ts): `*` is one token, `>` one or more. As parseTopicPattern returns them. */

/** Whether the wide one matches all that the other matches. */
export function covers(wide: string, other: string): boolean {
  const [tokens, others] = [wide.split('.'), other.split('.')];
  for (let i = 0; ; i++) {
    const [token, its] = [tokens[i], others[i]];
    if (token === undefined || its === undefined) return token === its;
    if (token === '>') return true;
    if (token === '*' ? its === '>' : token !== its) return false;
  }
}

/** Whether there may be a topic that both match. */
export function overlaps(one: string, other: string): boolean {
  const [tokens, others] = [one.split('.'), other.split('.')];
  for (let i = 0; ; i++) {
    const [token, its] = [tokens[i], others[i]];
    if (token === undefined || its === undefined) return token === its;
    if (token === '>' || its === '>') return true;
    if (token !== its && token !== '*' && its !== '*') return false;
  }
}
