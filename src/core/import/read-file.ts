import { exactly, fieldsIn } from '../../model/basics/raw-json.ts';
import { isRecord } from './old/fields.ts';
import { placeAt, placeText } from '../../model/basics/json-place.ts';
import { readJson, type Span } from './old/json-text.ts';
import { readOldObject } from './old/json.ts';
import type { OldMessage } from './old/message.ts';
import { readFrontMatter } from './old/front-matter.ts';
import { digestWhy, isDigest, mailPlace } from './old/mail-place.ts';
import { knownAsNoMail } from './old/not-mail.ts';
import { readOldText } from './old/text.ts';
import { repairJson } from './old/repair.ts';
import { readTeamMail } from './old/team-mail.ts';

/** One message of a file, or why there is none. `index`: which of several. */
export type Piece = { readonly index?: number } & (
  | {
      readonly kind: 'message';
      readonly message: OldMessage;
      /** Its own bytes, as they are in the file. */
      readonly bytes: Uint8Array;
      /** The text, where the value alone does not say all that it said. */
      readonly text?: string;
      /** What stood around the list it was in. */
      readonly around?: unknown;
    }
  | { readonly kind: 'skipped'; readonly why: string }
  /** `mendable`: `lenient` would read it. */
  | { readonly kind: 'unreadable'; readonly why: string; readonly bytes: Uint8Array; readonly mendable?: true }
);

const placeholders = /^(?:\.keep|\.gitkeep|\.gitignore|\.ds_store|thumbs\.db|desktop\.ini)$/i;
/** Of what is not read because nothing says whose it is. */
export const inNoFolder = "lies in no agent's folder";
const lists = ['messages', 'inbox', 'tasks', 'items', 'queue'];

/**
 * Recognises and reads one file of an older mailbox. Pure: the path and the bytes decide.
 * @param path absolute, with `/`
 * @param options.lenient mend the two known kinds of broken JSON (see repair.ts)
 * @param options.owned it lies in an agent's folder; elsewhere Markdown is mail only when its header says so
 */
export function readOldFile(
  path: string,
  bytes: Uint8Array,
  options: { readonly lenient: boolean; readonly owned: boolean },
): Piece[] {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const unreadable = (why: string): Piece[] => [{ kind: 'unreadable', why, bytes }];
  if (placeholders.test(name)) return [{ kind: 'skipped', why: 'a placeholder, not mail' }];
  if (bytes.length === 0) return unreadable('it is empty (0 bytes)');
  const ending = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
  const textual = ending === 'md' || ending === 'markdown' ? 'markdown' : ending === 'txt' ? 'text' : undefined;
  if (ending !== 'json' && !textual) {
    return unreadable(
      ending === '' ? 'its name does not say what it is' : `.${ending} files are no mail that dreamos knows`,
    );
  }
  const text = decode(bytes);
  if (typeof text !== 'string') return unreadable(text.why);
  if (textual) {
    const header = textual === 'markdown' ? readHeaded(path, text, bytes) : undefined;
    if (header) return [header];
    if (!options.owned) return [{ kind: 'skipped', why: inNoFolder }];
    if (text.trim() === '') return unreadable('it holds nothing but white space');
    return [{ kind: 'message', message: readOldText(text, textual), bytes }];
  }
  return readJsonFile(text, bytes, options.lenient);
}

