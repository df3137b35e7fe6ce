import type { DreamosError } from '../../../model/errors.ts';
import type { DocumentName, RevisedName } from '../../port/documents.ts';
import { bytesOf } from '../../port/dump/loading.ts';
import type { DumpRecord } from '../../port/dump/records.ts';
import { SpoiltRecord } from '../../port/dump/lines.ts';
import type { HostSession } from '../../port/reach.ts';
import { makeAuditKey } from '../audit/trail.ts';
import type { FileContext } from '../disk/context.ts';
import { ensureFolder } from '../disk/folders.ts';
import { agentOfDocument, type Mailbox, revisionFile, revisionsFolder, type RootDocument } from '../names/layout.ts';
import { folderOf } from '../names/path.ts';
import { announcedFolder } from '../names/reach-name.ts';
import { auditLog } from '../names/slots.ts';
import { makeMark } from '../reach/announcements.ts';
import { putRecord, takePlace } from '../reach/sessions.ts';

type Of<Kind extends DumpRecord['kind']> = Extract<DumpRecord, { kind: Kind }>;

/** Of a dump that somebody has made up: its digest fits, and what it says does not. */
export function spoilt(why: string): DreamosError {
  return new SpoiltRecord(why);
}

export async function createFile(ctx: FileContext, path: string, bytes: Uint8Array, mtimeMs?: number): Promise<void> {
  await ensureFolder(ctx, folderOf(path));
  await ctx.disk.create(path, bytes, { sync: true });
  if (mtimeMs !== undefined) await ctx.disk.touch(path, mtimeMs);
}

export async function placeDocument(ctx: FileContext, { name, text }: Of<'document'>): Promise<void> {
  const agent = agentOfDocument(name as DocumentName);
  await createFile(
    ctx,
    agent === undefined ? documentAt(ctx, name) : ctx.layout.mailbox(agent).card,
    Buffer.from(text),
  );
}

function documentAt(ctx: FileContext, name: string): string {
  try {
    return ctx.layout.document(name as RootDocument);
  } catch {
    throw spoilt(`${JSON.stringify(name)} is no document of a root`);
  }
}

export async function placeRevision(ctx: FileContext, { of, number, text }: Of<'revision'>): Promise<void> {
  await createFile(ctx, revisionFile(revisionsFolder(ctx.layout, of as RevisedName), number), Buffer.from(text));
}

export async function placeSession(ctx: FileContext, record: Of<'session'>): Promise<void> {
  const { host, session, pidStart, place } = record;
  const known = record.record as Omit<HostSession, 'host' | 'session'> | undefined;
  if (known) await putRecord(ctx, { session: { ...known, host, session }, pidStart });
  if (place !== undefined) await takePlace(ctx, { host, session }, place);
}

export async function placeMark(ctx: FileContext, mailbox: Mailbox, mark: Of<'announced'>): Promise<void> {
  await makeMark(ctx, announcedFolder(mailbox, mark), mark, mark.at);
}

/** The audit, of which the parts of a log come one behind the other; and what long cursors stand for. */
export class AuditLogs {
  readonly #ctx: FileContext;
  #log = '';
  #parts: Buffer[] = [];

  constructor(ctx: FileContext) {
    this.#ctx = ctx;
  }

  async take(record: Of<'audit' | 'audit-key'>): Promise<void> {
    if (record.kind === 'audit-key') {
      await makeAuditKey(this.#ctx, record.checkpoint, record.text);
      return;
    }
    if (record.log !== this.#log) await this.finish();
    this.#log = record.log;
    this.#parts.push(bytesOf(record.body));
  }

  async takeCursor({ id, text }: Of<'cursor'>): Promise<void> {
    await createFile(this.#ctx, this.#ctx.layout.cursor(id), Buffer.from(text));
  }

  async finish(): Promise<void> {
    if (this.#parts.length > 0)
      await createFile(this.#ctx, auditLog(this.#ctx.layout, this.#log), Buffer.concat(this.#parts));
    this.#parts = [];
  }
}
