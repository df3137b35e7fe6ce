import type { Readable } from 'node:stream';
import type { Fields } from './hosts/host.ts';

/** A tool's answer to its own command may stand in it, and be of any size. */
const mostBytes = 64 * 1024 * 1024;

/** The JSON object that a tool writes on stdin; `undefined`: it is none, or is not whole. */
export async function saidBy(stdin: Readable & { readonly isTTY?: boolean | undefined }): Promise<Fields | undefined> {
  // Somebody tries it by hand, and would wait for what he has to type.
  if (stdin.isTTY) return undefined;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream(stdin)) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > mostBytes) return undefined;
  }
  try {
    const said: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    return typeof said === 'object' && said !== null && !Array.isArray(said) ? (said as Fields) : undefined;
  } catch {
    return undefined;
  }
}

function stream(stdin: Readable): AsyncIterable<Uint8Array> {
  return stdin as AsyncIterable<Uint8Array>;
}
