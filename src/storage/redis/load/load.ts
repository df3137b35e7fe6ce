/**
 * Takes a dump into a root of its own, which nobody finds before it is finished: until then it has no id. A message becomes the
 * entry that it would be here: claimed under the same token, so that its receipt holds; its body byte for byte as it was.
 */
import { DreamosError } from '../../../model/errors.ts';
import type { Loading, TakeRecord } from '../../port/dump/loading.ts';
import { bytesOf } from '../../port/dump/loading.ts';
import { type DumpRecord, lineId } from '../../port/dump/records.ts';
import type { Link, ScriptArg } from '../link/link.ts';
import type { LoadCall } from './call.ts';
import { clear } from './clear.ts';
import { Entries } from './entries.ts';
import { Events } from './events.ts';
import { corruptArgs, documentCalls, keyArgs, mailboxCalls, revisionArgs, sessionCalls } from './kept.ts';

/** @param loader as `takeRoot` was told @throws STATE_CHANGED: another one loads it by now */
export async function loadRoot(link: Link, loader: string): Promise<Loading> {
  const call: LoadCall = (script, ...args) => link.runDurably(script, loader, ...args);
  const undo = async (): Promise<void> => {
    await call('loadUndo');
    await clear(link, loader);
  };
  await undo();
  const entries = new Entries(call);
  const events = new Events(call);
  let isFinished = false;

  const take: TakeRecord = async (record) => {
    if (record.kind === 'entry') return entries.take(record);
    if (record.kind === 'event') return events.take(record);
    if (record.kind === 'document' && record.name.startsWith('agents/')) events.card(record.name.slice(7), record.text);
    await entries.flush();
    for (const [script, ...args] of callsOf(record, link)) await call(script, ...args);
  };

  return {
    async take(record) {
      if (record.kind === 'event') await entries.flush();
      await take(record);
    },
    async finish() {
      await entries.finish();
      await events.finish();
      await call('loadEnd', link.options.id, String(entries.arrivals));
      isFinished = true;
    },
    async abandon() {
      if (isFinished) return;
      try {
        await undo();
        // Whoever waits for replicas writes into the hash that goes.
        await link.run('loadGone', loader);
      } catch (error) {
        // It is somebody else's by now; or its server is away, and the next try clears it.
        const isLeft =
          error instanceof DreamosError && (error.code === 'STATE_CHANGED' || error.kind === 'unreachable');
        if (!isLeft) throw error;
      }
    },
  };
}

type Call = readonly [string, ...ScriptArg[]];

function callsOf(record: DumpRecord, link: Link): readonly Call[] {
  switch (record.kind) {
    case 'document':
      return documentCalls(record, link.op());
    case 'revision':
      return [['loadFields', ...revisionArgs(record)]];
    case 'mailbox':
      return mailboxCalls(record);
    case 'inbox':
      return [['loadInbox', record.mailbox, record.request, String(record.until)]];
    case 'corrupt':
      return [['loadCorrupt', ...corruptArgs(record)]];
    case 'key':
      return [['loadKey', ...keyArgs(record)]];
    case 'rollup':
      return [['loadFields', record.mailbox, 'roll', record.name, record.text]];
    case 'session':
      return sessionCalls(record);
    case 'announced': {
      const { mailbox, host, session, time, id, at } = record;
      return [['loadFields', mailbox, 'an', `${host}.${session} ${time} ${id}`, `${Math.round(at)} loaded`]];
    }
    case 'audit':
      return [['loadAudit', record.log, bytesOf(record.body)]];
    case 'audit-key':
      return [['loadFields', '', 'auditkeys', String(record.checkpoint), record.text]];
    // Of files it says what a long one stands for, which is none of this root.
    case 'cursor':
      return record.id === lineId ? [['loadFields', '', 'root', 'line', record.text]] : [];
    // Entries and events come in their own way; the others are files' alone.
    case 'entry':
    case 'event':
    case 'handed-in':
    default:
      return [];
  }
}
