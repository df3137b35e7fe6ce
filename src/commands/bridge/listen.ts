import { zeromqTopics } from '../../carriers/zeromq/topics.ts';
import { curveKeys, keyOfPeer } from '../../carriers/zeromq/keys.ts';
import { loadZeromq } from '../../carriers/zeromq/package.ts';
import { checkAddress } from '../../carriers/zeromq/socket.ts';
import type { Context } from '../../cli/context.ts';
import { type ListenFlags, printHeard } from '../../cli/events/heard.ts';
import { listenFar } from '../../core/bridge/listen-far.ts';
import { quoteWord } from '../../model/basics/shell-word.ts';
import { absolute, usage } from '../../model/refusals.ts';

export interface ListenFarFlags extends ListenFlags {
  at?: string;
  via?: string;
  key?: string;
}

const example = "dreamos listen 'build.>' --at host-b --via tcp://host-b:5555 --key ~/.config/dreamos/zeromq --as ann";

/** To topics of another root, where `dreamos receive --listen` runs. */
export async function listenFarCommand(
  context: Context,
  patterns: readonly string[],
  { at: peer, via, key, ...flags }: ListenFarFlags,
): Promise<void> {
  if (peer === undefined || via === undefined || key === undefined)
    throw usage(
      'Topics of another root need all three: --at its name, --via its address, --key a file of keys.',
      example,
    );
  if (!/^tcp:\/\//i.test(via)) throw usage('Topics of another root are heard by tcp:// alone.', example);
  checkAddress(via, example);
  const session = await context.session();
  const { acting } = session;
  if (acting === undefined)
    throw usage(`${peer} has to know which agent listens: one whose card there says that it lives here.`, example);
  const zmq = await loadZeromq();
  const keys = await curveKeys(absolute(context.around.cwd(), key, 'SOURCE_NOT_FOUND'), zmq.curveKeyPair);
  const far = keyOfPeer(keys, peer, via);
  const also = ` --at ${quoteWord(peer)} --via ${quoteWord(via)} --key ${quoteWord(key)} --as ${acting}`;
  // Its signal is how it is ended.
  const topics = zeromqTopics(zmq, { address: via, keys, far }, context.signal);
  await printHeard(
    context,
    patterns,
    flags,
    (options) => listenFar(session, topics, patterns, { ...options, as: acting, peer }),
    also,
  );
}
