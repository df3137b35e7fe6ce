/**
 * What is known of alerts between two checks: one document, changed by its version, so that of several who check at once each
 * sees what the others have found. It is made with the first alert or silence.
 */
import * as z from 'zod/mini';
import { tellings } from '../../contract/numbers/alerts.ts';
import { schema } from '../../model/schema.ts';
import { changeDocument, invalidDocument } from '../root/documents.ts';
import type { Session } from '../root/root.ts';

/** What is to be told of an alert, or is being told. With its alert, `firedAt` and `n` it is one thing, whoever tells it. */
const telling = z.looseObject({
  what: z.enum(tellings),
  /** When the alert began to fire, and which telling of that it is. */
  firedAt: z.string(),
  n: z.number(),
  at: z.string(),
  value: z.nullable(z.number()),
  /** The message is sent. */
  id: z.optional(z.string()),
  mailed: z.optional(z.boolean()),
  /** Who runs the command, and until when that is his. */
  runner: z.optional(z.looseObject({ token: z.string(), until: z.string() })),
  ran: z.optional(z.boolean()),
  exitCode: z.optional(z.nullable(z.number())),
});
export type Telling = z.infer<typeof telling>;

const alert = z.looseObject({
  alert: z.string(),
  mailbox: z.optional(z.string()),
  state: z.enum(['pending', 'firing', 'resolved']),
  /** Since when its rule holds, and when it began to fire and ended. */
  since: z.string(),
  firedAt: z.optional(z.string()),
  resolvedAt: z.optional(z.string()),
  /** So many tellings were made since it fires, and when the last one was. */
  tellings: z.number(),
  toldAt: z.optional(z.string()),
  waiting: z.array(telling),
  told: z.optional(
    z.looseObject({
      what: z.enum(tellings),
      at: z.string(),
      id: z.optional(z.string()),
      exitCode: z.optional(z.nullable(z.number())),
    }),
  ),
  trouble: z.optional(z.string()),
});
export type Alert = z.infer<typeof alert>;

const silence = z.looseObject({
  alert: z.optional(z.string()),
  mailbox: z.optional(z.string()),
  until: z.string(),
  by: z.optional(z.string()),
});
export type Silence = z.infer<typeof silence>;

const book = schema(() => z.looseObject({ alerts: z.array(alert), silences: z.array(silence) }));
export type Book = z.infer<ReturnType<typeof book>>;

const empty: Book = { alerts: [], silences: [] };

/** @throws CONFIG_INVALID */
export async function readBook(session: Session): Promise<Book> {
  return parse(session, (await session.store.documents.get('alerts'))?.value);
}

/**
 * Reads, changes and writes as one step; where `change` gives back what it was given, nothing is written.
 * @param change runs again when somebody else was faster, and only its last run counts
 */
export async function changeBook(session: Session, change: (before: Book) => Book): Promise<Book> {
  const before = await readBook(session);
  if (change(before) === before) return before;
  return changeDocument(session.store.documents, 'alerts', async (value) => change(await parse(session, value)));
}

export function isOf(one: Alert, { alert: name, mailbox }: Pick<Alert, 'alert' | 'mailbox'>): boolean {
  return one.alert === name && one.mailbox === mailbox;
}

async function parse({ store }: Session, value: unknown): Promise<Book> {
  if (value === undefined) return empty;
  const parsed = book.safeParse(value);
  if (parsed.success) return parsed.data;
  throw await invalidDocument(store.documents, 'alerts', parsed.error);
}
