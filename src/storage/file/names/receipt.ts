import { agentNamePattern } from '../../../model/agent.ts';
import { claimOf } from '../../port/dump/receipts.ts';
import { receiptInvalid } from '../../port/refusals.ts';
import { nameOf } from './path.ts';
import { formatEntryName, parseEntryName, stemOf, type EntryName, unset } from './entry-name.ts';

/**
 * A receipt is where the claimed message lies: `<mailbox>:<its name, without the ending>`. So an ack is one rename,
 * however many messages are in flight. After a renewal the message lies elsewhere and the claim's token finds it.
 */
export interface Receipt {
  readonly mailbox: string;
  readonly name: EntryName & { readonly token: string };
  /** Where it lies; known to who has just put it there. */
  readonly path?: string;
}

export function formatReceipt(mailbox: string, name: EntryName): string {
  return `${mailbox}:${stemOf(formatEntryName(name))}`;
}

/** The same, of a claim whose path is known. */
export function receiptAt(mailbox: string, path: string): string {
  return `${mailbox}:${stemOf(nameOf(path))}`;
}

/** @throws DreamosError RECEIPT_INVALID */
export function parseReceipt(text: string): Receipt {
  const colon = text.indexOf(':');
  const mailbox = text.slice(0, Math.max(0, colon));
  const stem = text.slice(colon + 1);
  const name = parseEntryName(`${stem}.json`) ?? parseEntryName(`${stem}.jsonl`);
  if (!agentNamePattern.test(mailbox) || name?.tag !== 'd' || name.token === undefined) return parseForeign(text);
  return { mailbox, name: { ...name, token: name.token } };
}

/** Of a claim that another storage has given out, before the root was moved to files: its token finds it. */
function parseForeign(text: string): Receipt {
  const claim = claimOf(text);
  if (!claim) throw receiptInvalid(text);
  const { mailbox, id, token, task } = claim;
  return { mailbox, name: { ...unset, tag: 'd', id, token, task } };
}
