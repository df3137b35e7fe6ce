/**
 * Takes a dump into a root of files, which is made beside its place and put there when all of it is in it and synced
 * (restore/staging.ts). A message becomes the entry that it would be here: claimed under the same token, so that its receipt
 * holds; its body byte for byte as it was.
 */
import type { Loading } from '../../port/dump/loading.ts';
import { type DumpRecord, lineId } from '../../port/dump/records.ts';
import type { FindOptions, FoundRoot } from '../find-root.ts';
import type { Mailbox } from '../names/layout.ts';
import { isMailboxName } from '../names/layout.ts';
import { makeFolders, syncFolders } from '../restore/place.ts';
import { stageRoot } from '../restore/staging.ts';
import { EntryPlaces } from './entries.ts';
import { EventLogs } from './events.ts';
import { AuditLogs, placeDocument, placeMark, placeRevision, placeSession, spoilt } from './documents.ts';
import { placeCorrupt, placeHandedIn, placeInbox, placeKey, placeMailbox, placeRollup } from './kept.ts';

/** @param token as stageRoot has it @throws as stageRoot */
export async function loadFileStore(
  options: FindOptions,
  token?: string,
): Promise<Loading & { readonly root: FoundRoot }> {
  const staging = await stageRoot(options, 'load', token);
  const { ctx } = staging;
  await staging.make();
  const made = new Map<string, Mailbox>();
  const mailboxOf = async (name: string): Promise<Mailbox> => {
    const known = made.get(name);
    if (known) return known;
    if (!isMailboxName(name)) throw spoilt(`${JSON.stringify(name)} is no mailbox`);
    const mailbox = ctx.layout.mailbox(name);
    await makeFolders(ctx, mailbox);
    made.set(name, mailbox);
    return mailbox;
  };
  const entries = new EntryPlaces(ctx);
  const events = new EventLogs(ctx, (mailbox, id) => entries.keyOf(mailbox, id));
  const audit = new AuditLogs(ctx);

  async function take(record: DumpRecord): Promise<void> {
    switch (record.kind) {
      case 'document': {
        const [, agent] = /^agents\/(.*)$/.exec(record.name) ?? [];
        if (agent !== undefined) await mailboxOf(agent);
        return placeDocument(ctx, record);
      }
      case 'revision':
        return placeRevision(ctx, record);
      case 'mailbox':
        return placeMailbox(ctx, await mailboxOf(record.mailbox), record);
      case 'inbox':
        return placeInbox(ctx, await mailboxOf(record.mailbox), record);
      case 'entry':
        return entries.place(await mailboxOf(record.mailbox), record);
      case 'corrupt':
        return placeCorrupt(ctx, await mailboxOf(record.mailbox), record);
      case 'handed-in':
        return placeHandedIn(ctx, await mailboxOf(record.mailbox), record);
      case 'key':
        return placeKey(ctx, record);
      case 'rollup':
        await mailboxOf(record.mailbox);
        return placeRollup(ctx, record);
      case 'session':
        return placeSession(ctx, record);
      case 'announced':
        return placeMark(ctx, await mailboxOf(record.mailbox), record);
      case 'audit':
      case 'audit-key':
        return audit.take(record);
      case 'cursor':
        // Here events are not counted.
        return record.id === lineId ? undefined : audit.takeCursor(record);
      case 'event':
        return events.take(await mailboxOf(record.event.mailbox), record);
    }
  }

  return {
    root: { path: staging.target, engine: staging.engine },
    take,
    async finish() {
      await audit.finish();
      await events.finish();
      await syncFolders(ctx, ctx.layout.root);
      await staging.put();
      await staging.remove();
    },
    abandon: () => staging.remove(),
  };
}
