import { sha256 } from '../../model/basics/sha256.ts';
import { type Mail, tell } from './mail.ts';

export function quarantine(
  mail: Mail,
  mailbox: string,
  bytes: Uint8Array,
  about: { readonly name: string; readonly why: string },
  now: number,
): void {
  const kept = mail.corrupt.get(mailbox.toLowerCase()) ?? new Map<string, Uint8Array>();
  mail.corrupt.set(mailbox.toLowerCase(), kept);
  const digest = sha256(bytes);
  if (kept.has(digest)) return;
  kept.set(digest, Uint8Array.from(bytes));
  tell(mail, { at: new Date(now).toISOString(), mailbox, event: 'corrupt', id: about.name, reason: about.why });
}
