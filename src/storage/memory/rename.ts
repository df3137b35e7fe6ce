import { formerly } from '../../model/agent.ts';
import { AgentRenamed } from '../port/refusals.ts';
import type { Mail } from './mail.ts';

export function renameMailbox(mail: Mail, from: string, to: string): 'renamed' | 'taken' | 'missing' {
  const [before, after] = [from.toLowerCase(), to.toLowerCase()];
  if (before !== after && mail.agents.has(after)) return 'taken';
  const card = mail.agents.get(before);
  if (!card) return 'missing';
  move(mail.agents, { ...card, value: { ...card.value, name: to } });
  for (const map of [
    mail.mailboxes,
    mail.lastReads,
    mail.refused,
    mail.revisions,
    mail.allowances,
    mail.corrupt,
    mail.inboxes,
    mail.rollups,
    mail.reached.present,
  ] as Map<string, unknown>[])
    if (map.has(before)) move(map, map.get(before));
  for (const held of mail.mailboxes.get(after)?.values() ?? []) held.mailbox = to;
  for (const one of mail.reached.announced) if (one.mailbox.toLowerCase() === before) one.mailbox = to;
  for (const event of mail.log) if (event.mailbox.toLowerCase() === before) Object.assign(event, { mailbox: to });
  return 'renamed';

  function move<T>(map: Map<string, T>, value: T): void {
    map.delete(before);
    map.set(after, value);
  }
}

/** What a mailbox is called that is not there under this name, of several the one that had it last. */
export function calledNow(mail: Mail, mailbox: string): string[] {
  return formerly(
    [...mail.agents.values()].map(({ value }) => value),
    mailbox,
  ).map(({ name }) => name);
}

/** Where a message goes that is sent to these: what goes to one alone is refused. */
export function mailboxesNow(mail: Mail, mailboxes: readonly string[], isOneCommit: boolean): string[] | AgentRenamed {
  const all: string[] = [];
  for (const mailbox of mailboxes) {
    const [now] = mail.agents.has(mailbox.toLowerCase()) ? [] : calledNow(mail, mailbox);
    if (now !== undefined && !isOneCommit) return new AgentRenamed(mailbox, now);
    all.push(now ?? mailbox);
  }
  return all;
}
