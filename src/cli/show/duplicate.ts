import type { SendReceipt } from '../../contract/mail.ts';

const mostNames = 5;

/** What is said of the repeat of a send under a dedupe key, and where the first one is: `archived in planner, reviewer`. */
export function duplicateText(done: 'sent' | 'published', states: SendReceipt['states'] = []): string {
  const names = new Map<string, string[]>();
  for (const { mailbox, state } of states) names.set(state, [...(names.get(state) ?? []), mailbox]);
  const where = [...names].map(([state, all]) => {
    const more = all.length > mostNames ? ` and ${all.length - mostNames} more` : '';
    return `${state} in ${all.slice(0, mostNames).join(', ')}${more}`;
  });
  const now = where.length > 0 ? ` It is ${where.join('; ')}.` : '';
  return `This dedupe key was used before: nothing new was ${done}, this is the first id.${now}`;
}
