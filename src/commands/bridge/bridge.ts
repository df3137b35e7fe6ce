import type { Carrier } from '../../carriers/port.ts';
import type { Context } from '../../cli/context.ts';
import { harmless } from '../../cli/harmless.ts';
import { listAgents } from '../../core/agents/agents.ts';
import { bridge } from '../../core/bridge/bridge.ts';
import type { BridgeTold } from '../../contract/reach.ts';
import { readText } from '../../cli/input/body.ts';
import type { Session } from '../../core/root/root.ts';
import { agentNamePattern, sameAgent } from '../../model/agent.ts';
import { DreamosError } from '../../model/errors.ts';
import { absolute, usage } from '../../model/refusals.ts';

export interface BridgeFlags {
  via?: string;
  name?: string;
  key?: string;
  once?: boolean;
}

export async function bridgeCommand(
  context: Context,
  peer: string,
  { via = '', name, key, once = false }: BridgeFlags,
): Promise<void> {
  const { around, output, signal } = context;
  const session = await context.session();
  const carrier = await carrierFor(context, session, { peer, via, name, key });
  const hurry = new AbortController();
  let reason = '';
  const print = inOneWrite((text) => output.data(text));
  const onTold = async (told: BridgeTold): Promise<void> => {
    if (told.event === 'given_back') reason = told.reason ?? '';
    const isNote = told.event === 'up' || told.event === 'down';
    if (output.json || !isNote) await print(output.lineOf(told, () => textOf(told)));
    else if (told.event === 'up') await output.note(`The way to ${peer} is open: ${harmless(carrier.words)}`);
  };
  // Its signal is how it is ended.
  context.endsBySignal = true;
  const letGo = around.holdExit(() => hurry.abort());
  try {
    const totals = await bridge(session, peer, { carrier, once, signal, hurry: hurry.signal, onTold });
    const { forwarded = 0, refused = 0, received = 0, given_back: back = 0 } = totals;
    await output.note(`Forwarded ${forwarded}, refused there ${refused}, received ${received}, given back ${back}.`);
    if (once && back > 0 && !signal.aborted) throw notNow(peer, back, reason);
    if (once && forwarded + refused + received === 0) await warnOfNobody(context, session, peer);
  } finally {
    letGo();
    await print('');
  }
}

/** What is said in one turn of the event loop, such as of all that was acked together, goes out together. */
function inOneWrite(write: (text: string) => Promise<void>): (text: string) => Promise<void> {
  let waiting = '';
  let going: Promise<void> | undefined;
  const go = (): Promise<void> => {
    const text = waiting;
    waiting = '';
    going = undefined;
    return text === '' ? Promise.resolve() : write(text);
  };
  return (text) => {
    waiting += text;
    return (going ??= new Promise<void>((resolve) => void setImmediate(resolve)).then(go));
  };
}

/** A peer that is misspelt looks as one for whom there is no mail. */
async function warnOfNobody({ output }: Context, session: Session, peer: string): Promise<void> {
  const cards = await listAgents(session);
  const peers = new Map(cards.flatMap(({ at }) => (at === undefined ? [] : [[at.toLowerCase(), at]])));
  if (peers.has(peer.toLowerCase())) return;
  const there =
    peers.size === 0 ? `dreamos agent register <agent> --at ${peer}` : `there are: ${[...peers.values()].join(', ')}`;
  await output.warn(`No agent's card says at ${peer}; ${there}`);
}

interface Way {
  readonly peer: string;
  readonly via: string;
  readonly name: string | undefined;
  readonly key: string | undefined;
}

async function carrierFor(context: Context, session: Session, way: Way): Promise<Carrier> {
  const { via, name, key } = way;
  if (via.trim() === '')
    throw usage('There is no carrier.', `dreamos bridge ${way.peer} --via 'ssh host-b dreamos receive'`);
  const [, scheme] = /^([a-z][a-z0-9+.-]*):\/\//i.exec(via) ?? [];
  const isZeromq = scheme?.toLowerCase() === 'tcp';
  if (key !== undefined && !isZeromq) throw usage('--key is for tcp:// alone.', 'Leave it out.');
  if (name !== undefined && (scheme === undefined || isZeromq))
    throw usage('--name is for brokers alone.', 'Leave it out.');
  if (isZeromq) return zeromqFor(context, way);
  if (scheme === undefined) {
    const { sshCarrier } = await import('../../carriers/ssh/ssh.ts');
    return sshCarrier({ command: via, env: context.around.env, cwd: context.around.cwd() });
  }
  if (/^amqps?$/i.test(scheme)) return amqpFor(context, session, way);
  if (/^(?:nats|tls)$/i.test(scheme)) return natsFor(context, session, way);
  throw usage(`${scheme}:// is no carrier that is known here.`, 'Which there are: dreamos help bridges');
}

