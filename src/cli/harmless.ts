import { exactJson } from '../model/basics/raw-json.ts';

/**
 * Text that came from somewhere else, made safe to show: what could steer a terminal, hide from the eye or change the
 * reading order is written out (`\x1b`, `\u202e`). Used for everything that a person sees and another one wrote.
 */
export function harmless(text: string, shape: 'line' | 'block' = 'line'): string {
  const shown = shape === 'block' ? text.replaceAll('\r\n', '\n') : text;
  return shown.replace(harmful, (char) => (shape === 'block' && (char === '\n' || char === '\t') ? char : spell(char)));
}

/**
 * JSON in which nothing can steer a terminal either, with data as it was written. JSON.stringify leaves DEL, the C1 controls and everything
 * invisible as they are; written as \u escapes they mean the same to every parser.
 */
export function harmlessJson(value: unknown): string {
  return exactJson(value).replace(harmful, (char) => {
    let escaped = '';
    for (let i = 0; i < char.length; i++) escaped += `\\u${hex(char.charCodeAt(i), 4)}`;
    return escaped;
  });
}

// In order: C0, DEL and C1 controls; the bidi marks, embeddings, overrides and isolates; line and paragraph separators;
// invisible operators, annotation marks and the byte order mark; the tag and selector blocks that can smuggle whole
// invisible sentences to a model; halves of surrogate pairs. Joiners and selectors of emoji stay.
const harmful =
  // oxlint-disable-next-line no-control-regex -- control characters are what this looks for
  /[\u0000-\u001f\u007f-\u009f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}\ud800-\udfff]/gu;

const short: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function spell(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  if (short[char] !== undefined) return short[char];
  if (code < 0x100) return `\\x${hex(code, 2)}`;
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\u{${hex(code, 0)}}`;
}

function hex(code: number, width: number): string {
  return code.toString(16).padStart(width, '0');
}
