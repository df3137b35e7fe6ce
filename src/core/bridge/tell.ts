/** Telling other roots what is published to topics of this one: under its policy, to agents who live at them. */
import type { Ask, Tell, Told } from '../../carriers/port.ts';
import type { Heard } from '../../contract/look.ts';
import { type AgentCard, sameAgent } from '../../model/agent.ts';
import { exactJson } from '../../model/basics/raw-json.ts';
import { DreamosError } from '../../model/errors.ts';
import { AgentRenamed } from '../../storage/port/refusals.ts';
import { resolveAgent } from '../agents/agents.ts';
import { isDenied, noteIfDenied } from '../audit/note.ts';
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
/** What was denied and noted is known of so many. */
const mostNoted = 1000;

export function createTell(session: Session): Tell {
  const noted = new Set<string>();
  return {
    ask: (ask, peer) =>
      tell(session, ask, peer).catch(async (error: unknown) => {
        await noteOnce(session, noted, ask.as, peer, error);
        return asTold(error);
      }),
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
  const name = await agentAt(session, as, peer);
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
  const allowed = await admit({ ...session, acting: name }, 'listen', { seen: patterns });
  const { cursor, more } = await listenOnce(allowed, patterns, {
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

/** Whoever asks is not told whether there is an agent who lives elsewhere. @throws FORBIDDEN, NAME_INVALID, AGENT_RENAMED */
async function agentAt(session: Session, as: string, peer: string): Promise<string> {
  const isThere = ({ at }: AgentCard): boolean => at !== undefined && sameAgent(at, peer);
  try {
    const card = await resolveAgent(session, as);
    if (isThere(card)) return card.name;
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    if (error instanceof AgentRenamed) {
      if (isThere(await resolveAgent(session, error.now))) throw error;
    } else if (error.code !== 'AGENT_NOT_FOUND') throw error;
  }
  throw new DreamosError('denied', 'FORBIDDEN', `${as} does not live at ${peer}, which asks in that name.`, {
    hint: `Where it is asked: dreamos agent register ${as} --at ${peer}`,
  });
}

/** Who was denied something asks again, for as long as he is there. @param noted what was, of each peer */
async function noteOnce(session: Session, noted: Set<string>, as: string, peer: string, error: unknown): Promise<void> {
  if (!isDenied(error)) return;
  const about = `${peer} ${error.message}`;
  if (noted.has(about)) return;
  if (noted.size >= mostNoted) noted.clear();
  noted.add(about);
  await noteIfDenied({ ...session, acting: as }, 'listen', error);
}

function asTold(error: unknown): Told {
  if (!(error instanceof DreamosError)) throw error;
  const { code, message: reason, hint } = error;
  return { is: isOfRoot(error) ? 'later' : 'refused', code, reason, ...(hint !== undefined && { hint }) };
}