async function zeromqFor(context: Context, { peer, via, key }: Way): Promise<Carrier> {
  const example = `dreamos bridge ${peer} --via tcp://host-b:5555 --key ~/.config/dreamos/zeromq`;
  const { checkAddress } = await import('../../carriers/zeromq/socket.ts');
  checkAddress(via, example);
  if (key === undefined) throw usage('Keys say who may connect, so tcp:// needs a file of them: --key.', example);
  const { loadZeromq } = await import('../../carriers/zeromq/package.ts');
  const zmq = await loadZeromq();
  const { curveKeys, keyOfPeer } = await import('../../carriers/zeromq/keys.ts');
  const keys = await curveKeys(absolute(context.around.cwd(), key, 'SOURCE_NOT_FOUND'), zmq.curveKeyPair);
  const { zeromqCarrier } = await import('../../carriers/zeromq/zeromq.ts');
  return zeromqCarrier(zmq, { address: via, keys, far: keyOfPeer(keys, peer, via) });
}

async function amqpFor(context: Context, session: Session, way: Way): Promise<Carrier> {
  const broker = await brokerOf(way, {
    file: 'DREAMOS_AMQP_PASSWORD_FILE=~/.config/dreamos/amqp',
    examples: 'amqp://user@host:5672/vhost; of a cluster: amqp://user@one,two,three/vhost',
  });
  const { amqpCarrier } = await import('../../carriers/amqp/amqp.ts');
  const password = await secretOf(context, 'DREAMOS_AMQP_PASSWORD');
  const { urls, user = 'guest', peer, own } = broker;
  return amqpCarrier({ urls, user, password: password ?? 'guest', peer, own, warn: (text) => session.warn(text) });
}

async function natsFor(context: Context, session: Session, way: Way): Promise<Carrier> {
  const { url, ...broker } = await brokerOf(way, {
    file: 'DREAMOS_NATS_PASSWORD_FILE=~/.config/dreamos/nats',
    examples: 'nats://user@host:4222/stream; of a cluster: nats://user@one,two,three/stream',
  });
  const { streamPattern } = await import('../../carriers/nats/stream.ts');
  const stream = url.pathname.replace(/^\//, '') || 'dreamos';
  if (!streamPattern.test(stream))
    throw usage(
      `${JSON.stringify(stream)} cannot be the name of a stream.`,
      'Letters, digits, - and _, 64 at most: nats://host:4222/team',
    );
  const { loadNats } = await import('../../carriers/nats/package.ts');
  const nats = await loadNats();
  const { natsCarrier } = await import('../../carriers/nats/nats.ts');
  const { urls, user, peer, own } = broker;
  const creds = await fileOf(context, 'DREAMOS_NATS_CREDS_FILE');
  const login = {
    user,
    password: await secretOf(context, 'DREAMOS_NATS_PASSWORD'),
    creds: creds === undefined ? undefined : Buffer.from(creds),
  };
  return natsCarrier(nats, { urls, login, stream, peer, own, warn: (text) => session.warn(text) });
}

interface Broker {
  readonly urls: readonly URL[];
  readonly url: URL;
  readonly user: string | undefined;
  readonly peer: string;
  readonly own: string;
}

/** @param how where a password belongs, and how an address is written */
async function brokerOf({ peer, via, name }: Way, how: { file: string; examples: string }): Promise<Broker> {
  const { brokersIn } = await import('../../carriers/brokers.ts');
  const urls = brokersIn(via);
  const [url] = urls ?? [];
  if (!urls || !url) throw usage('The address names no broker.', `Write it as ${how.examples}`);
  if (url.password !== '')
    throw usage(
      'A password in an address is seen by every user of the machine.',
      `Leave it out there, and put it into a file: ${how.file} dreamos bridge …`,
    );
  // The machine's own would be that of another root on it, too, and each would take the other's mail.
  if (name === undefined)
    throw usage(
      'A broker has to know what the other roots call this one.',
      'The same with where the cards of its agents say there that they live: --name host-a',
    );
  if (!agentNamePattern.test(name) || sameAgent(name, peer))
    throw usage(
      `${JSON.stringify(name)} cannot be what this root is called${sameAgent(name, peer) ? ': that is its peer' : ''}.`,
      'It is what the cards of its agents say there in `at`: --name host-a',
    );
  return { urls, url, user: url.username === '' ? undefined : decodeURIComponent(url.username), peer, own: name };
}

/** Never in the words of a command, which every user of the machine sees. */
async function secretOf(context: Context, variable: string): Promise<string | undefined> {
  const text = await fileOf(context, `${variable}_FILE`);
  return text === undefined ? context.around.env[variable] : text.replace(/\r?\n$/, '');
}

/** What is in the file that a variable names. */
async function fileOf(context: Context, variable: string): Promise<string | undefined> {
  const file = context.around.env[variable];
  if (file === undefined || file === '') return undefined;
  return readText(await context.openFile(file), file, context.signal);
}

function textOf({ event, id = '', mailbox = '', again, code, reason }: BridgeTold): string {
  const why = reason === undefined ? '' : `: ${code === undefined ? '' : `${code}: `}${reason}`;
  return harmless(`${id} ${mailbox} ${event}${again ? ' (it was there already)' : ''}${why}`);
}

function notNow(peer: string, count: number, reason: string): DreamosError {
  const what = count === 1 ? 'A message was' : `${count} messages were`;
  return new DreamosError(
    'unreachable',
    'PEER_UNREACHABLE',
    `${what} given back, because ${peer} cannot take it now: ${reason}.`,
    {
      hint: 'They are still here; the same again tries again',
    },
  );
}
