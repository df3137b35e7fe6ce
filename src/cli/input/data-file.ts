import { parseData } from '../../model/data.ts';
import { usage } from '../../model/refusals.ts';
import type { Context } from '../context.ts';
import { beforeInput, type BodyWords, chunksOf, readText } from './body.ts';

export interface DataOptions {
  data?: string;
  dataFile?: string;
  bodyFile?: string;
}

/** The data of a message from a file or from the standard input. @throws MESSAGE_INVALID, MESSAGE_TOO_LARGE, USAGE */
export async function readData(
  context: Context,
  { data = '', dataFile, bodyFile }: DataOptions,
  [body, input]: BodyWords,
): Promise<unknown> {
  if (dataFile !== undefined && data !== '')
    throw usage('The data is given twice: with --data and with --data-file.', 'Leave out one of them.');
  const file = dataFile ?? (data === '-' ? data : data.slice(1));
  if (file === '')
    throw usage('There is no name of a file for the data.', 'Name one: --data-file <file>, --data @<file>');
  if (file !== '-') return parsed(await readText(await context.openFile(file), file, context.signal), file);
  const fromInput =
    input !== undefined || (body === undefined ? bodyFile === undefined || bodyFile === '-' : body === '-');
  if (fromInput)
    throw usage(
      'The body and the data cannot both come from the standard input.',
      'Give the body as an argument or with --body-file <file>; "" with --allow-empty for none.',
    );
  await beforeInput(context);
  const chunks = chunksOf(context);
  if (chunks === undefined)
    throw usage(
      'The data is to come from the standard input, which is a terminal.',
      'Pipe it in, or name a file: --data-file <file>.',
    );
  return parsed(await readText(chunks, undefined, context.signal), undefined);
}

function parsed(text: string, file: string | undefined): unknown {
  const what = file === undefined ? 'The standard input' : JSON.stringify(file);
  // Editors and PowerShell put a byte order mark there, which JSON does not have.
  return parseData(text.replace(/^\uFEFF/, ''), what, 'Data is JSON: {"key":"value"}, [1,2], or a text in quotes.');
}