/** Its first bytes, a byte order mark left aside, are those of a header or of a digest. */
export function mayBeHeaded(bytes: Uint8Array): boolean {
  return /^(?:\u00EF\u00BB\u00BF)?(?:---|# Thread )/.test(Buffer.from(bytes.subarray(0, 16)).toString('latin1'));
}

/** Markdown with a header of a message, or about such messages; `undefined`: any other. */
function readHeaded(path: string, text: string, bytes: Uint8Array): Piece | undefined {
  const place = mailPlace(path);
  const read = readFrontMatter(text);
  if (!read) return isDigest(text) ? { kind: 'skipped', why: digestWhy } : undefined;
  if (place.kind === 'no-mail') return { kind: 'skipped', why: place.why };
  if (!read.ok) return { kind: 'unreadable', why: read.why, bytes };
  const where =
    place.kind === 'inbox'
      ? ({ belongsTo: 'folder', finished: place.seen } as const)
      : ({ belongsTo: 'recipients' } as const);
  return { kind: 'message', message: { ...read.message, ...where }, bytes, text };
}

function readJsonFile(whole: string, bytes: Uint8Array, lenient: boolean): Piece[] {
  let text = whole.replace(/^\uFEFF/, '');
  let json = readJson(text);
  let mended: string | undefined;
  if (!json.ok) {
    const repair = repairJson(text);
    const repaired = repair && readJson(repair.text);
    const place = `not JSON, ${placeText(placeAt(text, json.at))}: ${json.problem}`;
    if (!repair || !repaired) return [{ kind: 'unreadable', why: place, bytes }];
    if (!repaired.ok) {
      const still = `also without ${repair.how}, ${placeText(placeAt(repair.text, repaired.at))} of the rest: ${repaired.problem}`;
      return [{ kind: 'unreadable', why: `${place}; ${still}`, bytes }];
    }
    if (!lenient) {
      return [{ kind: 'unreadable', why: `${place}; it would be JSON without ${repair.how}`, bytes, mendable: true }];
    }
    text = repair.text;
    json = repaired;
    mended = `mended: read without ${repair.how}`;
  }
  const { value, lossy } = json;
  // Mended or lossy, the value alone would not be the whole original.
  const keep = mended !== undefined || lossy;
  const note = (message: OldMessage): OldMessage =>
    mended === undefined ? message : { ...message, notes: [mended, ...message.notes] };

  const listKey = Array.isArray(value) ? '' : listIn(value);
  if (listKey !== undefined) {
    const list = (listKey === '' ? value : (value as Record<string, unknown>)[listKey]) as unknown[];
    const spans = json.elements.get(listKey) ?? [];
    const around = listKey === '' ? undefined : without(text, listKey);
    if (list.length === 0) return [{ kind: 'skipped', why: 'an empty list, no messages in it' }];
    return list.map((element, index) => {
      const [start, end]: Span = spans[index] ?? [0, 0];
      const part = text.slice(start, end);
      const piece = readValue(element, part, { bytes: Buffer.from(part), text: keep ? part : undefined, note });
      return { ...piece, index, ...(piece.kind === 'message' && around !== undefined && { around }) };
    });
  }
  return [readValue(value, text, { bytes, text: keep ? whole : undefined, note })];
}

function readValue(
  value: unknown,
  json: string,
  {
    bytes,
    text,
    note,
  }: {
    readonly bytes: Uint8Array;
    readonly text: string | undefined;
    readonly note: (message: OldMessage) => OldMessage;
  },
): Piece {
  if (!isRecord(value))
    return { kind: 'unreadable', why: `valid JSON, but ${nameOf(value)} where a message should be`, bytes };
  const known = knownAsNoMail(value);
  if (known !== undefined) return { kind: 'skipped', why: `${known}, not mail` };
  const message = readTeamMail(value) ?? readOldObject(value);
  if (message) {
    const original = exactly(json, JSON.parse(json));
    return { kind: 'message', message: note({ ...message, original }), bytes, ...(text !== undefined && { text }) };
  }
  const keys = Object.keys(value).slice(0, 8).join(', ');
  const what = keys === '' ? 'an empty object' : `not the fields of a message, task or claim (it has ${keys})`;
  return { kind: 'unreadable', why: `valid JSON, but ${what}`, bytes };
}

/** `{messages: […], last_updated, version}`: the list's key, unless the object is a message itself. */
function listIn(value: unknown): string | undefined {
  if (!isRecord(value) || 'body' in value || 'from' in value || 'to' in value || 'message_id' in value)
    return undefined;
  return lists.find((key) => Array.isArray(value[key]));
}

/** An object without one of its fields, exactly. */
function without(json: string, key: string): unknown {
  const others = [...fieldsIn(json)].filter(([name]) => name !== key);
  const rest = `{${others.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`;
  return exactly(rest, JSON.parse(rest));
}

function nameOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

function decode(bytes: Uint8Array): string | { why: string } {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    return { why: 'it is UTF-16; it must be UTF-8' };
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return { why: `it is not UTF-8: the byte at offset ${badByte(bytes)} does not fit` };
  }
}

// The longest prefix that can go on ends inside or right behind what does not fit. Only broken files pay for the search.
function badByte(bytes: Uint8Array): number {
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (decodes(bytes.subarray(0, middle), { stream: true })) good = middle;
    else bad = middle;
  }
  // Back to the first byte of a character that was begun.
  while (!decodes(bytes.subarray(0, good), { stream: false })) good -= 1;
  return good;
}

/** @param options.stream a character that is cut off at the end is no error */
function decodes(bytes: Uint8Array, options: { readonly stream: boolean }): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, options);
    return true;
  } catch {
    return false;
  }
}
