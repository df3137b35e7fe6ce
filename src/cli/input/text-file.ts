/** A text from a file that is named, or from the standard input (`-`). */
import { usage } from '../../model/refusals.ts';
import type { Context } from '../context.ts';
import { chunksOf, readText } from './body.ts';

export const nameOf = (file: string): string => (file === '-' ? 'The standard input' : file);

/** @throws USAGE, SOURCE_NOT_FOUND */
export async function textOf(context: Context, file: string): Promise<string> {
  const chunks = file === '-' ? chunksOf(context) : await context.openFile(file);
  if (!chunks)
    throw usage('The text is to come from the standard input, which is a terminal.', 'Pipe it in, or name a file.');
  return (await readText(chunks, file === '-' ? undefined : file, context.signal)).replace(/^\uFEFF/, '');
}
