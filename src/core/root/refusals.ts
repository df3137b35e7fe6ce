/** What several operations refuse, each said in one way. */
import { cut } from '../../model/basics/text.ts';
import { DreamosError } from '../../model/errors.ts';
import { notFound } from '../../model/refusals.ts';
import type { State } from '../../model/state.ts';

export function messageNotFound(id: string, mailbox?: string): DreamosError {
  const where = mailbox === undefined ? 'in any mailbox' : `in ${mailbox}'s mailbox`;
  const hint = mailbox === undefined ? 'dreamos status' : `dreamos list ${mailbox}`;
  return notFound('MESSAGE_NOT_FOUND', `There is no message ${id} ${where}.`, hint);
}

export function threadNotFound(name: string): DreamosError {
  const shown = JSON.stringify(cut(name, 70));
  const next = /^\w[\w.:@-]*$/.test(name) ? `dreamos search ${name}` : 'dreamos search --help';
  return notFound('MESSAGE_NOT_FOUND', `There is no thread and no message ${shown}.`, next);
}

/** @param wanted the state in which it would have to be */
export function notInState(
  { id, mailbox, state }: { readonly id: string; readonly mailbox: string; readonly state: State },
  wanted: State,
): DreamosError {
  const message = `Message ${id} in ${mailbox} is not ${wanted} but ${state}.`;
  return new DreamosError('conflict', 'STATE_CHANGED', message, { hint: `dreamos show ${id}` });
}
