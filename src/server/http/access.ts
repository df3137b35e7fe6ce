/**
 * Who asks, and by what that is known: whoever may open the root's own socket has its files as well, so he is believed who he says
 * he is, as a command is; an agent's socket is opened by nobody but its user, by the kernel; and over TCP there are tokens.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Proved } from '../../core/tokens/tokens.ts';
import { holds, provedBy } from '../../core/tokens/tokens.ts';
import { checkName } from '../../core/root/names.ts';
import type { Session } from '../../core/root/root.ts';
import { sameAgent } from '../../model/agent.ts';
import { asDenied, Refusal } from '../route/refusal.ts';

/** A place where requests come in. */
export type Door =
  { readonly by: 'socket' } | { readonly by: 'agent socket'; readonly agent: () => string } | { readonly by: 'token' };

export interface Asking {
  /** `undefined`: nobody in particular, as a command without `--as`. */
  readonly agent: string | undefined;
  readonly by: Door['by'];
  /** By which he has proved it; it may be revoked while he goes on. */
  readonly token?: Proved;
}

/** Who may ask, as a server goes by it. */
export interface Access {
  /** @throws UNAUTHENTICATED, FORBIDDEN, NAME_INVALID */
  whoAsks(door: Door, headers: IncomingHttpHeaders): Promise<Asking>;
  /** Aborted when his token is revoked or expires. @returns `undefined`: he needs none; and lets go */
  hold(asking: Asking): { readonly signal: AbortSignal | undefined; readonly release: () => void };
}

/** Of a stream that goes on: its token is looked at so often. */
const lookMs = 1000;

/** @param session of the server itself: what it looks up is nobody's doing */
export function createAccess(session: Session): Access {
  const held = new Map<string, { readonly proved: Proved; readonly over: AbortController; count: number }>();
  let timer: NodeJS.Timeout | undefined;
  const look = async (): Promise<void> => {
    for (const [key, one] of held) {
      // A list of tokens that cannot be read lets nobody in, and lets nobody stay.
      if (await holds(session, one.proved).catch(() => false)) continue;
      // Who comes by it later is no part of this: one of those that end now may be there for long.
      if (held.get(key) === one) held.delete(key);
      one.over.abort();
    }
    rest();
  };
  const rest = (): void => {
    if (held.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
  const nothing = { signal: undefined, release: () => undefined };
  return {
    whoAsks: async (door, headers) => {
      if (door.by === 'token') return bearer(session, headers);
      const named = namedIn(headers);
      if (door.by === 'socket') return { agent: named, by: door.by };
      const agent = door.agent();
      if (named !== undefined && !sameAgent(named, agent)) throw another(agent, named, 'This socket is of');
      return { agent, by: door.by };
    },
    hold: ({ token }) => {
      if (!token) return nothing;
      const key = `${token.id} ${token.agent}`;
      let one = held.get(key);
      if (!one) held.set(key, (one = { proved: token, over: new AbortController(), count: 0 }));
      one.count++;
      timer ??= setInterval(() => void look(), lookMs).unref();
      const { over } = one;
      let isHeld = true;
      const release = (): void => {
        if (!isHeld) return;
        isHeld = false;
        if (--one.count === 0 && held.get(key) === one) held.delete(key);
        rest();
      };
      return { signal: over.signal, release };
    },
  };
}

/** @throws NAME_INVALID */
function namedIn(headers: IncomingHttpHeaders): string | undefined {
  const named = headers['dreamos-agent'];
  if (typeof named !== 'string' || named === '') return undefined;
  checkName(named);
  return named;
}

async function bearer(session: Session, headers: IncomingHttpHeaders): Promise<Asking> {
  const [, secret] = /^Bearer +([\w-]{1,256}) *$/i.exec(headers.authorization ?? '') ?? [];
  if (secret === undefined) throw unproved('Over TCP a request has to have a token: Authorization: Bearer <token>.');
  const token = await provedBy(session, secret);
  if (!token) throw unproved('This token is none that holds: it was revoked, has expired, or was never made here.');
  const named = namedIn(headers);
  if (named !== undefined && !sameAgent(named, token.agent)) throw another(token.agent, named, 'This token is of');
  return { agent: token.agent, by: 'token', token };
}

function unproved(message: string): Refusal {
  const challenge = { 'www-authenticate': 'Bearer realm="dreamos"' };
  return new Refusal(
    401,
    ['denied', 'UNAUTHENTICATED'],
    message,
    'To make one: dreamos token create <agent>',
    challenge,
  );
}

function another(agent: string, named: string, whose: string): Refusal {
  // Said by a header, or by a command that knows none.
  const hint = `Come by it as ${agent}, or say nothing of who you are`;
  return new Refusal(403, asDenied, `${whose} ${agent}, and you say that you are ${named}.`, hint);
}
