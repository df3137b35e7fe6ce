import { mostDocumentLevels } from '../../../model/basics/limits.ts';
import { isTextDeeperThan, jsonIn } from '../../../model/basics/raw-json.ts';

/**
 * What is written there; `undefined`: it is not JSON, or nested so deeply that nobody could copy it or write it again, which
 * the caller's schema then refuses.
 */
export function parseJson(bytes: Buffer): unknown {
  const text = bytes.toString();
  const json = jsonIn(text);
  return isTextDeeperThan(mostDocumentLevels, text, json) ? undefined : json;
}

/** Whether all of it is there. */
export function isJson(bytes: Buffer): boolean {
  return jsonIn(bytes.toString()) !== undefined;
}
