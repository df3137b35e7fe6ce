import { makeTexts } from './texts.mjs';

/** Fills a mailbox quickly: packed, and not synced. The texts are short, so that a million take half a gigabyte. */
export async function fill(mail, mailbox, count, progress = () => {}) {
  const texts = makeTexts(1000, 100);
  for (let sent = 0; sent < count; sent += 1000) {
    const drafts = texts.slice(0, count - sent).map((text, i) => ({
      to: mailbox,
      body: `${String(sent + i).padStart(8, '0')}${text.slice(8)}`,
      durability: 'relaxed',
    }));
    for (const result of await mail.sendAll(drafts)) if (result instanceof Error) throw result;
    if (sent % 100_000 === 0) progress(`filling ${mailbox}: ${sent} of ${count}`);
  }
}
