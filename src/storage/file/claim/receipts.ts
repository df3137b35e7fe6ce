import type { FileContext } from '../disk/context.ts';
import { memory } from '../disk/memory.ts';
import { parseReceipt, type Receipt, receiptAt } from '../names/receipt.ts';

/** The claims that this process has made last, by their receipts. */
const issued = memory(() => new Map<string, Receipt>());
const remembered = 64;

/** The receipt of a claim that this process has just made: a loop acks it in a moment, and need not take it apart. */
export function issueReceipt(ctx: FileContext, { mailbox, name, path }: Required<Receipt>): string {
  const receipt = receiptAt(mailbox, path);
  const receipts = issued.of(ctx);
  const oldest = receipts.size >= remembered ? receipts.keys().next().value : undefined;
  if (oldest !== undefined) receipts.delete(oldest);
  receipts.set(receipt, { mailbox, name, path });
  return receipt;
}

/** @throws as parseReceipt */
export function readReceipt(ctx: FileContext, text: string): Receipt {
  return issued.of(ctx).get(text) ?? parseReceipt(text);
}
