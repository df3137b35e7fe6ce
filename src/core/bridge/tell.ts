/** Telling other roots what is published to topics of this one: under its policy, to agents who live at them. */
import type { Ask, Tell, Told } from '../../carriers/port.ts';
import type { Heard } from '../../contract/look.ts';
import { sameAgent } from '../../model/agent.ts';
import { exactJson } from '../../model/basics/raw-json.ts';
import { DreamosError } from '../../model/errors.ts';
import { resolveAgent } from '../agents/agents.ts';
import { listenOnce } from '../follow/listen.ts';
import { admit } from '../root/operation.ts';
import type { Session } from '../root/root.ts';
import { lookAgainMs } from '../wait/bell.ts';
import { finishSendsOrWarn } from '../wait/due.ts';
import { isOfRoot } from './refusals.ts';

const mostTogether = 256;
const bytesTogether = 1024 * 1024;
/** What senders that have died left is looked for so often while somebody listens. */
const finishMs = 5000;

export function createTell(session: Session): Tell {
  return {
    ask: (ask, peer) => tell(session, ask, peer).catch(asTold),
    watch: async (ring) => {
      const wake = await session.store.journal.watch({ topics: ['>'] }, ring);
      const looks = wake.degraded === undefined ? undefined : setInterval(ring, lookAgainMs);
      const finishes = setInterval(() => void finishSendsOrWarn(session).catch(() => undefined), finishMs);
      return async () => {
        clearInterval(looks);
        clearInterval(finishes);
        await wake.close();
      };
    },
  };
}

async function tell(session: Session, { as, patterns, since, from, most }: Ask, peer: string): Promise<Told> {
  const { name, at } = await resolveAgent(session, as);
  if (at === undefined || !sameAgent(at, peer)) throw elsewhere(name, peer);
  const warnings: string[] = [];
  const lines: string[] = [];
  let bytes = 0;
  const isFull = (heard: Heard): boolean => {
    const line = lineOf(heard);
    if (line === undefined) warnings.push(`${heard.message.id} cannot be written in JSON and is passed over.`);
    else lines.push(line);
    bytes += line?.length ?? 0;
    return lines.length >= Math.min(most, mostTogether) || bytes >= bytesTogether;
  };
  const { cursor, more } = await listenOnce(await admit({ ...session, acting: name }, 'listen'), patterns, {
    since,
    ...(from !== undefined && { from }),
    ...(most > 0 && { isFull }),
    onWarning: (warning) => warnings.push(warning),
  });
  return { is: 'heard', messages: lines, cursor, more, warnings };
}

/** `undefined`: it is nested deeper than the stack goes, or longer than a string may be. */
function lineOf(heard: Heard): string | undefined {
  try {
    return exactJson(heard);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function elsewhere(name: string, peer: string): DreamosError {
  return new DreamosError('denied', 'FORBIDDEN', `${name} does not live at ${peer}, which asks in that name.`, {
    hint: `Where it is asked: dreamos agent register ${name} --at ${peer}`,
  });
}

function asTold(error: unknown): Told {
  if (!(error instanceof DreamosError)) throw error;
  const { code, message: reason, hint } = error;
  return { is: isOfRoot(error) ? 'later' : 'refused', code, reason, ...(hint !== undefined && { hint }) };
}
