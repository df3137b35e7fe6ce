/**
 * What a bridge and `dreamos receive` say to each other: JSON Lines over any two pipes (ssh, a container, a shell), or a message of
 * ZeroMQ each, where the bridge says first what it is.
 *
 *   <  {"dreamos":"receive","v":1}                                        first, once the root is open
 *   >  {"n":1,"id":"01J…","to":"bob","hops":1,"message":{…}}              the message as its file has it, as the last field
 *   <  {"n":1,"is":"stored"}                                              on disk there; with "again":true it was there already
 *   <  {"n":2,"is":"refused","code":"AGENT_NOT_FOUND","reason":"…"}       never
 *   <  {"n":3,"is":"later","code":"DISK_FAILED","reason":"…"}             not now, through no fault of the message
 *
 * One answer for each, in any order, by its number. What is not answered when the pipe breaks is brought again under its id.
 */
import { agentNamePattern } from '../model/agent.ts';
import { mostFileBytes } from '../model/basics/limits.ts';
import { isId } from '../model/id.ts';
import type { Answer, Parcel } from './port.ts';

export const hello = '{"dreamos":"receive","v":1}';
/** Where a bridge has to speak first. */
export const greeting = '{"dreamos":"bridge","v":1}';
/** A longer one is no frame. */
export const mostLineBytes = mostFileBytes + 1024;

export interface Framed {
  readonly n: number;
  readonly parcel: Parcel;
}

const before = ',"message":';
const brace = Buffer.from('}');

/** Without a line end, as all of these. */
export function parcelLine(framed: Framed): Uint8Array {
  return Buffer.concat(parcelParts(framed));
}

/** The same in parts, for who puts many lines together. */
export function parcelParts({ n, parcel: { id, to, hops, bytes } }: Framed): Uint8Array[] {
  const head = JSON.stringify({ n, id, to, hops }).slice(0, -1);
  return [Buffer.from(`${head}${before}`), bytes, brace];
}

/** `undefined`: it is none. */
export function parcelIn(line: Buffer): Framed | undefined {
  const at = line.indexOf(before);
  if (at < 0 || line.at(-1) !== 125) return undefined;
  const head = objectIn(`${line.toString('utf8', 0, at)}}`);
  const { n, id, to, hops } = head ?? {};
  if (!isNumber(n) || !isNumber(hops) || typeof id !== 'string' || typeof to !== 'string') return undefined;
  if (!isId(id) || !agentNamePattern.test(to)) return undefined;
  return { n, parcel: { id, to, hops, bytes: line.subarray(at + before.length, -1) } };
}

export function answerLine(n: number, answer: Answer): string {
  return JSON.stringify({ n, ...answer });
}

/** `undefined`: it is none. */
export function answerIn(line: string): { readonly n: number; readonly answer: Answer } | undefined {
  const { n, is, code, reason, again } = objectIn(line) ?? {};
  if (!isNumber(n)) return undefined;
  if (is === 'stored') return { n, answer: again === true ? { is, again } : { is } };
  if ((is !== 'refused' && is !== 'later') || typeof code !== 'string' || typeof reason !== 'string') return undefined;
  return { n, answer: { is, code, reason } };
}

/** The version that the other end speaks. `undefined`: it is no hello. */
export function versionIn(line: string): number | undefined {
  const { dreamos, v } = objectIn(line) ?? {};
  return dreamos === 'receive' && isNumber(v) ? v : undefined;
}

export function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}

export function objectIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
