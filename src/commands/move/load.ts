import type { Context } from '../../cli/context.ts';
import { broken } from '../../cli/fit.ts';
import { harmless } from '../../cli/harmless.ts';
import { chunksOf, fileError } from '../../cli/input/body.ts';
import { groupLines } from '../../cli/input/lines.ts';
import { loadRoot } from '../../core/move/load.ts';
import { spoilt } from '../../storage/port/dump/lines.ts';
import { usage } from '../../model/refusals.ts';

/** A line holds a message in JSON, of which each character may be escaped. */
const mostLineBytes = 512 * 1024 * 1024;

export async function loadCommand(context: Context, file: string): Promise<void> {
  const { output, signal } = context;
  const what = file === '-' ? 'The standard input' : file;
  const chunks = file === '-' ? chunksOf(context) : named(await context.openFile(file), file);
  if (!chunks)
    throw usage('The dump is to come from the standard input, which is a terminal.', 'Pipe it in, or name a file.');
  const onProgress = (messages: number): void => output.progress(`${messages} messages`);
  const done = await loadRoot(linesOf(chunks, what), { ...context.openOptions(), what, onProgress, signal });
  if (!done) return;
  const { root, messages, mailboxes, at, from } = done;
  const how = `${messages} ${messages === 1 ? 'message' : 'messages'} in ${mailboxes} ${mailboxes === 1 ? 'mailbox' : 'mailboxes'}, as dumped from ${from} at ${at}`;
  await output.outcome(done, () => broken(`Made the root ${harmless(root)}\n  ${how}`, output.width));
  await output.note(`Next:\n  dreamos status${context.flags()}`);
}

async function* named(chunks: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<Uint8Array, void, void> {
  try {
    yield* chunks;
  } catch (error) {
    throw fileError(error, file);
  }
}

async function* linesOf(chunks: AsyncIterable<Uint8Array>, what: string): AsyncGenerator<string, void, void> {
  for await (const group of groupLines(chunks, 256, mostLineBytes)) {
    for (const { bytes, number, tooLong } of group) {
      if (tooLong) throw spoilt(what, `its line ${number} is too long to be one of a dump`);
      yield Buffer.from(bytes).toString();
    }
  }
}
