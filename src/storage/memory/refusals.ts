import { DreamosError } from '../../model/errors.ts';
import type { Entry } from '../port/store.ts';

export function leaseLost(id: string, mailbox: string): DreamosError {
  return new DreamosError(
    'conflict',
    'LEASE_LOST',
    `This receipt holds no claim on ${id} in ${mailbox}: its lease ran out and the message was taken back, or it never was.`,
    {
      hint: `dreamos show ${id}`,
    },
  );
}

export function alreadySettled(id: string, mailbox: string): DreamosError {
  return new DreamosError('conflict', 'ALREADY_SETTLED', `This receipt for ${id} in ${mailbox} was used before.`, {
    hint: `dreamos show ${id}`,
  });
}

export function receiptInvalid(receipt: string): DreamosError {
  return new DreamosError('invalid', 'RECEIPT_INVALID', `${JSON.stringify(receipt.slice(0, 80))} is not a receipt.`, {
    hint: 'Receipts come from dreamos read; dreamos list shows those of what you hold.',
  });
}

export function stateChanged(entry: Entry, now: string): DreamosError {
  return new DreamosError(
    'conflict',
    'STATE_CHANGED',
    `Message ${entry.id} in ${entry.mailbox} is no longer as it was listed (${entry.state}); it is ${now}.`,
    {
      hint: `dreamos show ${entry.id}`,
    },
  );
}

export function dedupeMismatch(key: string, sender: string, firstId: string): DreamosError {
  return new DreamosError(
    'conflict',
    'DEDUPE_MISMATCH',
    `${sender} has used the dedupe key ${JSON.stringify(key)} for other content or recipients, in message ${firstId}.`,
    {
      hint: `dreamos show ${firstId}`,
    },
  );
}
