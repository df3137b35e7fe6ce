import type { Message } from '../model/message.ts';
import { type Entry, type State, states as allStates } from '../storage/store.ts';
import { listAgents, resolveAgent } from './agents.ts';
import { bringAllDue } from './due.ts';
import type { Filter } from './filter.ts';
import { listEntries } from './list.ts';
import type { Root } from './root.ts';

export interface ScanOptions {
  /** All, if not given. */
  readonly mailbox?: string;
  /** All, if not given. */
  readonly states?: readonly State[];
  readonly filter?: Filter;
  readonly signal?: AbortSignal;
  /** Called now and then with how many messages were looked at. */
  readonly onProgress?: (looked: number) => void;
}

const progressEvery = 256;

/** Every message that fits, with where it is; reads each of their files. @throws AGENT_NOT_FOUND */
export async function* everyMessage(
  root: Root,
  fits: (message: Message) => boolean,
  options: ScanOptions,
): AsyncGenerator<{ entry: Entry; message: Message }, void, undefined> {
  const { mailbox, states = allStates, filter, signal, onProgress } = options;
  const cards = mailbox === undefined ? await listAgents(root) : [await resolveAgent(root, mailbox)];
  let looked = 0;
  for (const card of cards) {
    await bringAllDue(root, card);
    for await (const { entry, message } of listEntries(root, card.name, states, filter, signal)) {
      if (signal?.aborted) return;
      if (++looked % progressEvery === 0) onProgress?.(looked);
      if (message && fits(message)) yield { entry, message };
    }
  }
}
