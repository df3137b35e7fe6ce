/**
 * What who listens and `dreamos receive --listen` say to each other, a message of ZeroMQ each. The hello of the latter has a number,
 * by which the former proves whose key it has; `bell` is the port of the socket that rings, which says nothing but a number of its own.
 *
 *   >  {"dreamos":"bridge","v":1}
 *   <  {"dreamos":"receive","v":1,"nonce":"…"}
 *   >  {"listen":{"as":"ann","patterns":["build.>"],"since":"now","most":0},"n":1,"proof":"…"}
 *   <  {"n":1,"bell":5556,"is":"heard","messages":[],"cursor":"…","more":false,"warnings":[]}
 *   <  {"n":2,"is":"refused","code":"FORBIDDEN","reason":"…","hint":"…"}
 */
import { isNumber, objectIn } from '../frames.ts';
import type { Ask, Told } from '../port.ts';

export interface Question {
  readonly n: number;
  readonly ask: Ask;
  readonly proof: string;
}

export interface Said {
  readonly told: Told;
  /** Absent: nothing rings. */
  readonly bell?: number;
}

const begins = Buffer.from('{"listen":');
const mostPatterns = 100;

export const helloWith = (nonce: string): string => JSON.stringify({ dreamos: 'receive', v: 1, nonce });

/** `undefined`: it is of a version that tells nothing of its topics. */
export function nonceIn(hello: string): string | undefined {
  const { nonce } = objectIn(hello) ?? {};
  return typeof nonce === 'string' ? nonce : undefined;
}

export const isQuestion = (frame: Buffer): boolean => frame.subarray(0, begins.length).equals(begins);

export function questionLine({ n, ask, proof }: Question): string {
  return JSON.stringify({ listen: ask, n, proof });
}

/** `undefined`: it is none. */
export function questionIn(frame: Buffer): Question | undefined {
  const { listen, n, proof } = objectIn(String(frame)) ?? {};
  if (typeof listen !== 'object' || listen === null || !isNumber(n) || typeof proof !== 'string') return undefined;
  const { as, patterns, since, from, most } = listen as Record<string, unknown>;
  if (typeof as !== 'string' || typeof since !== 'string' || !areTexts(patterns)) return undefined;
  if (patterns.length === 0 || patterns.length > mostPatterns) return undefined;
  if (!Number.isSafeInteger(most) || (from !== undefined && typeof from !== 'number')) return undefined;
  return { n, proof, ask: { as, patterns, since, most: most as number, ...(from !== undefined && { from }) } };
}

export function saidLine(n: number, { told, bell }: Said): string {
  return JSON.stringify({ n, ...(bell !== undefined && { bell }), ...told });
}

/** `undefined`: it is none. */
export function saidIn(line: string): { readonly n: number; readonly answer: Said } | undefined {
  const { n, bell, is, ...told } = objectIn(line) ?? {};
  if (!isNumber(n)) return undefined;
  const { messages, cursor, more, warnings, code, reason, hint } = told;
  const rings = isNumber(bell) && bell < 65_536 ? { bell } : {};
  if (is === 'heard') {
    if (!areTexts(messages) || typeof cursor !== 'string' || !areTexts(warnings)) return undefined;
    return { n, answer: { ...rings, told: { is, messages, cursor, more: more === true, warnings } } };
  }
  if ((is !== 'refused' && is !== 'later') || typeof code !== 'string' || typeof reason !== 'string') return undefined;
  return { n, answer: { ...rings, told: { is, code, reason, ...(typeof hint === 'string' && { hint }) } } };
}

function areTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}
