/** Where it is asked for what is live: `text/event-stream` for who takes it, for all others a line of JSON each. */
import { noteIfDenied } from '../../core/audit/note.ts';
import type { Mount } from '../route/mount.ts';
import { bodyOf } from '../route/pieces.ts';
import { inputOf } from '../route/take.ts';
import { framesFor } from './frames.ts';
import { createMostStreams } from './most-streams.ts';
import { streamed } from './stream.ts';
import { type Watch, watches } from './watches.ts';

function mounted(watch: Watch, countIn: ReturnType<typeof createMostStreams>): Mount {
  const { operation, path } = watch;
  const route = { ...watch, run: () => Promise.resolve(undefined) };
  return {
    method: 'GET',
    path,
    operation,
    run: async (call, { incoming, outgoing, request }) => {
      const frames = framesFor(incoming.headers.accept);
      const head = { 'content-type': frames.type };
      const query = new URL(request.url).searchParams;
      const last = incoming.headers['last-event-id'];
      if (typeof last === 'string' && last !== '' && 'since' in watch.input().shape) query.set('since', last);
      const input = inputOf(route, { query });
      if (incoming.method === 'HEAD') return new Response(null, { headers: head });
      countIn(call.session, outgoing);
      const session = { ...call.session };
      const pieces = await streamed({
        frames,
        clock: session.clock,
        items: (told) =>
          watch.items({ ...call, signal: call.signal, session: { ...session, warn: told.warn } }, input, told),
        itemOf: watch.itemOf,
        failed: (error) => noteIfDenied(session, operation, error),
      });
      return pieces ? new Response(bodyOf(pieces), { headers: head }) : new Response(null, { status: 204 });
    },
  };
}

export function liveMounts(): Mount[] {
  const countIn = createMostStreams();
  return watches.map((watch) => mounted(watch, countIn));
}
