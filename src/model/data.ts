/** The data of a draft: anything that JSON can hold, and that every reader of JSON can take. */
import { mostLevels } from './basics/limits.ts';
import type { DreamosError } from './errors.ts';
import { exactly, isDeeperThan, loneEscapeIn, RawJson } from './basics/raw-json.ts';
import { halfCharacter, messageInvalid } from './refusals.ts';

/** As JSON. @throws MESSAGE_INVALID */
export function checkedJson(data: unknown): string {
  if (data === null || data === undefined) return 'null';
  const json = data instanceof RawJson ? data.text : jsonOf(data);
  // A level is two characters of it. Of any value, which may hold itself, only its JSON can be walked through.
  if (json.length >= 2 * mostLevels && isDeeperThan(mostLevels - 1, JSON.parse(json))) throw tooDeep();
  const half = loneEscapeIn(json);
  if (half !== undefined) throw halfCharacter('data', half);
  return json;
}

/** Of a text, exactly. @throws MESSAGE_INVALID, saying what is no JSON and where */
export function parseData(json: string, what: string, hint?: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw messageInvalid(`${what} is not JSON: ${(cause as Error).message}.`, hint, cause);
  }
  return exactly(json, value);
}

function jsonOf(data: unknown): string {
  try {
    const json = JSON.stringify(data) as string | undefined;
    if (json !== undefined) return json;
  } catch (cause) {
    if (cause instanceof RangeError) throw tooDeep(cause);
    throw messageInvalid(`The data cannot be written as JSON: ${(cause as Error).message}.`, undefined, cause);
  }
  throw messageInvalid(`The data cannot be written as JSON: it is a ${typeof data}.`);
}

function tooDeep(cause?: unknown): DreamosError {
  const message = `"data" is nested too deeply: a message has at most ${mostLevels} levels, itself counted.`;
  return messageInvalid(message, 'Send it as a text in the body, or write it to a file and send its path.', cause);
}
