/** Documents as the texts that they are in their files. */
import { mostDocumentLevels } from '../../../model/basics/limits.ts';
import { DreamosError } from '../../../model/errors.ts';
import type { Located } from '../../port/documents.ts';
import type { FileContext } from '../disk/context.ts';
import { parseJson } from '../disk/parse-json.ts';
import { readWhole } from '../disk/replace.ts';

/** Of a card, and of the settings. What is larger is read by nobody, and so written by nobody; also below. */
export const documentBytes = 1024 * 1024;
// Some ten thousand subscriptions.
export const sharedDocumentBytes = 16 * 1024 * 1024;

/** A document as its file holds it. @throws CONFIG_INVALID: it would be too large for its reader */
export function documentText(value: unknown, what: string, mostBytes: number): string {
  let text: string | undefined;
  try {
    text = `${JSON.stringify(value, null, 2)}\n`;
  } catch (error) {
    // What is deep is indented, and may be longer than any text.
    if (!(error instanceof RangeError)) throw error;
  }
  if (text !== undefined && Buffer.byteLength(text) <= mostBytes) return text;
  throw unreadable(what, `at most ${mostBytes} bytes are read back, and this would be more`);
}

/** What no reader would take is not written. */
export function unreadable(what: string, why: string): DreamosError {
  return new DreamosError('invalid', 'CONFIG_INVALID', `${what} cannot be written so: ${why}. Nothing was changed.`, {
    hint: 'Make it shorter, or keep it in a file and name its path.',
  });
}

/** What a file of JSON says; `fault`: why it cannot be used, and where. */
export type Written =
  { readonly value: unknown } | { readonly missing: boolean; readonly at?: string; readonly fault: string };

export async function readJson(ctx: FileContext, path: string, maxBytes: number): Promise<Written> {
  const file = await readWhole(ctx.disk, path, { maxBytes });
  if (!file.ok) return { missing: file.missing, fault: `it cannot be read: ${file.why}` };
  const value = parseJson(file.bytes);
  if (value !== undefined) return { value };
  const { at, fault = 'it is no JSON' } = await placeIn(file.bytes, []);
  return { missing: false, at, fault };
}

/** Where in a file a field begins. */
export async function locateIn(ctx: FileContext, path: string, field: readonly PropertyKey[]): Promise<Located> {
  const file = await readWhole(ctx.disk, path, { maxBytes: sharedDocumentBytes });
  return { document: path, ...(file.ok && { at: (await placeIn(file.bytes, field)).at }) };
}

async function placeIn(
  bytes: Buffer,
  field: readonly PropertyKey[],
): Promise<{ readonly at: string; readonly fault: string | undefined }> {
  const { placeInJson, placeText } = await import('../../../model/basics/json-place.ts');
  const place = placeInJson(bytes.toString(), field, mostDocumentLevels);
  return { at: placeText(place), fault: place.fault };
}
