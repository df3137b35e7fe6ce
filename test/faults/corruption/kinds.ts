/** What each file of a root is, and which messages stand or fall with which of its bytes. */
import { dirname, basename } from 'node:path';
import { parseEntryName } from '../../../src/storage/file/names/entry-name.ts';
import { isReason } from '../../../src/storage/file/names/beside.ts';
import type { FileIn } from './tree.ts';
import { parseOutboxLink } from '../../../src/storage/file/names/outbox-name.ts';

export interface Specimen extends FileIn {
  readonly kind: string;
  /** Messages whose bytes these are: `<mailbox>/<id>`, from byte to byte. */
  readonly holds: readonly { readonly place: string; readonly from: number; readonly to: number }[];
}

export function specimenOf(file: FileIn): Specimen {
  const { paths, bytes } = file;
  const holds = paths.flatMap((path) => {
    const link = parseOutboxLink(basename(path));
    const name = link?.name ?? parseEntryName(basename(path));
    const mailbox = link?.mailbox ?? mailboxOf(path);
    if (!name || mailbox === undefined || isAside(path)) return [];
    const { offset: from, length } = name.range ?? { offset: 0, length: bytes.length };
    return [{ place: `${mailbox}/${name.id}`, from, to: from + length }];
  });
  return { ...file, kind: kindOf(paths), holds };
}

/** The messages that a change of these bytes may spoil. */
export function touchedBy({ holds }: Specimen, from: number, to = from + 1): Set<string> {
  return new Set(holds.filter((one) => one.from < to && from < one.to).map(({ place }) => place));
}

function kindOf(paths: readonly string[]): string {
  const path = paths.find((one) => one.startsWith('outbox/')) ?? paths[0] ?? '';
  const name = basename(path);
  const folder = path.split('/')[2] ?? '';
  if (paths.some((one) => one.startsWith('dedupe/'))) return 'dedupe key';
  if (path.startsWith('outbox/')) return dirname(path).endsWith('.new') ? 'outbox, uncommitted' : 'outbox';
  if (['format.json', 'config.json', 'reservations.json', 'agent.json', 'last-read'].includes(name)) return name;
  if (folder === 'events') return 'event log';
  if (folder === 'corrupt') return name.endsWith('.note.json') ? 'note' : 'corrupt';
  if (folder === 'dlq' && isReason(name)) return 'reason';
  if (folder === 'drop') return 'handed in';
  if (folder === 'tmp') return 'tmp';
  const entry = parseEntryName(name);
  if (entry?.handedIn !== undefined) return 'adopted';
  return entry?.range ? 'batch part' : `message, ${folder}`;
}

function mailboxOf(path: string): string | undefined {
  return /^agent_mailboxes\/([^/]+)\//.exec(path)?.[1];
}

function isAside(path: string): boolean {
  return /^agent_mailboxes\/[^/]+\/(corrupt|tmp|drop)\//.test(path);
}
