import { claimedId } from '../../core/take/settle.ts';
import { DreamosError } from '../../model/errors.ts';
import { isId, mayEndId } from '../../model/id.ts';
import type { Context } from '../context.ts';
import type { BodyWords } from '../input/body.ts';
import type { Asked } from './elsewhere.ts';

/** The messages that were named, or the one that is held. @param verb what is typed before an id @throws as heldReceipt */
export async function meant(context: Context, messages: readonly string[], verb: string): Promise<readonly string[]> {
  if (messages.length > 0) return messages;
  const { heldReceipt } = await import('./held.ts');
  return [await heldReceipt(context, await context.session(), (end) => `${verb} ${end}`)];
}

/**
 * Does something with a message that is to be in the acting agent's mailbox, or in another one.
 * @throws instead of MESSAGE_NOT_FOUND, whose it is, if it is anybody's
 */
export async function orWhoseItIs<T>(
  context: Context,
  message: string,
  how: Asked,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    if (how.typed !== undefined && isAmiss.has(error.code) && (await context.names()).includes(message))
      throw ofAgent(context, error, message, how.typed);
    const finished = how.finished === true && (await hasNoMailbox(context, error));
    if (error.code !== 'MESSAGE_NOT_FOUND' && !finished) throw error;
    const { whoseItIs } = await import('./elsewhere.ts');
    throw await whoseItIs(context, error, message, { ...how, finished });
  }
}

const isAmiss: ReadonlySet<string> = new Set(['MESSAGE_NOT_FOUND', 'RECEIPT_INVALID']);

/** Of `ack reviewer`, `reply reviewer hello`: what was named is an agent. */
function ofAgent(context: Context, error: DreamosError, agent: string, typed: (id: string) => string): DreamosError {
  const bare = typed('').replace('  ', ' ').trim();
  const own = `If it is you: dreamos ${bare}${context.flagsAs(agent)}`;
  const write = `dreamos send ${agent} "your text"${context.flagsTyped()}`;
  return new DreamosError(error.kind, error.code, `"${agent}" is an agent, and no message.`, {
    hint: bare.startsWith('reply') ? `${own}; to write to it: ${write}` : own,
    cause: error,
  });
}

/** Who acts: a worker that works in others' mailboxes only. */
async function hasNoMailbox(context: Context, { code }: DreamosError): Promise<boolean> {
  const { acting, store } = await context.session();
  return code === 'AGENT_NOT_FOUND' && acting !== undefined && (await store.documents.getAgent(acting)) === undefined;
}

/**
 * The words of `reply`: a single one is the message if it can be one, and else what is answered to the one that is held; so
 * is a text of several words with a `-` behind it.
 * @param elsewhere the body is given otherwise
 * @throws as heldReceipt, and as meantId for the end of several ids
 */
export async function messageAndBody(
  context: Context,
  [first, second, input]: readonly [message: string | undefined, ...body: BodyWords],
  elsewhere: boolean,
): Promise<{ message: string; body: BodyWords }> {
  const isText = first !== undefined && second === '-' && input === undefined && /\s/.test(first);
  if (first !== undefined && !isText && (second !== undefined || elsewhere || (await isMessage(context, first))))
    return { message: first, body: [second, input] };
  const { heldReceipt } = await import('./held.ts');
  const typed = (end: string): string => `reply ${end} "your answer"`;
  try {
    return { message: await heldReceipt(context, await context.session(), typed), body: [first, second] };
  } catch (error) {
    if (!(error instanceof DreamosError) || error.code !== 'MESSAGE_NOT_FOUND') throw error;
    const hint = `${error.hint}; what is acked is answered by its id: dreamos ${typed('<id>')}${context.flagsTyped()}`;
    throw new DreamosError(error.kind, error.code, error.message, { hint, cause: error });
  }
}

async function isMessage(context: Context, word: string): Promise<boolean> {
  if (isId(word) || looksLikeReceipt.test(word)) return true;
  if (!mayEndId(word)) return false;
  try {
    await claimedId(await context.session(), word);
    return true;
  } catch (error) {
    if (!(error instanceof DreamosError) || error.code !== 'MESSAGE_NOT_FOUND') throw error;
    // A mistyped id must not go out as an answer.
    if (!/\d/.test(word) || !/[a-z]/i.test(word)) return false;
    const hint = `If it is your answer: echo ${word} | dreamos reply${context.flagsTyped()}`;
    throw new DreamosError(error.kind, error.code, error.message, { hint, cause: error });
  }
}

// Whatever a storage makes of it; a link or a sentence is none.
const looksLikeReceipt = /^[A-Za-z0-9][\w.-]*:[\w.:-]{20,}$/;
