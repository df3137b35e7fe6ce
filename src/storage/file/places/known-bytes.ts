/** What lies in corrupt/, by its bytes: an import asks for each of thousands of files whether it is kept already. */
import { sha256 } from '../../../model/basics/sha256.ts';
import type { FileContext } from '../disk/context.ts';
import { namesIn } from '../disk/folders.ts';
import { memory } from '../disk/memory.ts';
import { isNote } from '../names/beside.ts';
import type { Mailbox } from '../names/layout.ts';
import { pathIn } from '../names/path.ts';

interface Known {
  /** Of the folder, when this process last looked or added something. */
  changedAt: number | undefined;
  readonly names: Set<string>;
  /** Not read yet, by their size: most are told apart by it. */
  readonly bySize: Map<number, string[]>;
  readonly byHash: Map<string, string>;
}

/** By mailbox. What another process adds at the same moment may be missed, and then bytes are kept twice. */
const knowledge = memory(() => new Map<string, Known>());

/** The name in corrupt/ of the file that has these bytes, if one is there. */
export async function nameOfBytes(ctx: FileContext, mailbox: Mailbox, bytes: Uint8Array): Promise<string | undefined> {
  const known = knownIn(ctx, mailbox);
  await lookFor(ctx, mailbox, known);
  for (const name of known.bySize.get(bytes.length) ?? []) {
    const file = await ctx.disk.read(pathIn(mailbox.corrupt, name), { maxBytes: bytes.length });
    if (file.ok) known.byHash.set(sha256(file.bytes), name);
  }
  known.bySize.delete(bytes.length);
  const name = known.byHash.get(sha256(bytes));
  if (name === undefined) return undefined;
  // Somebody may have cleared up since it was read.
  const file = await ctx.disk.read(pathIn(mailbox.corrupt, name), { maxBytes: bytes.length });
  return file.ok && file.bytes.equals(bytes) ? name : undefined;
}

/** This process has put them there, and all that belongs to them. */
export async function learnBytes(ctx: FileContext, mailbox: Mailbox, bytes: Uint8Array, name: string): Promise<void> {
  const known = knownIn(ctx, mailbox);
  known.names.add(name);
  known.byHash.set(sha256(bytes), name);
  known.changedAt = (await ctx.disk.stat(mailbox.corrupt))?.mtimeMs;
}

function knownIn(ctx: FileContext, { name }: Mailbox): Known {
  const all = knowledge.of(ctx);
  const known = all.get(name) ?? { changedAt: undefined, names: new Set(), bySize: new Map(), byHash: new Map() };
  all.set(name, known);
  return known;
}

async function lookFor(ctx: FileContext, mailbox: Mailbox, known: Known): Promise<void> {
  const changedAt = (await ctx.disk.stat(mailbox.corrupt))?.mtimeMs;
  if (changedAt !== undefined && changedAt === known.changedAt) return;
  for (const name of await namesIn(ctx, mailbox.corrupt)) {
    if (isNote(name) || known.names.has(name)) continue;
    const stat = await ctx.disk.stat(pathIn(mailbox.corrupt, name));
    if (stat?.kind !== 'file') continue;
    known.names.add(name);
    const alike = known.bySize.get(stat.size);
    if (alike) alike.push(name);
    else known.bySize.set(stat.size, [name]);
  }
  known.changedAt = changedAt;
}
