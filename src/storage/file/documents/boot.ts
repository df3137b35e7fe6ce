import type { FileContext } from '../disk/context.ts';
import { parseJson } from '../disk/parse-json.ts';
import { writeDocument } from '../disk/replace.ts';

/** What the root knows of the starts of its machine: boot.json. */
export interface Boot {
  /** Of the machine, in which events were compared with names. */
  readonly boot: string;
  /** Of what is older everything has been told, and has long been on disk; milliseconds since 1970. */
  readonly toldBefore: number;
}

/** `undefined`: nobody has looked yet, or nobody knows. */
export async function lastBoot(ctx: FileContext): Promise<Boot | undefined> {
  const file = await ctx.disk.read(ctx.layout.boot, { maxBytes: 4096 });
  const said = file.ok ? (parseJson(file.bytes) as Partial<Boot> | undefined) : undefined;
  return typeof said?.boot === 'string' && typeof said.toldBefore === 'number' ? (said as Boot) : undefined;
}

export function writeBoot(ctx: FileContext, boot: Boot): Promise<void> {
  return writeDocument(ctx, ctx.layout.boot, `${JSON.stringify(boot, null, 2)}\n`);
}
