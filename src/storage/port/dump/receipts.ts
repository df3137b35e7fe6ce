/** A claim, as the receipts of every storage name it: so a receipt holds on where its root is kept in another one by now. */
export interface NamedClaim {
  readonly mailbox: string;
  readonly id: string;
  readonly token: string;
  /** It is of a task. */
  readonly task?: true;
}

const mailbox = '([A-Za-z0-9][A-Za-z0-9._-]{0,63})';
const id = '([0-7][0-9A-HJKMNP-TV-Z]{25})';
const token = '([0-9A-HJKMNP-TV-Z]{10})';
const forms = [
  new RegExp(`^${mailbox}:${id}:${token}(:j)?$`),
  // Of files: the entry's name, whose token comes right behind its attempts (file/names/entry-name.ts).
  new RegExp(`^${mailbox}:d\\d{13}\\.i${id}\\.p[0-3]\\.a\\d{1,13}\\.c${token}(?:\\.[A-Za-z0-9_-]+)*$`),
];

/** `undefined`: it is no receipt of any storage. */
export function claimOf(receipt: string): NamedClaim | undefined {
  for (const form of forms) {
    const match = form.exec(receipt);
    if (match)
      return {
        ...{ mailbox: match[1] ?? '', id: match[2] ?? '', token: match[3] ?? '' },
        ...((match[4] !== undefined || /\.j1(?:\.|$)/.test(receipt)) && { task: true as const }),
      };
  }
  return undefined;
}
