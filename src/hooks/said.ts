import type { Context } from '../cli/context.ts';
import { chunksOf } from '../cli/input/body.ts';
import type { Fields } from './hosts/host.ts';

/** A tool's answer to its own command may stand in it, and be of any size. */
const mostBytes = 64 * 1024 * 1024;

/** The JSON object that a tool writes on stdin; `undefined`: it is none, or is not whole. */
export async function saidBy(context: Context): Promise<Fields | undefined> {
  const said = chunksOf(context);
  // Somebody tries it by hand, and would wait for what he has to type.
  if (said === undefined) return undefined;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of said) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > mostBytes) return undefined;
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}
