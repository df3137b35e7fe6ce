import { stripVTControlCharacters } from 'node:util';
import { harmless } from '../harmless.ts';

/** The last lines of what somebody prints, in bounded memory and safe to show. */
export interface Tail {
  add(chunk: Uint8Array): void;
  text(): string;
}

const mostBytes = 8192;
const mostLines = 20;
// With how the handler ended in front it is still a reason that nobody cuts.
const mostCharacters = 1900;

export function createTail(): Tail {
  let bytes: Uint8Array = new Uint8Array();
  return {
    add: (chunk) => {
      bytes = Buffer.concat([bytes, chunk]).subarray(-mostBytes);
    },
    text: () => {
      const lines = stripVTControlCharacters(new TextDecoder().decode(bytes)).trim().split(/\r?\n/).slice(-mostLines);
      const shown = harmless(lines.join('\n'), 'block');
      return shown.length > mostCharacters
        ? `…${shown.slice(1 - mostCharacters).replace(/^[\uDC00-\uDFFF]/, '')}`
        : shown;
    },
  };
}
