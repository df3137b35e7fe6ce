import type { Context } from '../context.ts';
import { chunksOf, decodeText, fileError } from '../input/body.ts';
import { Interrupted } from '../errors.ts';
import { groupLines, type Line } from '../input/lines.ts';
import { whileWaiting } from '../waiting.ts';
import { named } from '../../core/tasks/many/plan.ts';
import { hardMaxMessageBytes, mostAtOnce } from '../../model/basics/limits.ts';
import { takeDataExactly } from '../../model/basics/raw-json.ts';
import { DreamosError } from '../../model/errors.ts';
import { messageInvalid, usage } from '../../model/refusals.ts';

/** A byte of a message is at most six in JSON; the rest of the line is small. */
const mostLineBytes = hardMaxMessageBytes * 6 + 65_536;

export interface JsonLines {
  readonly values: unknown[];
  /** What a value is called by its line, for errors. */
  readonly nameOf: (index: number) => string;
}

/** All of a file, `-` for the standard input. @throws what is wrong with the first line that is no JSON, with its number */
export async function readJsonLines(context: Context, file: string): Promise<JsonLines> {
  const values: unknown[] = [];
  const numbers: number[] = [];
  const chunks = file === '-' ? chunksOf(context) : await context.openFile(file);
  if (chunks === undefined)
    throw usage('The standard input is a terminal, and JSON Lines are read from it.', 'Pipe them in, or name a file');
  const read = async (): Promise<void> => {
    try {
      for await (const lines of groupLines(chunks, mostAtOnce, mostLineBytes))
        for (const line of lines) {
          values.push(await named(`Line ${line.number}`, () => valueOf(line)));
          numbers.push(line.number);
        }
    } catch (error) {
      throw file === '-' ? error : fileError(error, file);
    }
  };
  await (file === '-' ? whileWaiting(context, 'JSON Lines on the standard input', read) : read());
  // Half of them is never made.
  if (context.signal.aborted) throw new Interrupted();
  return { values, nameOf: (index) => `Line ${numbers[index]}` };
}

function valueOf({ bytes, tooLong }: Line): unknown {
  if (tooLong) throw new DreamosError('invalid', 'MESSAGE_TOO_LARGE', 'This line is longer than any message may be.');
  const text = decodeText(bytes, 'this line');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw messageInvalid(`This line is not JSON: ${(cause as Error).message}.`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) takeDataExactly(value, text);
  return value;
}
